// SPDX-License-Identifier: Apache-2.0
// conf.d/90-observe-SERVICE.yaml: late in the order, so that it holds over what is written by hand.
#include "service/observing.h"

#include "base/file.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr Time day = 86400, usual_days = 14, most_days = 90;
constexpr std::string_view first_line = "# Written by utmfa-admin service enable --observe; disable takes it away.\n";
constexpr std::size_t longest = 4096;

std::string name_of(const std::string& service) { return "90-observe-" + service + ".yaml"; }

}  // namespace

std::string observing_path(const Options& options, const std::string& service) {
  return config_directory(options.config) + "/" + name_of(service);
}

Result<std::string> observed_until(const std::string& asked, Time now) {
  const std::string date = asked.empty() ? date_text(now + usual_days * day) : asked;
  const auto end = end_of_date(date);
  if (!end || *end <= now || *end > now + (most_days + 1) * day)
    return Error{Code::refused, say("--until: a date within the next {0} days is expected, like {1}",
                                    {std::to_string(most_days), date_text(now + usual_days * day)})};
  return date;
}

Status begin_observing(const Options& options, const std::string& service, const std::string& date) {
  const std::string directory = config_directory(options.config);
  if (Status made = make_directory(directory, 0755); !made) return made;
  const Result<Descriptor> opened = open_directory(directory, Privacy::open);
  if (!opened) return opened.error();
  const std::string text = std::string(first_line) + "services:\n  " + service + ": {observe-until: " + date + "}\n";
  return replace_file(opened->get(), name_of(service), observing_path(options, service), text, 0644);
}

Status end_observing(const Options& options, const std::string& service) {
  const std::string path = observing_path(options, service), name = name_of(service);
  const Result<Descriptor> directory = open_directory(config_directory(options.config), Privacy::open);
  if (!directory) return directory.error().code == Code::not_found ? Status(Done{}) : Status(directory.error());
  const Result<Descriptor> file = open_file(directory->get(), name, path, Privacy::open, Access::read);
  if (!file) return file.error().code == Code::not_found ? Status(Done{}) : Status(file.error());
  const Result<std::string> text = contents(file->get(), path, longest);
  if (!text || text->substr(0, first_line.size()) != first_line) return Done{};
  return remove_file(directory->get(), name, path);
}

}  // namespace utmfa

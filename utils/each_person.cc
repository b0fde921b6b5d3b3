// SPDX-License-Identifier: Apache-2.0
// The list is read to its end before anything is done.
#include "each_person.h"

#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "base/file.h"
#include "base/text.h"
#include "import_source.h"
#include "in_words.h"
#include "json.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_list = 64 << 20, longest_name = 255;

// The list has used standard input up: the answer comes from the terminal itself.
Status ask_on_terminal(const std::string& question) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal || dup2(terminal.get(), STDIN_FILENO) < 0)
    return Error{Code::refused, say("there is no terminal to ask at: --yes does it without asking")};
  return ask_yes(question);
}

struct Tally {
  int done = 0, refused = 0, failed = 0;
  Json json = Json::array();
};

void tell(Tally& tally, const AdminOptions& options, const std::string& user, const Result<Outcomes>& outcome) {
  if (outcome) {
    ++tally.done;
    Json json{{"user", user}, {"done", true}};
    if (outcome->json.is_object()) json.update(outcome->json);
    tally.json.push_back(std::move(json));
    if (options.common.format == Format::text)
      show(cleaned(user, longest_name) + "  " + (outcome->words.empty() ? say("done") : outcome->words));
    return;
  }
  const Code code = outcome.error().code;
  const bool no = code == Code::refused || code == Code::not_found || code == Code::invalid || code == Code::conflict;
  ++(no ? tally.refused : tally.failed);
  const std::string reason = cleaned(say(outcome.error().what), 1000);
  tally.json.push_back(Json{{"user", user}, {"done", false}, {"reason", reason}});
  if (options.common.format == Format::text)
    show(cleaned(user, longest_name) + "  " + say("not done: {0}", {in_words(reason)}));
}

}  // namespace

Result<std::vector<std::string>> names_on_stdin() {
  const Result<Secret> text = read_named("-", longest_list);
  if (!text) return text.error();
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  int line = 0;
  for (const std::string_view each : split(text->view(), '\n')) {
    ++line;
    const std::string_view name = trimmed(each);
    if (name.empty() || name[0] == '#') continue;
    if (name.size() > longest_name || cleaned(name, longest_name) != name)
      return Error{Code::invalid, say("standard input, line {0}: not the name of a person", {std::to_string(line)})};
    if (seen.emplace(name).second) names.emplace_back(name);
  }
  if (names.empty()) return Error{Code::refused, say("standard input names nobody")};
  return names;
}

Status on_everybody(const AdminOptions& options, const PeopleAct& act) {
  const Result<std::vector<std::string>> names = names_on_stdin();
  if (!names) return names.error();
  if (!act.question.empty() && !options.yes) {
    const Status sure = ask_on_terminal(filled(act.question, {std::to_string(names->size())}));
    if (!sure) return sure;
  }
  Tally tally;
  for (const std::string& written : *names) {
    if (interrupted()) {
      ++tally.failed;
      complain(say("stopped"));
      break;
    }
    const Result<std::string> name = known_name(options.common, written);
    tell(tally, options, name ? *name : written, name ? act.act(*name) : Result<Outcomes>(name.error()));
  }
  if (options.common.format == Format::json) {
    if (Status printed = print(tally.json); !printed) return printed;
  } else {
    show(say("{0} done, {1} refused, {2} failed",
             {std::to_string(tally.done), std::to_string(tally.refused), std::to_string(tally.failed)}));
  }
  if (tally.failed > 0) return Error{Code::unavailable, say("not everything could be done")};
  if (tally.refused > 0) return Error{Code::refused, say("not everything was done")};
  return Done{};
}

}  // namespace utmfa

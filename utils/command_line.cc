// SPDX-License-Identifier: Apache-2.0
// The library's exceptions end here. Unknown words, missing values and unknown verbs are usage: exit status 2.
#include "command_line.h"

#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

// The value of an option that must be known before the rest is read.
std::string value_of(std::string_view option, int count, char** words) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--") break;
    if (word == option && i + 1 < count) return words[i + 1];
    if (word.size() > option.size() && word.substr(0, option.size()) == option && word[option.size()] == '=')
      return std::string(word.substr(option.size() + 1));
  }
  return {};
}

}  // namespace

void speak_as_asked(int count, char** words) {
  open_catalogues(value_of("--locale-dir", count, words));
  speak(value_of("--language", count, words));
}

void add_common_options(CLI::App& app, Options& options) {
  app.fallthrough();
  app.set_version_flag("--version", UTMFA_VERSION, say("print the version and end"));
  app.set_help_flag("-h,--help", say("print this help and end"));
  app.add_flag_callback(
      "--json", [&options] { options.format = Format::json; }, say("print JSON"));
  app.add_option("--language", options.language, say("language of the texts: en or ja"));
  app.add_option("--config", options.config, say("configuration file"))->capture_default_str();
  app.add_option("--data-dir", options.data, say("directory of the registrations"))->capture_default_str();
  app.add_option("--keys-dir", options.keys, say("directory of the sealing keys"))->capture_default_str();
  app.add_option("--run-dir", options.run, say("directory of the verifier's sockets"))->capture_default_str();
  app.add_option("--pam-dir", options.pam, say("directory of PAM services, instead of the system's"));
  app.add_option("--locale-dir", options.locale, say("directory of the message catalogues"));
}

std::string examples(std::initializer_list<std::string_view> lines) {
  std::string text = say("Examples:");
  for (const std::string_view line : lines) text.append("\n  ").append(line);
  return text + "\n" + say("Exit status: 0 done, 1 refused, 2 wrong usage, 3 could not be done now.");
}

int run(CLI::App& app, int count, char** words, const std::function<Status()>& act) {
  catch_interrupts();
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  try {
    return exit_status(app.get_name(), act());
  } catch (const std::exception& error) {
    return exit_status(app.get_name(), Error{Code::internal, error.what()});
  }
}

}  // namespace utmfa

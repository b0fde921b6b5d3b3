// SPDX-License-Identifier: Apache-2.0
// The library's exceptions end here. Unknown words, missing values and unknown verbs are usage: exit status 2.
#include "command_line.h"

#include <iostream>
#include <string_view>

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

// The heading that the library gives to options by itself.
class Layout : public CLI::Formatter {
 public:
  std::string make_group(std::string group, bool positional, std::vector<const CLI::Option*> options) const override {
    return CLI::Formatter::make_group(group == "Options" ? say("Options") : group, positional, std::move(options));
  }
};

// The library's own words, in the person's language.
void name_parts(CLI::App& app) {
  const auto layout = std::make_shared<Layout>();
  app.formatter(layout);
  layout->label("Usage", say("Usage"));
  layout->label("OPTIONS", say("OPTIONS"));
  layout->label("SUBCOMMAND", say("VERB"));
  layout->label("SUBCOMMANDS", say("VERB"));
  layout->label("Positionals", say("What it is about"));
  layout->label("REQUIRED", say("(needed)"));
  layout->label("TEXT", say("TEXT"));
  layout->label("INT", say("NUMBER"));
  layout->label("Excludes", say("not with"));
  app.group(say("Verbs"));
}

std::string_view behind(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  return at == text.npos ? std::string_view() : text.substr(at + words.size());
}

std::string_view before(std::string_view text, std::string_view words) { return text.substr(0, text.find(words)); }

// What is wrong with a command line. What the library says beyond this is about its own use, and stays as it is.
std::string usage_words(const CLI::ParseError& error) {
  const std::string_view said = error.what();
  const std::string_view name = before(said, ":");
  if (said == "A subcommand is required") return say("Say what is to be done: a verb is missing.");
  if (const std::string_view extra = behind(said, "not expected: "); !extra.empty())
    return say("Not understood: {0}", {extra});
  if (const std::string_view other = behind(said, " excludes "); !other.empty())
    return say("{0} and {1} do not go together.", {before(said, " excludes "), other});
  if (const std::string_view known = behind(said, " not in "); !known.empty())
    return say("{0} is none of {1}", {before(said, " not in "), known});
  if (said.ends_with(" is required")) return say("{0} is missing.", {before(said, " is required")});
  if (const std::string_view other = behind(said, " requires "); !other.empty())
    return say("{0} goes with {1} only.", {before(said, " requires "), other});
  if (said.ends_with(" missing")) return say("{0}: a value is missing.", {name});
  return std::string(said);
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  std::cerr << usage_words(error) << "\n" << say("What there is: {0}", {app.get_name() + " --help"}) << "\n";
  return exit_usage;
}

}  // namespace

void speak_as_asked(int count, char** words) {
  open_catalogues(value_of("--locale-dir", count, words));
  speak(value_of("--language", count, words));
}

void add_common_options(CLI::App& app, Options& options) {
  app.fallthrough();
  name_parts(app);
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
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) return wrong_usage(app, error);
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  try {
    return exit_status(app.get_name(), act());
  } catch (const std::exception& error) {
    return exit_status(app.get_name(), Error{Code::internal, error.what()});
  }
}

}  // namespace utmfa

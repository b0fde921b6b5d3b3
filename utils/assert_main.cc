// SPDX-License-Identifier: Apache-2.0
// utmfa-assert: at the person's own computer, where the security key is, while the sign-in is somewhere else over ssh. A
// challenge is pasted here, the key is touched, and one line comes out that is pasted there. Only that line goes to
// standard output. Needs no verifier, no configuration and no rights.
#include <unistd.h>

#include <cerrno>

#include "assert_key.h"
#include "base/text.h"
#include "command_line.h"
#include "security_key.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

enum class Act { answer, print_for_fido2_assert, make };

class CommandLine {
 public:
  CommandLine() : app_(say("Answer with your security key a sign-in at another machine."), "utmfa-assert") {
    app_.set_version_flag("--version", UTMFA_VERSION, say("print the version and end"));
    app_.set_help_flag("-h,--help", say("print this help and end"));
    app_.add_option("--language", language_, say("language of the texts: en or ja"));
    app_.add_option("--locale-dir", locale_, say("directory of the message catalogues"));
    app_.add_option("CHALLENGE", words_,
                    say("what the sign-in shows (default: asked for, or read from standard input)"));
    auto* make = app_.add_flag_callback(
        "--register", [this] { act_ = Act::make; }, say("make a key to be registered there; prints the line for it"));
    app_.add_flag_callback(
            "--fido2", [this] { act_ = Act::print_for_fido2_assert; }, say("only print what fido2-assert -G wants"))
        ->excludes(make);
    app_.add_option("--type", type_, say("signature algorithm of a new key"))
        ->needs(make)
        ->check(CLI::IsMember({"es256", "eddsa", "rs256"}))
        ->capture_default_str();
    app_.add_option("--rp", rp_, say("relying party of a new key, where the administrator chose another"))
        ->needs(make)
        ->capture_default_str();
    app_.add_option("--wait", wait_, say("seconds to wait for a touch"))
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
    app_.footer(examples({"utmfa-assert u1:Q2gABGxhYjF1AAR0YXJv...", "utmfa-assert --register"}));
  }

  int main(int count, char** words) {
    return run(app_, count, words, [this] { return act(); });
  }

 private:
  Result<std::string> challenge_text() {
    std::string joined;
    for (const std::string& each : words_) joined += each;
    if (!joined.empty()) return joined;
    if (isatty(STDIN_FILENO) != 0) return ask_text(say("Challenge: "));
    return piped();
  }

  static Result<std::string> piped() {
    std::string text(2 * longest_key_challenge, '\0');
    std::size_t size = 0;
    for (;;) {
      const ssize_t got = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
      if (got < 0 && errno == EINTR && !interrupted()) continue;
      if (got < 0) return os_error("standard input", "cannot be read");
      size += static_cast<std::size_t>(got);
      if (got == 0 || size == text.size()) return text.substr(0, size);
    }
  }

  Result<KeyChallenge> challenge() {
    const Result<std::string> text = challenge_text();
    if (!text) return text.error();
    Result<KeyChallenge> read = parse_challenge(*text);
    if (read) return read;
    return Error{Code::invalid,
                 say("this is not a whole challenge: copy all of it, from u1: to its end ({0})", {read.error().what})};
  }

  Status act() {
    wait_at_most(std::chrono::seconds(wait_));
    if (act_ == Act::make) return made();
    const Result<KeyChallenge> asked = challenge();
    if (!asked) return asked.error();
    if (act_ == Act::answer) return answer(*asked);
    show(trimmed(for_fido2_assert(*asked)));
    return Done{};
  }

  static Status answer(const KeyChallenge& asked) {
    complain(say("Sign-in to {0} as {1} ({2}). If you did not begin it, press Ctrl-C.",
                 {asked.host, asked.user, asked.service}));
    return told(answered(asked), say("Paste this line where you sign in:"));
  }

  Status made() {
    const KeyAlgorithm algorithm = type_ == "rs256"   ? KeyAlgorithm::rs256
                                   : type_ == "eddsa" ? KeyAlgorithm::eddsa
                                                      : KeyAlgorithm::es256;
    return told(registered_key(rp_, algorithm), say("Paste this line where you register the key:"));
  }

  static Status told(const Result<std::string>& line, const std::string& what_for) {
    if (!line) return line.error();
    if (isatty(STDOUT_FILENO) != 0) complain(what_for);
    show(*line);
    return Done{};
  }

  Act act_ = Act::answer;
  std::string language_, locale_, type_ = "es256", rp_ = "utmfa";
  std::vector<std::string> words_;
  int wait_ = 60;
  CLI::App app_;
};

}  // namespace
}  // namespace utmfa

int main(int count, char** words) {
  utmfa::speak_as_asked(count, words);
  return utmfa::CommandLine().main(count, words);
}

// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll: registers a person's methods. This file is its command line; the acts are in setup/. A secret from
// outside comes from a file or standard input, never from the command line, where every user could read it.
#include <fcntl.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "command_line.h"
#include "enroll.h"
#include "factors/factor.h"
#include "phone_number.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_secret_file = 4096, longest_key_file = 4096;

// What reads as hexadecimal is that: a base32 secret of 26 letters is all of A-F and 2-7 once in a hundred thousand
// million.
Result<Secret> decoded(std::string_view text) {
  if (text.empty()) return Error{Code::invalid, say("the secret is empty")};
  if (Result<Secret> read = from_hex(text); read) return read;
  if (Result<Secret> read = from_base32(text); read) return read;
  return Error{Code::invalid, say("the secret is neither base32 nor hexadecimal")};
}

Result<Secret> secret_from(const std::string& path) {
  if (path == "-") {
    const Result<Secret> line = ask(isatty(STDIN_FILENO) != 0 ? say("Secret of the token: ") : "", Echo::hidden);
    if (!line) return line.error();
    return decoded(trimmed(line->view()));
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return os_error(path, "cannot be opened");
  Result<std::string> text = contents(file.get(), path, longest_secret_file);
  if (!text) return text.error();
  Result<Secret> secret = decoded(trimmed(*text));
  wipe(*text);
  return secret;
}

Result<Secret> code_from(const std::string& word) {
  if (word != "-") return Secret(word);
  return ask(isatty(STDIN_FILENO) != 0 ? say("Code: ") : "", Echo::shown);
}

class CommandLine {
 public:
  CommandLine() : app_(say("Register, test and apply for the second confirmation at sign-in."), "utmfa-enroll") {
    add_common_options(app_, options_.common);
    app_.add_option("--user", options_.user, say("whom to register (default: yourself)"));
    app_.add_flag_callback(
        "--no-qr", [this] { options_.picture = Picture::left_out; },
        say("draw no QR code: the secret is shown as text in any case"));
    app_.require_subcommand(0, 1);
    add_verbs();
    change_verbs();
    // Last, because verbs would take it over: the examples of the whole below the help of each.
    app_.footer(examples({"utmfa-enroll --user taro", "utmfa-enroll --user taro add totp --label iPhone --json",
                          "utmfa-enroll --user taro confirm app-1 -", "utmfa-enroll --user taro test app-1",
                          "utmfa-enroll --user taro apply"}));
  }

  int main(int count, char** words) {
    return run(app_, count, words, [this] { return act(); });
  }

 private:
  CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& what, const char* act) {
    CLI::App* added = parent.add_subcommand(name, what);
    added->callback([this, act] { options_.request.act = act; });
    return added;
  }

  CLI::Option* choice(CLI::App* app, const std::string& name, std::string& value, const std::string& what,
                      std::vector<std::string> choices) {
    return app->add_option(name, value, what)->check(CLI::IsMember(std::move(choices)));
  }

  void code_options(CLI::App* app) {
    app->add_option("--label", options_.request.label, say("the person's own name for it"));
    choice(app, "--digits", options_.request.digits, say("digits of a code"), {"6", "7", "8"});
    choice(app, "--period", options_.request.period, say("seconds that a code is shown"), {"30", "60"});
    choice(app, "--algorithm", options_.request.algorithm, say("algorithm of the codes"), {"sha1", "sha256", "sha512"});
  }

  void add_verbs() {
    CLI::App* add = app_.add_subcommand("add", say("register a method"));
    add->require_subcommand(1);
    code_options(verb(*add, "totp", say("authenticator app; shows QR code and secret once"), "add-totp"));
    CLI::App* token = verb(*add, "token", say("hardware token with a known secret"), "add-token");
    code_options(token);
    token
        ->add_option("--secret-file", options_.secret_file,
                     say("file with the secret in base32 or hexadecimal; - reads standard input"))
        ->required();
    token_kinds(*token);
    token->add_option("--serial", options_.request.serial, say("serial number of the token"));
    token->add_option("--counter", options_.request.counter, say("counter of its next code"));
    CLI::App* sheet = verb(*add, "recovery", say("recovery sheet of ten codes; shows them once"), "add-recovery");
    sheet->add_option("--label", options_.request.label, say("the person's own name for it"));
    phone_verbs(*add);
    key_verb(*add);
    CLI::App* proof = verb(app_, "confirm", say("prove the first code of a method"), "confirm");
    proof->add_option("METHOD", options_.request.method, say("for example app-1"))->required();
    proof->add_option("CODE", options_.code, say("the code; - reads it from standard input"))->required();
  }

  // One of them at most.
  void token_kinds(CLI::App& token) {
    std::vector<CLI::Option*> kinds;
    for (const Factor& factor : factors()) {
      if (factor.token.empty()) continue;
      CLI::Option* kind = token.add_flag_callback(
          "--" + std::string(factor.kind), [this, &factor] { options_.request.kind = factor.kind; }, say(factor.token));
      for (CLI::Option* other : kinds) kind->excludes(other);
      kinds.push_back(kind);
    }
  }

  void key_verb(CLI::App& add) {
    CLI::App* key = verb(add, "fido", say("security key: the one in this machine, or as the options say"), "add-fido");
    key->add_option("--label", options_.request.label, say("the person's own name for it"));
    CLI::Option* file = key->add_option("--ssh-key", options_.ssh_key_file,
                                        say("public key file of an ssh key that lives in a security key"));
    key->add_option("--line", options_.line,
                    say("line that utmfa-assert printed for registering; - reads standard input"))
        ->excludes(file);
  }

  void phone_verbs(CLI::App& add) {
    Request& request = options_.request;
    CLI::App* phone = verb(add, "phone", say("telephone: a code by SMS or by call"), "add-phone");
    phone->add_option("NUMBER", request.number, say("as it is dialled, or with + and the country code"))->required();
    choice(phone, "--slot", request.slot, say("which phone it is (default: mobile)"),
           {"mobile", "alternate", "office"});
    phone->add_option("--extension", request.extension, say("of an office phone"));
    choice(phone, "--prefer", request.prefer, say("what is offered first (default: sms)"), {"sms", "voice"});
    phone->add_option("--label", request.label, say("the person's own name for it"));
    CLI::App* push = verb(add, "push", say("app that asks: a number is typed there"), "add-push");
    push->add_option("DEVICE", request.device, say("what the gateway knows the app by"))->required();
    push->add_option("--label", request.label, say("the person's own name for it"));
    CLI::App* changed = verb(app_, "change-number", say("give a phone another number"), "change-number");
    method(changed);
    changed->add_option("NUMBER", request.number, say("the new number"))->required();
  }

  void change_verbs() {
    verb(app_, "test", say("try a method by a real sign-in"), "test")
        ->add_option("METHOD", options_.request.method, say("asked first (default: the default method)"));
    verb(app_, "apply", say("from now on ask at every sign-in"), "apply");
    verb(app_, "list", say("show the methods"), "list");
    method(verb(app_, "default", say("ask for this method first"), "default"));
    verb(app_, "order", say("put the methods in this order"), "order")
        ->add_option("METHOD", options_.request.methods, say("every method once"))
        ->required();
    CLI::App* renamed = verb(app_, "rename", say("give a method another name"), "rename");
    method(renamed);
    renamed->add_option("LABEL", options_.request.label, say("the new name"))->required();
    CLI::App* removed = verb(app_, "remove", say("take a method away"), "remove");
    method(removed);
    removed->add_flag_callback(
        "--yes", [this] { options_.request.sure = Consent::given; }, say("do not ask"));
  }

  void method(CLI::App* app) {
    app->add_option("METHOD", options_.request.method, say("for example app-1"))->required();
  }

  Status read_secrets() {
    if (!options_.secret_file.empty()) {
      Result<Secret> secret = secret_from(options_.secret_file);
      if (!secret) return secret.error();
      options_.request.secret = std::move(*secret);
    }
    if (Status read = read_key(); !read) return read;
    if (options_.code.empty()) return Done{};
    Result<Secret> code = code_from(options_.code);
    if (!code) return code.error();
    options_.request.code = std::move(*code);
    return Done{};
  }

  Status read_key() {
    options_.request.line = options_.line;
    if (options_.line == "-") {
      const Result<Secret> line =
          ask(isatty(STDIN_FILENO) != 0 ? say("Line of utmfa-assert --register: ") : "", Echo::shown);
      if (!line) return line.error();
      options_.request.line = trimmed(line->view());
    }
    if (options_.ssh_key_file.empty()) return Done{};
    const Descriptor file(::open(options_.ssh_key_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return os_error(options_.ssh_key_file, "cannot be opened");
    Result<std::string> text = contents(file.get(), options_.ssh_key_file, longest_key_file);
    if (!text) return text.error();
    options_.request.ssh_key = std::move(*text);
    return Done{};
  }

  // A number is made one of E.164 here, so that what parses numbers is never in the verifier.
  Status read_number() {
    std::string& number = options_.request.number;
    if (number.empty()) return Done{};
    const Result<Config> config = load_config(options_.common.config, kind_names());
    if (!config) return Error{Code::unavailable, config.error().what};
    Result<std::string> read = telephone_number(number, config->region);
    if (!read) return read.error();
    number = std::move(*read);
    return Done{};
  }

  // Root, and whoever has directories of his own, needs nobody; everybody else asks the verifier.
  Status act() {
    if (Status read = read_secrets(); !read) return read;
    if (Status read = read_number(); !read) return read;
    if (options_.common.format == Format::json) options_.request.form = Format::json;
    if (geteuid() == 0 || options_.common.data != default_data) return enroll_here(options_);
    if (options_.request.form == Format::text) options_.request.proving = Request::Proving::at_once;
    return enroll_by_verifier(options_);
  }

  EnrollOptions options_;
  CLI::App app_;
};

}  // namespace
}  // namespace utmfa

int main(int count, char** words) {
  utmfa::speak_as_asked(count, words);
  return utmfa::CommandLine().main(count, words);
}

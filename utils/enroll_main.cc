// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll: registers a person's methods. This file is its command line; the verbs are in enroll_*.cc.
#include "command_line.h"
#include "enroll.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

using Verb = Status (*)(Desk&, const EnrollOptions&);

class CommandLine {
 public:
  CommandLine() : app_(say("Register, test and apply for the second confirmation at sign-in."), "utmfa-enroll") {
    add_common_options(app_, options_.common);
    app_.add_option("--user", options_.user, say("whom to register (default: yourself)"));
    app_.require_subcommand(0, 1);
    app_.footer(examples({"utmfa-enroll --user taro", "utmfa-enroll --user taro add totp --label iPhone --json",
                          "utmfa-enroll --user taro confirm app-1 -", "utmfa-enroll --user taro test app-1",
                          "utmfa-enroll --user taro apply"}));
    add_verbs();
    change_verbs();
  }

  int main(int count, char** words) {
    return run(app_, count, words, [this] { return act(); });
  }

 private:
  CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& what, Verb chosen) {
    CLI::App* added = parent.add_subcommand(name, what);
    added->callback([this, chosen] { verb_ = chosen; });
    return added;
  }

  CLI::Option* choice(CLI::App* app, const std::string& name, std::string& value, const std::string& what,
                      std::vector<std::string> choices) {
    return app->add_option(name, value, what)->check(CLI::IsMember(std::move(choices)));
  }

  void code_options(CLI::App* app) {
    app->add_option("--label", options_.label, say("the person's own name for it"));
    choice(app, "--digits", options_.digits, say("digits of a code"), {"6", "7", "8"});
    choice(app, "--period", options_.period, say("seconds that a code is shown"), {"30", "60"});
    choice(app, "--algorithm", options_.algorithm, say("algorithm of the codes"), {"sha1", "sha256", "sha512"});
  }

  void add_verbs() {
    CLI::App* add = app_.add_subcommand("add", say("register a method"));
    add->require_subcommand(1);
    code_options(verb(*add, "totp", say("authenticator app; shows QR code and secret once"), add_app));
    CLI::App* token = verb(*add, "token", say("hardware token with a known secret"), add_token);
    code_options(token);
    token
        ->add_option("--secret-file", options_.secret_file,
                     say("file with the secret in base32 or hexadecimal; - reads standard input"))
        ->required();
    const auto kind = [this](const char* name) { return [this, name] { options_.kind = name; }; };
    CLI::Option* by_time = token->add_flag_callback("--totp", kind("totp"), say("its codes go by the time"));
    token->add_flag_callback("--hotp", kind("hotp"), say("its codes go by a counter (the usual)"))->excludes(by_time);
    token->add_option("--serial", options_.serial, say("serial number of the token"));
    token->add_option("--counter", options_.counter, say("counter of its next code"));
    CLI::App* sheet = verb(*add, "recovery", say("recovery sheet of ten codes; shows them once"), add_recovery);
    sheet->add_option("--label", options_.label, say("the person's own name for it"));
    CLI::App* proof = verb(app_, "confirm", say("prove the first code of a method"), confirm);
    proof->add_option("METHOD", options_.method, say("for example app-1"))->required();
    proof->add_option("CODE", options_.code, say("the code; - reads it from standard input"))->required();
  }

  void change_verbs() {
    verb(app_, "test", say("try a method by a real sign-in"), test)
        ->add_option("METHOD", options_.method, say("asked first (default: the default method)"));
    verb(app_, "apply", say("from now on ask at every sign-in"), utmfa::apply);
    verb(app_, "list", say("show the methods"), list);
    method(verb(app_, "default", say("ask for this method first"), set_default));
    verb(app_, "order", say("put the methods in this order"), order)
        ->add_option("METHOD", options_.methods, say("every method once"))
        ->required();
    CLI::App* renamed = verb(app_, "rename", say("give a method another name"), utmfa::rename);
    method(renamed);
    renamed->add_option("LABEL", options_.label, say("the new name"))->required();
    CLI::App* removed = verb(app_, "remove", say("take a method away"), utmfa::remove);
    method(removed);
    removed->add_flag("--yes", options_.yes, say("do not ask"));
  }

  void method(CLI::App* app) { app->add_option("METHOD", options_.method, say("for example app-1"))->required(); }

  Status act() {
    if (Status may = may_administer(options_.common); !may) return may;
    const Result<std::string> user = canonical_name(options_.user.empty() ? administrator() : options_.user);
    if (!user) return user.error();
    options_.user = *user;
    const Result<std::unique_ptr<Desk>> desk = Desk::open(options_.common);
    if (!desk) return desk.error();
    return verb_(**desk, options_);
  }

  EnrollOptions options_;
  Verb verb_ = guided;
  CLI::App app_;
};

}  // namespace
}  // namespace utmfa

int main(int count, char** words) {
  utmfa::speak_as_asked(count, words);
  return utmfa::CommandLine().main(count, words);
}

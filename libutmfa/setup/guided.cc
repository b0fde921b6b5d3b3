// SPDX-License-Identifier: Apache-2.0
// The four steps in their order, going on where the last time stopped. Every question may be broken off; what was not
// finished is then taken back, and where it stopped is said.
#include <algorithm>

#include "base/text.h"
#include "setup/acts_each.h"
#include "setup/listing.h"
#include "setup/registering.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

std::string title_of_first(std::string_view kind) {
  if (kind == "phone") return say("Mobile phone: a code by SMS or by call");
  return kind == "fido" ? say("Security key") : say("Authenticator app");
}

class Guide {
 public:
  Guide(Bench& bench, Occasion occasion) : bench_(bench), talk_(bench.talk), occasion_(occasion) {}
  Status run();

 private:
  Status steps();
  Status look();
  Status clear_unfinished();
  Result<bool> proven_now(const Method& method);
  Status first_method();
  Status new_default();
  std::vector<std::string> kinds_of_first_method() const;
  Result<std::string> kind_of_first_method(const std::vector<std::string>& kinds);
  Status new_one(std::string_view kind);
  Status backups();
  Result<std::string> kind_of_backup();
  Status trials();
  Status apply_now();
  Status new_app();
  Status new_sheet();
  Status new_phone();
  Status new_key();
  Status end_of(Status added);
  Result<std::string> chosen(const std::vector<std::string>& items);
  Status one_trial(const Method& method);
  Status introduce();
  Status stopped(Status why);
  Status heading(std::size_t step, std::string_view page, std::string_view line);
  // The words for the room: a greeter shows one short line.
  std::string fitting(std::string_view page, std::string_view line) const {
    return say(talk_.room() == Room::page ? page : line);
  }
  std::size_t ready() const { return lasting(now_.file, Proof::confirmed).size(); }
  std::size_t needed() const { return static_cast<std::size_t>(bench_.config.registration.minimum); }
  bool may_be_default(std::string_view kind) const;
  std::string default_among_the_proven() const;

  Bench& bench_;
  Talk& talk_;
  Occasion occasion_;
  Registered now_;
  std::size_t step_ = 0;
};

bool Guide::may_be_default(std::string_view kind) const {
  const auto& kinds = bench_.config.registration.default_kinds;
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Status Guide::look() {
  Result<Registered> registered = bench_.registrar.read();
  if (!registered) return registered.error();
  now_ = std::move(*registered);
  return Done{};
}

Status Guide::heading(std::size_t step, std::string_view page, std::string_view line) {
  step_ = step;
  if (talk_.room() == Room::line) return say_to(talk_, line);
  // In words: of brackets and dashes a screen reader says nothing.
  return say_to(talk_, "\n" + say("Step {0} of 4. {1}", {std::to_string(step), page}));
}

// A token that the desk has lent, or an app that came from another program: its person can show a code of it. False: it
// is not at hand.
Result<bool> Guide::proven_now(const Method& method) {
  if (factor_for(method.kind)->token.empty()) return false;
  for (;;) {
    const Result<std::string> code = asked(talk_, say("Code that it shows now (Enter if you do not have it): "));
    if (!code) return code.error();
    if (code->empty()) return false;
    const Status right = prove(bench_, method.id, *code);
    if (!right && right.error().code != Code::refused) return right.error();
    const std::string said = say("{0} ({1}) is registered.", {method.id, shown_label(method.label)});
    if (Status told = say_to(talk_, right ? said : right.error().what); !told) return told.error();
    if (right) return true;
  }
}

// What waits for its first code since before, and whose secret cannot be shown again.
Status Guide::clear_unfinished() {
  for (const Method& method : lasting(now_.file, Proof::waiting)) {
    if (Status told = say_to(talk_, say("{0} ({1}) was never confirmed.", {method.id, shown_label(method.label)}));
        !told)
      return told;
    const Result<bool> proven = proven_now(method);
    if (!proven) return proven.error();
    if (*proven) continue;
    const Result<Consent> sure = consent(talk_, say("Remove it and go on? [no]: "));
    if (!sure) return sure.error();
    if (*sure == Consent::withheld) return Error{Code::refused, say("nothing was changed")};
    if (Status away = withdraw(bench_, method.id); !away) return away;
  }
  return look();
}

Status Guide::new_app() {
  Wish wish;
  for (;;) {
    Result<std::string> label =
        asked(talk_, fitting(UTMFA_MSG("Name of the device with the app (for example iPhone): "),
                             UTMFA_MSG("Name of the device: ")));
    if (!label) return label.error();
    wish.label = std::move(*label);
    if (wish.label.empty() || valid_label(wish.label)) break;
    if (Status told = say_to(talk_, say("At most 64 bytes, without control characters.")); !told) return told;
  }
  const Result<Registering> made = register_method(bench_, *factor_for("totp"), wish);
  if (!made) return made.error();
  Unfinished unfinished(bench_, made->id);
  if (Status shown = show_app(bench_, *made); !shown) return shown;
  if (Status proven = ask_for_proof(bench_, *made, say("Code that the app shows now: ")); !proven) return proven;
  unfinished.finished();
  return say_to(talk_, say("{0} ({1}) is registered.", {made->id, shown_label(made->method.label)}));
}

Status Guide::new_sheet() {
  const Result<Registering> made = register_method(bench_, *factor_for("recovery"), {});
  if (!made) return made.error();
  Unfinished unfinished(bench_, made->id);
  if (Status shown = show_sheet(bench_, made->shown); !shown) return shown;
  for (;;) {
    const Result<Consent> written = consent(talk_, say("Are they written down? [no]: "));
    if (!written) return written.error();
    if (*written == Consent::given) break;
  }
  unfinished.finished();
  return Done{};
}

Status Guide::new_phone() { return end_of(ask_for_phone(bench_)); }

Status Guide::new_key() {
  Request request;
  request.proving = Request::Proving::at_once;
  return end_of(act_add_fido(bench_, request));
}

// A number that cannot be reached, or a key that is not there, ends nothing: another way is chosen.
Status Guide::end_of(Status added) {
  if (added || talk_.gone()) return added;
  const Code code = added.error().code;
  if (code != Code::refused && code != Code::unavailable && code != Code::invalid) return added;
  return say_to(talk_, added.error().what);
}

Result<std::string> Guide::chosen(const std::vector<std::string>& items) {
  const Result<Answer> typed = talk_.choose({}, items, say("Number [1]: "));
  if (!typed) return typed.error();
  const std::string_view choice = trimmed(typed->text.view());
  return std::string(choice.empty() ? "1" : choice);
}

std::string Guide::default_among_the_proven() const {
  for (const Method& method : lasting(now_.file, Proof::confirmed))
    if (may_be_default(method.kind)) return method.id;
  return {};
}

// In the order in which they are offered. A greeter has room for an app only.
std::vector<std::string> Guide::kinds_of_first_method() const {
  std::vector<std::string> kinds;
  const bool page = talk_.room() == Room::page;
  if (may_be_default("totp") && may_be_added(now_, "totp", bench_.config.registration)) kinds.emplace_back("totp");
  if (page && may_be_default("phone") && may_add_phone(bench_, now_)) kinds.emplace_back("phone");
  if (page && may_be_default("fido") && may_add_fido(bench_, now_)) kinds.emplace_back("fido");
  return kinds;
}

// Empty: not in the list. An app alone is not asked about.
Result<std::string> Guide::kind_of_first_method(const std::vector<std::string>& kinds) {
  if (kinds.size() == 1 && kinds.front() == "totp") return kinds.front();
  std::vector<std::string> items;
  for (const std::string& kind : kinds) items.push_back(title_of_first(kind));
  const Result<std::string> choice = chosen(items);
  if (!choice) return choice.error();
  const auto at = number(*choice, 1, static_cast<std::int64_t>(kinds.size()));
  return at ? kinds[static_cast<std::size_t>(*at - 1)] : std::string();
}

Status Guide::new_one(std::string_view kind) {
  if (kind == "phone") return new_phone();
  return kind == "fido" ? new_key() : new_app();
}

Status Guide::new_default() {
  const std::vector<std::string> kinds = kinds_of_first_method();
  if (kinds.empty()) return Done{};
  const Status said = heading(
      1,
      kinds.front() == "totp" ? say("Your first method: an authenticator app on your phone. It becomes the default.")
                              : say("Your first method. It becomes the default."),
      say("Step 1 of 4: an authenticator app"));
  if (!said) return said;
  while (default_among_the_proven().empty()) {  // what could not be reached leaves nothing registered
    const Result<std::string> kind = kind_of_first_method(kinds);
    if (!kind) return kind.error();
    if (kind->empty()) continue;
    if (Status made = new_one(*kind); !made) return made;
    if (Status seen = look(); !seen) return seen;
  }
  return Done{};
}

Status Guide::first_method() {
  if (default_among_the_proven().empty())
    if (Status made = new_default(); !made) return made;
  const std::string id = default_among_the_proven();
  if (id.empty())
    return Error{Code::refused, say("the rules of this machine allow no app as the default "
                                    "method: ask the administrator for a token")};
  if (now_.file.methods.front().id == id || may_be_default(now_.file.methods.front().kind)) return Done{};
  const auto edit = [&](Registered& person) { return make_default(person, id, bench_.config.registration); };
  if (Status moved = bench_.registrar.change(edit); !moved) return moved;
  return look();
}

Result<std::string> Guide::kind_of_backup() {
  const std::string question = say("Number [1]: ");
  if (talk_.room() == Room::line) {
    if (Status told = say_to(talk_, say("1 recovery codes on paper, 2 another app")); !told) return told.error();
    Result<std::string> typed = asked(talk_, question);
    return typed && typed->empty() ? std::string("1") : typed;
  }
  std::vector<std::string> items = {say("Recovery sheet: ten codes on paper"),
                                    say("Authenticator app on another device")};
  if (may_add_phone(bench_, now_)) items.push_back(say("Mobile phone: a code by SMS or by call"));
  if (may_add_fido(bench_, now_)) items.push_back(say("Security key"));
  Result<std::string> choice = chosen(items);
  // backups() knows the key as 4, whether there is a phone before it or not.
  if (choice && *choice == "3" && !may_add_phone(bench_, now_) && items.size() == 3) return std::string("4");
  return choice;
}

Status Guide::backups() {
  while (ready() < needed()) {
    const Status said =
        heading(2, say("A second method, for the day when the first is lost."), say("Step 2 of 4: a second method"));
    if (!said) return said;
    const Result<std::string> choice = now_.file.find("recovery") == nullptr ? kind_of_backup() : std::string("2");
    if (!choice) return choice.error();
    const bool page = talk_.room() == Room::page;
    const bool phone = *choice == "3" && page && may_add_phone(bench_, now_);
    const bool key = *choice == "4" && page && may_add_fido(bench_, now_);
    if (*choice != "1" && *choice != "2" && !phone && !key) continue;
    const Status made = phone ? new_phone() : key ? new_key() : *choice == "1" ? new_sheet() : new_app();
    if (!made) return made;
    if (Status seen = look(); !seen) return seen;
  }
  return Done{};
}

Status Guide::one_trial(const Method& method) {
  for (;;) {
    if (talk_.room() == Room::page) {
      const std::string kind = shown_kind(method.kind), label = shown_label(method.label);
      const std::string text = label == kind ? say("Now {0}, as at a sign-in:", {kind})
                                             : say("Now {0} ({1}), as at a sign-in:", {label, kind});
      if (Status told = say_to(talk_, "\n" + text); !told) return told;
    }
    const Result<std::string> used = try_method(bench_, method.id);
    if (used) {
      if (Status told = say_to(talk_, say("{0} works.", {*used})); !told) return told;
      return look();
    }
    if (talk_.gone() || used.error().code != Code::refused) return used.error();
    if (Status told = say_to(talk_, used.error().what); !told) return told;
    const std::string question =
        fitting(UTMFA_MSG("Press Enter to try again, Ctrl-C to stop: "), UTMFA_MSG("Press Enter to try again: "));
    if (Result<std::string> again = asked(talk_, question); !again) return again.error();
  }
}

Status Guide::trials() {
  if (bench_.config.registration.test != TestRule::demanded) return Done{};
  for (;;) {
    const auto methods = lasting(now_.file, Proof::confirmed);
    const auto untried = std::find_if(methods.begin(), methods.end(), [](const Method& m) { return m.tested == 0; });
    if (untried == methods.end()) return Done{};
    if (step_ != 3) {
      const Status said = heading(
          3,
          say("Try them. You are asked as at a sign-in.") + "\n" +
              say("Each code works once: wait for the next one in the app. A code of the sheet is used up by this."),
          say("Step 3 of 4: try them. Each code works once."));
      if (!said) return said;
    }
    if (Status tried = one_trial(*untried); !tried) return tried;
  }
}

Status Guide::apply_now() {
  const Status said = heading(
      4,
      say("Apply.") + "\n" +
          say("From now on you will be asked every time. You cannot undo this yourself; the desk can. Before you replace "
              "a phone, add the new one first."),
      say("Step 4 of 4: apply, to be asked from now on"));
  if (!said) return said;
  const Result<std::string> answer = asked(talk_, say("Apply now? [yes]: "));
  if (!answer) return answer.error();
  const std::string word = lower_ascii(*answer);
  if (!word.empty() && word != "yes" && word != "y" && word != say("yes"))
    return Error{Code::refused, say("not applied")};
  Request request;
  return act_apply(bench_, request);
}

Status Guide::steps() {
  for (Status (Guide::*step)() : {&Guide::clear_unfinished, &Guide::first_method, &Guide::backups, &Guide::trials})
    if (Status done = (this->*step)(); !done) return done;
  return apply_now();
}

Status Guide::introduce() {
  if (occasion_ == Occasion::own_wish)
    return say_to(talk_, say("This sets up the second confirmation of {0} (about 3 minutes). Ctrl-C stops at any time.",
                             {bench_.user()}));
  return say_to(talk_, fitting(UTMFA_MSG("This machine asks for a second confirmation when you sign in. Let's set it "
                                         "up (about 3 minutes)."),
                               UTMFA_MSG("Set up your second confirmation (about 3 minutes)")));
}

Status Guide::stopped(Status why) {
  if (occasion_ == Occasion::at_sign_in)
    (void)say_to(talk_, filled(fitting(UTMFA_MSG("Stopped in step {0} of 4. Nothing half done is left; the next "
                                                 "sign-in goes on there."),
                                       UTMFA_MSG("Stopped in step {0} of 4; the next sign-in goes on.")),
                               {std::to_string(step_)}));
  else
    (void)say_to(talk_, say("Stopped in step {0} of 4. Nothing half done is left; this goes on there: {1}",
                            {std::to_string(step_), bench_.command}));
  return why;
}

Status Guide::run() {
  if (Status seen = look(); !seen) return seen;
  if (now_.file.status == Registration::ended)
    return Error{Code::refused,
                 say("the registration of {0} has ended: utmfa-admin reset opens it again", {bench_.user()})};
  // Somebody else may have finished it since the plan was made: at a sign-in that must open nothing.
  if (now_.file.status == Registration::active && occasion_ == Occasion::at_sign_in)
    return Error{Code::refused, say("Your methods were changed meanwhile. Please sign in again.")};
  if (now_.file.status == Registration::active) {
    Request request;
    if (Status said = act_list(bench_, request); !said) return said;
    return say_to(talk_, say("{0} has applied already. To change something: utmfa-enroll --help", {bench_.user()}));
  }
  if (Status said = introduce(); !said) return said;
  Status done = steps();
  return done || step_ == 0 ? done : stopped(std::move(done));
}

}  // namespace

Status guided(Bench& bench, Occasion occasion) { return Guide(bench, occasion).run(); }

}  // namespace utmfa

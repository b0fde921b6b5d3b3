// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll without a verb: the four steps in their order, going on where the last time stopped. Every question may
// be answered with Ctrl-C; what was not finished is then taken back, and where it stopped is said.
#include <algorithm>

#include "base/text.h"
#include "enroll.h"
#include "listing.h"
#include "registration.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

class Guide {
 public:
  Guide(Desk& desk, const EnrollOptions& options) : desk_(desk), options_(options), user_(options.user) {}
  Status run();

 private:
  Status steps();
  Status look();
  Status clear_unfinished();
  Status first_method();
  Status backups();
  Status trials();
  Status apply_now();
  Status new_app();
  Status new_sheet();
  Status proof_of(const std::string& id);
  Status one_trial(const Method& method);
  void heading(std::size_t step, std::string_view text);
  std::size_t ready() const { return lasting(now_.file, Proof::confirmed).size(); }
  std::size_t needed() const { return static_cast<std::size_t>(desk_.config.registration.minimum); }
  bool may_be_default(const Method& method) const;

  Desk& desk_;
  const EnrollOptions& options_;
  const std::string& user_;
  Registered now_;
  std::size_t step_ = 0;
};

bool Guide::may_be_default(const Method& method) const {
  const auto& kinds = desk_.config.registration.default_kinds;
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), method.kind) != kinds.end();
}

Status Guide::look() {
  Result<Registered> registered = desk_.registry.read(user_);
  if (!registered) return registered.error();
  now_ = std::move(*registered);
  return Done{};
}

void Guide::heading(std::size_t step, std::string_view text) {
  step_ = step;
  std::string progress;
  for (std::size_t i = 1; i <= 4; ++i) {
    const std::string number = std::to_string(i);
    progress += (i > 1 ? "-" : "") + (i <= step ? "[" + number + "]" : number);
  }
  show("");
  show(progress + "  " + std::string(text));
}

// What an earlier run, ended by force, left without its first code: its secret cannot be shown again.
Status Guide::clear_unfinished() {
  for (const Method& method : lasting(now_.file, Proof::waiting)) {
    show(say("{0} ({1}) was never confirmed.", {method.id, method.label}));
    if (Status sure = ask_yes(say("Remove it and go on? [no]: ")); !sure) return sure;
    if (Status away = withdraw(desk_, user_, method.id); !away) return away;
  }
  return look();
}

Status Guide::proof_of(const std::string& id) {
  for (;;) {
    const Result<Secret> code = ask(say("Code that the app shows now: "), Echo::shown);
    if (!code) return code.error();
    if (trimmed(code->view()).empty()) continue;
    const Status proven = prove(desk_, user_, id, trimmed(code->view()));
    if (proven || proven.error().code != Code::refused) return proven;
    show(proven.error().what + " " + say("If the app shows it like that, is the clock of the phone right?"));
  }
}

Status Guide::new_app() {
  Wish wish;
  for (;;) {
    Result<std::string> label = ask_text(say("Name of the device with the app (for example iPhone): "));
    if (!label) return label.error();
    wish.label = std::move(*label);
    if (wish.label.empty() || valid_label(wish.label)) break;
    show(say("At most 64 bytes, without control characters."));
  }
  const Result<Registering> made = register_method(desk_, user_, *factor_for("totp"), wish);
  if (!made) return made.error();
  Unfinished unfinished(desk_, user_, made->id);
  show_app(desk_, user_, *made);
  if (Status proven = proof_of(made->id); !proven) return proven;
  unfinished.finished();
  show(say("{0} ({1}) is registered.", {made->id, made->method.label}));
  return Done{};
}

Status Guide::new_sheet() {
  const Result<Registering> made = register_method(desk_, user_, *factor_for("recovery"), {});
  if (!made) return made.error();
  Unfinished unfinished(desk_, user_, made->id);
  show_sheet(desk_, user_, made->shown);
  for (;;) {
    const Status written = ask_yes(say("Are they written down? [no]: "));
    if (!written && (interrupted() || written.error().what != say("nothing was changed"))) return written;
    if (written) break;
  }
  unfinished.finished();
  return Done{};
}

Status Guide::first_method() {
  const auto methods = lasting(now_.file, Proof::confirmed);
  const auto first =
      std::find_if(methods.begin(), methods.end(), [this](const Method& m) { return may_be_default(m); });
  std::string id;
  if (first != methods.end()) {
    id = first->id;
  } else {
    heading(1, say("Your first method: an authenticator app on your phone. It becomes the default."));
    if (Status made = new_app(); !made) return made;
    if (Status seen = look(); !seen) return seen;
    const auto all = lasting(now_.file, Proof::confirmed);
    const auto made = std::find_if(all.begin(), all.end(), [this](const Method& m) { return may_be_default(m); });
    if (made == all.end())
      return Error{Code::refused, say("the rules of this machine allow no app as the default "
                                      "method: ask the administrator for a token")};
    id = made->id;
  }
  if (now_.file.methods.front().id == id || may_be_default(now_.file.methods.front())) return Done{};
  const auto edit = [&](Registered& person) { return make_default(person, id, desk_.config.registration); };
  if (Status moved = desk_.registry.change(user_, edit); !moved) return moved;
  return look();
}

Status Guide::backups() {
  while (ready() < needed()) {
    heading(2, say("A second method, for the day when the first is lost."));
    std::string choice = "2";
    if (now_.file.find("recovery") == nullptr) {
      show("  1  " + say("Recovery sheet: ten codes on paper"));
      show("  2  " + say("Authenticator app on another device"));
      Result<std::string> typed = ask_text(say("Number [1]: "));
      if (!typed) return typed.error();
      choice = typed->empty() ? "1" : *typed;
    }
    if (choice != "1" && choice != "2") continue;
    if (Status made = choice == "1" ? new_sheet() : new_app(); !made) return made;
    if (Status seen = look(); !seen) return seen;
  }
  return Done{};
}

Status Guide::one_trial(const Method& method) {
  for (;;) {
    show("");
    show(say("Now {0} ({1}), as at a sign-in:", {method.label, shown_kind(method.kind)}));
    const Result<std::string> used = try_method(desk_, user_, method.id);
    if (used) {
      show(say("{0} works.", {*used}));
      return look();
    }
    if (interrupted() || used.error().code != Code::refused) return used.error();
    show(used.error().what);
    if (Result<std::string> again = ask_text(say("Press Enter to try again, Ctrl-C to stop: ")); !again)
      return again.error();
  }
}

Status Guide::trials() {
  if (desk_.config.registration.test != TestRule::demanded) return Done{};
  for (;;) {
    const auto methods = lasting(now_.file, Proof::confirmed);
    const auto untried = std::find_if(methods.begin(), methods.end(), [](const Method& m) { return m.tested == 0; });
    if (untried == methods.end()) return Done{};
    if (step_ != 3) {
      heading(3, say("Try them. You are asked as at a sign-in."));
      show(say("Each code works once: wait for the next one in the app. A code of the sheet is used up by this."));
    }
    if (Status tried = one_trial(*untried); !tried) return tried;
  }
}

Status Guide::apply_now() {
  heading(4, say("Apply."));
  show(
      say("From now on you will be asked every time. You cannot undo this yourself; the desk can. Before you replace a "
          "phone, add the new one first."));
  const Result<std::string> answer = ask_text(say("Apply now? [yes]: "));
  if (!answer) return answer.error();
  const std::string word = lower_ascii(*answer);
  if (!word.empty() && word != "yes" && word != "y" && word != say("yes"))
    return Error{Code::refused, say("not applied")};
  return apply(desk_, options_);
}

Status Guide::steps() {
  for (Status (Guide::*step)() : {&Guide::clear_unfinished, &Guide::first_method, &Guide::backups, &Guide::trials})
    if (Status done = (this->*step)(); !done) return done;
  return apply_now();
}

Status Guide::run() {
  if (Status seen = look(); !seen) return seen;
  if (now_.file.status == Registration::ended)
    return Error{Code::refused, say("the registration of {0} has ended: utmfa-admin reset opens it again", {user_})};
  if (now_.file.status == Registration::active) {
    if (Status said = list(desk_, options_); !said) return said;
    show(say("{0} has applied already. To change something: utmfa-enroll --help", {user_}));
    return Done{};
  }
  show(say("This sets up the second confirmation of {0} (about 3 minutes). Ctrl-C stops at any time.", {user_}));
  const Status done = steps();
  if (!done && step_ > 0)
    show(say("Stopped in step {0} of 4. Nothing half done is left; this goes on there: utmfa-enroll --user {1}",
             {std::to_string(step_), user_}));
  return done;
}

}  // namespace

Status guided(Desk& desk, const EnrollOptions& options) {
  if (options.common.format == Format::json)
    return Error{Code::invalid, say("the guided steps have no JSON: use add, confirm, test and apply")};
  return Guide(desk, options).run();
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The sign-in from plan to outcome. Order of every step as in ARCHITECTURE.md; the dialogue itself is in dialogue.cc.
#include "signin/sign_in.h"

#include <array>

#include "signin/dialogue.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Event event(std::string_view what, const SignIn& who, std::string_view reason) {
  Event e;
  e.what = what;
  e.user = who.user;
  e.service = who.service;
  e.from = who.from;
  e.tty = who.tty;
  e.reason = reason;
  return e;
}

// The line comes before the reply. One that cannot be handed over means that nobody keeps account: no decision then.
Outcome audited(Outcome outcome, const Event& event, Outside& outside) {
  return outside.audit.record(event) ? outcome : Outcome::unavailable;
}

Outcome decided(Outcome outcome, const SignIn& who, Outside& outside, std::string_view reason) {
  return audited(outcome, event(name(outcome), who, reason), outside);
}

// While a service is only tried out nobody is let in whom that was not said.
Status announced(const Plan& plan, Outside& outside) {
  if (plan.observed_until == 0) return Done{};
  return outside.conversation.tell(
      say("This is tried out until {0}: whoever fails it is still let in.", {date_text(plan.observed_until - 1)}),
      Style::info);
}

// A refusal; while the service is only tried out, it is told and written down as one, and does not keep anybody out.
Outcome kept_or_observed(Outcome outcome, Event last, const Plan& plan, Outside& outside) {
  last.what = name(outcome);
  const bool refusal = outcome == Outcome::denied || outcome == Outcome::locked;
  if (!refusal || plan.observed_until == 0) return audited(outcome, last, outside);
  const std::string until = date_text(plan.observed_until - 1);
  last.what = name(Outcome::observed);
  last.reason = "would be " + std::string(name(outcome)) + " after " + until + ": " + last.reason;
  const Status told = outside.conversation.tell(
      say("Until {0} you are let in all the same; after that you would not be.", {until}), Style::error);
  if (!told) last.what = name(Outcome::aborted);
  return audited(told ? Outcome::observed : Outcome::aborted, last, outside);
}

Outcome undecided(const Error& error, const SignIn& who, Outside& outside) {
  if (error.code == Code::conflict)
    (void)last_word(who, outside.conversation, say("Your methods were changed meanwhile. Please sign in again."));
  else
    (void)last_word(who, outside.conversation,
                    say("The second confirmation does not work now. Please tell your administrator."));
  return decided(Outcome::unavailable, who, outside, error.what);
}

std::string_view language_for(const SignIn& who, const Service& service, const Config& config, const Account& account) {
  // The person's own language would tell a stranger that this name is registered.
  if (labels_shown(who, service) && !account.language.empty()) return account.language;
  if (!who.language.empty()) return who.language;
  return service.language.empty() ? config.language : service.language;
}

// What needs no look at the person holds even where the vault does not answer: the way in for those who mend it.
bool needs_no_vault(const SignIn& who, const Outside& outside, std::string& reason) {
  const Plan plan = utmfa::plan(outside.config, who, Account{}, outside.clock.now(), 0);
  reason = plan.reason;
  return plan.need == Need::exempt || outside.config.service(who.service).require == Require::off;
}

// Who must register and cannot do it here. Nobody is led through it whom nothing before us has asked who he is.
Outcome kept_out(const SignIn& who, Outside& outside, const Plan& plan) {
  if (plan.need == Need::set_up_elsewhere) {
    (void)last_word(who, outside.conversation,
                    say("This machine asks for a second confirmation, and you have not set it up yet. "
                        "Run utmfa-enroll first."));
    return kept_or_observed(Outcome::denied, event({}, who, plan.reason), plan, outside);
  }
  (void)last_word(who, outside.conversation,
                  say("This machine asks for a second confirmation, and you have not set it up yet. "
                      "Sign in once with your password, or run utmfa-enroll on a machine that lets "
                      "you in."));
  return kept_or_observed(Outcome::denied,
                          event({}, who, "no password and no key was asked for before: " + plan.reason), plan, outside);
}

// Decides without the vault where it can; otherwise there is no decision.
Outcome without_vault(const Error& error, const SignIn& who, Outside& outside) {
  std::string reason;
  if (!needs_no_vault(who, outside, reason)) return undecided(error, who, outside);
  return decided(Outcome::exempt, who, outside, reason);
}

}  // namespace

std::string to_be_asked(const SignIn& who) {
  if (who.tty == "ssh")
    return ": sshd_config needs \"PasswordAuthentication no\", \"KbdInteractiveAuthentication yes\" and "
           "\"AuthenticationMethods keyboard-interactive:pam\"";
  return ": for programs with a single field there is field: one in utmfa.yaml(5)";
}

std::string_view name(Outcome outcome) {
  static constexpr std::array<std::string_view, 12> names = {
      "granted",        "denied",        "locked",      "exempt",         "observed",    "not-needed",
      "set-up-offered", "set-up-needed", "set-up-done", "set-up-put-off", "unavailable", "aborted"};
  return names[static_cast<std::size_t>(outcome)];
}

Outcome sign_in(const SignIn& who, Outside& outside) {
  const Service& service = outside.config.service(who.service);
  speak(service.language.empty() ? outside.config.language : service.language);
  const Result<Account> account = outside.vault.account();
  if (!account) return without_vault(account.error(), who, outside);
  speak(language_for(who, service, outside.config, *account));

  const Plan plan = utmfa::plan(outside.config, who, *account, outside.clock.now(), place_mark(who));
  switch (plan.need) {
    case Need::exempt: return decided(Outcome::exempt, who, outside, plan.reason);
    case Need::not_needed:
    case Need::remembered: return decided(Outcome::not_needed, who, outside, plan.reason);
    case Need::offer:
      return decided(who.first == FirstFactor::unknown ? Outcome::not_needed : Outcome::set_up_offered, who, outside,
                     plan.reason);
    // Nothing is asked here: the rest of the PAM stack proves who it is, and only then its password door registers him.
    case Need::set_up:
      if (who.first == FirstFactor::unknown) return kept_out(who, outside, plan);
      // Nobody has to register while the service is only tried out.
      if (plan.observed_until != 0)
        return kept_or_observed(Outcome::denied, event({}, who, plan.reason), plan, outside);
      return decided(Outcome::set_up_needed, who, outside, plan.reason);
    case Need::set_up_elsewhere: return kept_out(who, outside, plan);
    case Need::factor: break;
  }

  if (!announced(plan, outside)) return decided(Outcome::aborted, who, outside, "the person is gone");
  Dialogue dialogue(who, service, *account, plan, outside);
  const Result<Passed> passed = dialogue.run();
  if (!passed) {
    if (passed.error().code == Code::unavailable && dialogue.person_gone())
      return decided(Outcome::aborted, who, outside,
                     passed.error().what + (passed.error().what == never_asked ? to_be_asked(who) : std::string()));
    return undecided(passed.error(), who, outside);
  }
  Event last = event("denied", who, passed->reason.empty() ? plan.reason : passed->reason);
  last.method = passed->method;
  last.kind = passed->kind;
  last.failures = static_cast<int>(passed->failures);
  Outcome outcome = Outcome::denied;
  if (passed->end == End::locked) outcome = Outcome::locked;
  if (passed->end == End::accepted) outcome = Outcome::granted;
  return kept_or_observed(outcome, std::move(last), plan, outside);
}

Outcome account_check(const SignIn& who, Outside& outside) {
  const Service& service = outside.config.service(who.service);
  if (service.account == AccountDoor::off)
    return decided(Outcome::not_needed, who, outside, "account: off for " + who.service);
  const Result<Account> account = outside.vault.account();
  if (!account) return without_vault(account.error(), who, outside);
  const Plan plan = utmfa::plan(outside.config, who, *account, outside.clock.now(), place_mark(who));
  const bool registers = plan.need == Need::set_up || plan.need == Need::set_up_elsewhere;
  if (plan.need != Need::factor && !registers)
    return decided(plan.need == Need::exempt ? Outcome::exempt : Outcome::not_needed, who, outside, plan.reason);
  speak(language_for(who, service, outside.config, *account));
  (void)outside.conversation.tell(registers
                                      ? say("This machine asks for a second confirmation, and you have not set it up "
                                            "yet. Sign in once with your password, or run utmfa-enroll on a machine "
                                            "that lets you in.")
                                      : say("This machine asks for a second confirmation, and this way of signing in "
                                            "skipped it. Please tell your administrator."),
                                  Style::error);
  const std::string reason =
      "no second confirmation was asked before account management: sshd_config needs "
      "\"AuthenticationMethods publickey,keyboard-interactive:pam\" (or keyboard-interactive:pam alone); " +
      plan.reason;
  return kept_or_observed(Outcome::denied, event({}, who, reason), plan, outside);
}

}  // namespace utmfa

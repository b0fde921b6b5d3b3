// SPDX-License-Identifier: Apache-2.0
// utmfa-admin token lend, return, retire, resync: what the desk does with a token in its hand.
#include "admin.h"
#include "admin_token.h"
#include "base/text.h"
#include "json.h"
#include "signin/factor_rules.h"
#include "signin/words.h"
#include "terminal.h"
#include "tokens/lending.h"

namespace utmfa {
namespace {

LendingDesk lending_desk(Desk& desk, const AdminOptions& options) {
  return {{options.common.data + "/tokens"}, desk.registry,           desk.ring, desk.clock, desk.random,
          factor_rules(desk.config),         desk.config.registration};
}

Event event_of(std::string_view what, const AdminOptions& options, const std::string& user, const std::string& method,
               const std::string& kind) {
  Event event;
  event.what = what;
  event.user = user;
  event.method = method;
  event.kind = kind;
  event.reason = "serial " + options.token.serial;
  if (!options.token.until.empty()) event.reason += "; until " + options.token.until;
  if (!options.reason.empty()) event.reason += "; " + options.reason;
  return event;
}

Minimum minimum_of(const AdminOptions& options) { return options.token.force ? Minimum::waived : Minimum::kept; }

// What happened to the registration, and what the desk should do now.
void say_left(const Desk& desk, const Back& back) {
  if (back.user.empty()) return;
  if (back.method.empty())
    show(say("It was not in the registration of {0} any more.", {back.user}));
  else
    show(say("{0} was taken out of the registration of {1}.", {back.method, back.user}));
  if (!back.short_of) return;
  show(say("{0} has {1} methods left, and {2} are the minimum. Register another one now: {3}",
           {back.user, std::to_string(back.left), std::to_string(desk.config.registration.minimum),
            enroll_command(back.user)}));
  if (back.left == 0) show(say("Until then nothing lets {0} in but a pass: utmfa-admin pass {0}", {back.user}));
}

Json json_of(const AdminOptions& options, const Back& back) {
  return Json{{"serial", options.token.serial}, {"user", json_text(back.user)},   {"method", json_text(back.method)},
              {"methods_left", back.left},      {"below_minimum", back.short_of}, {"resync_needed", back.unknown}};
}

}  // namespace

Status lend_token(Desk& desk, const AdminOptions& options) {
  const TokenOptions& token = options.token;
  if (!token.until.empty() && token.until < date_text(desk.clock.now()))
    return Error{Code::refused, say("{0} is over already", {token.until})};
  const LoanWish wish{token.serial, options.user, token.until, say("Token {0}", {token.serial}), token.code};
  const Result<Lent> lent = lend(lending_desk(desk, options), wish);
  if (!lent) return lent.error();
  record_change(event_of("token-lent", options, options.user, lent->method, lent->kind));
  const bool waits = lent->proof == Proof::waiting;
  if (options.common.format == Format::json)
    return print(Json{{"serial", token.serial},
                      {"user", options.user},
                      {"method", lent->method},
                      {"due", json_text(token.until)},
                      {"confirmed", !waits}});
  show(say("Token {0} is lent to {1}, as {2}.", {token.serial, options.user, lent->method}));
  if (waits)
    show(say("{0} is not asked for until its first code is confirmed: {1}",
             {lent->method, enroll_command(options.user) + " confirm " + lent->method + " CODE"}));
  return Done{};
}

Status return_token(Desk& desk, const AdminOptions& options) {
  if (options.token.force && !options.yes)
    if (Status sure = ask_yes(say("Take the token even where too few methods are left? [no]: ")); !sure) return sure;
  const Result<Back> back = take_back(lending_desk(desk, options), options.token.serial, minimum_of(options));
  if (!back) return back.error();
  record_change(event_of("token-returned", options, back->user, back->method, back->kind));
  if (options.common.format == Format::json) return print(json_of(options, *back));
  show(say("Token {0} is back in stock.", {options.token.serial}));
  say_left(desk, *back);
  if (back->unknown)
    show(say("Before it is lent again, two codes in a row must say where it is: utmfa-admin token resync {0} CODE CODE",
             {options.token.serial}));
  return Done{};
}

Status retire_token(Desk& desk, const AdminOptions& options) {
  if (!options.yes)
    if (Status sure = ask_yes(
            say("Retire token {0} for good? Its secret is forgotten. [no]: ", {cleaned(options.token.serial, 64)}));
        !sure)
      return sure;
  const Result<Back> back =
      retire(lending_desk(desk, options), options.token.serial, options.reason, minimum_of(options));
  if (!back) return back.error();
  record_change(event_of("token-retired", options, back->user, back->method, back->kind));
  if (options.common.format == Format::json) return print(json_of(options, *back));
  show(say("Token {0} is retired.", {options.token.serial}));
  say_left(desk, *back);
  return Done{};
}

Status resync_token(Desk& desk, const AdminOptions& options) {
  const TokenOptions& token = options.token;
  if (Status right = resync(lending_desk(desk, options), token.serial, token.first, token.second); !right) return right;
  record_change(event_of("token-resynced", options, {}, {}, {}));
  if (options.common.format == Format::json) return print(Json{{"serial", token.serial}, {"resynced", true}});
  show(say("Token {0} is set right. Its next code works.", {token.serial}));
  return Done{};
}

}  // namespace utmfa

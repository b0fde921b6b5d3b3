// SPDX-License-Identifier: Apache-2.0
// Registering through setup/, so that every rule and every seal is applied in one place.
#include "registration.h"

#include <algorithm>

#include "pam_trial.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

// The part of a method's state that only a right answer changes.
bool answered_right(const MethodState* before, const MethodState& after) {
  const MethodState none;
  const MethodState& old = before == nullptr ? none : *before;
  return after.last_success != old.last_success || after.moving != old.moving || after.used != old.used;
}

Result<std::string> used_between(const Registered& before, const Registered& after) {
  for (const Method& method : after.file.methods) {
    const MethodState* now = after.state.find(method.id);
    if (now != nullptr && now->last_success > 0 && answered_right(before.state.find(method.id), *now)) return method.id;
  }
  return Error{Code::refused,
               say("the sign-in was granted, but no method was asked: is pam_utmfa.so in the PAM service "
                   "{0}, and does it use this data?",
                   {test_service})};
}

Event event_of(std::string_view what, const Method& method) {
  Event event;
  event.what = what;
  event.method = method.id;
  event.kind = method.kind;
  return event;
}

Status judged(const Verdict& verdict) {
  switch (verdict.judged) {
    case Judged::accepted: return Done{};
    case Judged::rejected: return Error{Code::refused, say("That code is not right.")};
    case Judged::used: return Error{Code::refused, say("That code was already used. Wait for the next one.")};
    case Judged::throttled:
      return Error{Code::unavailable,
                   say("Too many wrong codes. Try again after {0}.", {clock_text(verdict.locked_until)})};
    case Judged::disabled:
      return Error{Code::unavailable, say("Too many wrong codes: this method must be registered again.")};
  }
  return Error{Code::internal, "verdict"};
}

}  // namespace

Result<Registering> register_method(Desk& desk, const std::string& user, const Factor& factor, const Wish& wish) {
  const Time now = desk.clock.now();
  Result<Made> made = factor.make(wish, desk.random, now);
  if (!made) return made.error();
  Registering registering;
  registering.shown = made->shown;
  if (const auto secret = made->secrets.find(factor.secret_field); secret != made->secrets.end() && made->shown.empty())
    registering.secret = secret->second.clone();
  const UserKeys keys = desk.ring.keys_for(user);
  Method method = made->method;
  const Status added = desk.registry.change(user, [&](Registered& registered) -> Status {
    Result<std::string> id = add_method(registered, std::move(*made), keys, desk.random, now);
    if (!id) return id.error();
    registering.id = *id;
    return Done{};
  });
  if (!added) return added.error();
  method.id = registering.id;
  Event event = event_of(method.proof == Proof::waiting ? "added" : "enrolled", method);
  event.user = user;
  record_change(std::move(event));
  registering.method = std::move(method);
  return registering;
}

Status prove(Desk& desk, const std::string& user, std::string_view id, std::string_view answer) {
  const Result<Registered> registered = desk.registry.read(user);
  if (!registered) return registered.error();
  const Method* method = registered->file.find(id);
  if (method == nullptr) return Error{Code::refused, say("{0} has no method {1}", {user, shown(id)})};
  if (method->proof == Proof::confirmed) return Error{Code::refused, say("{0} is already confirmed", {method->id})};
  Attempt attempt;
  attempt.method = method->id;
  attempt.kind = method->kind;
  attempt.answer = answer;
  attempt.proof = Proof::waiting;
  const Result<Verdict> verdict = desk.registry.judge(user, desk.factor_rules(), desk.config.throttle, attempt);
  if (!verdict) return verdict.error();
  if (Status right = judged(*verdict); !right) return right;
  return desk.change(
      user, [&](Registered& changed) { return confirm_method(changed, method->id); }, event_of("enrolled", *method));
}

Status withdraw(Desk& desk, const std::string& user, const std::string& id) {
  Event event;
  event.what = "removed";
  event.method = id;
  event.reason = "registration not finished";
  return desk.change(
      user,
      [&](Registered& registered) -> Status {
        std::erase_if(registered.file.methods, [&](const Method& method) { return method.id == id; });
        if (registered.file.methods.empty() && registered.file.status == Registration::setting_up)
          return reset_registration(registered);
        return Done{};
      },
      event);
}

Result<std::string> try_method(Desk& desk, const std::string& user, const std::string& id) {
  const Result<Registered> before = desk.registry.read(user);
  if (!before) return before.error();
  if (!id.empty() && before->file.find(id) == nullptr)
    return Error{Code::refused, say("{0} has no method {1}", {user, shown(id)})};
  if (lasting(before->file, Proof::confirmed).empty())
    return Error{Code::refused, say("{0} has no confirmed method yet", {user})};
  if (Status signed_in = try_sign_in({std::string(test_service), user, id, desk.options.pam}); !signed_in)
    return signed_in.error();
  const Result<Registered> after = desk.registry.read(user);
  if (!after) return after.error();
  Result<std::string> used = used_between(*before, *after);
  if (!used) return used;
  const Time now = desk.clock.now();
  const Status marked = desk.change(
      user, [&](Registered& registered) { return mark_tested(registered, *used, now); },
      event_of("tested", *after->file.find(*used)));
  if (!marked) return marked.error();
  return used;
}

std::vector<Method> lasting(const MethodFile& file, Proof proof) {
  std::vector<Method> found;
  for (const Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor != nullptr && factor->standing == Standing::lasting && method.proof == proof) found.push_back(method);
  }
  return found;
}

Unfinished::~Unfinished() {
  if (id_.empty()) return;
  if (Status away = withdraw(desk_, user_, id_); !away)
    complain(say("{0} could not be taken back: {1}", {id_, away.error().what}));
}

}  // namespace utmfa

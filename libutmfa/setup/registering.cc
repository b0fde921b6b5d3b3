// SPDX-License-Identifier: Apache-2.0
// Every rule and every seal is applied here, whoever registers.
#include "setup/registering.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "setup/otpauth.h"
#include "signin/words.h"

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

// A greeter has room for one code at a time.
Status show_one_by_one(Bench& bench, const std::vector<std::string>& codes) {
  const std::string count = std::to_string(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::string text = say("Recovery code {0} of {1}: {2}", {std::to_string(i + 1), count, codes[i]});
    if (Status told = say_to(bench.talk, text); !told) return told;
    if (Result<std::string> noted = asked(bench.talk, say("Write it down, then Enter: ")); !noted) return noted.error();
  }
  return Done{};
}

Error no_such_method(const Bench& bench, std::string_view id) {
  return {Code::refused, say("{0} has no method {1}", {bench.user(), shown(id)})};
}

}  // namespace

Status told_verdict(const Verdict& verdict) {
  switch (verdict.judged) {
    case Judged::accepted: return Done{};
    case Judged::rejected: return Error{Code::refused, say("That code is not right.")};
    case Judged::used: return Error{Code::refused, say("That code was already used. Wait for the next one.")};
    case Judged::copied:
      return Error{Code::refused, say("This key says that it was used elsewhere meanwhile: it may have been copied. "
                                      "Please tell your administrator.")};
    case Judged::throttled:
      return Error{Code::unavailable,
                   say("Too many wrong codes. Try again after {0}.", {clock_text(verdict.locked_until)})};
    case Judged::disabled:
      return Error{Code::unavailable, say("Too many wrong codes: this method must be registered again.")};
  }
  return Error{Code::internal, "verdict"};
}

Status Bench::change(const Edit& edit, Event event, std::string_view kept_as) const {
  if (Status changed = registrar.write(edit, kept_as); !changed) return changed;
  event.user = user();
  (void)audit.record(event);  // it is done; who cannot write the log says so himself
  return Done{};
}

Result<Registering> register_method(Registrar& registrar, const Factor& factor, const Wish& wish, Random& random,
                                    Time now, const RegistrationRules& rules) {
  Result<Made> made = factor.make(wish, random, now);
  if (!made) return made.error();
  if (wish.label.empty()) made->method.label = say(made->method.label);
  Registering registering;
  registering.shown = made->shown;
  if (const auto secret = made->secrets.find(factor.secret_field); secret != made->secrets.end() && made->shown.empty())
    registering.secret = secret->second.clone();
  registering.method = made->method;
  const Status added = registrar.change([&](Registered& registered) -> Status {
    if (Status may = may_be_added(registered, factor.kind, rules); !may) return may;
    Result<std::string> id = add_method(registered, std::move(*made), registrar.keys(), random, now);
    if (!id) return id.error();
    registering.id = *id;
    return Done{};
  });
  if (!added) return added.error();
  registering.method.id = registering.id;
  return registering;
}

Result<Registering> register_method(Bench& bench, const Factor& factor, const Wish& wish) {
  Result<Registering> made =
      register_method(bench.registrar, factor, wish, bench.random, bench.clock.now(), bench.config.registration);
  if (!made) return made;
  Event event = event_of(made->method.proof == Proof::waiting ? "added" : "enrolled", made->method);
  event.user = bench.user();
  (void)bench.audit.record(event);
  return made;
}

SignIn registering_place(const std::string& user) {
  SignIn place;
  place.user = user;
  place.service = self_service;
  return place;
}

Status prove(Bench& bench, std::string_view id, std::string_view answer) {
  const Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  const Method* method = registered->file.find(id);
  if (method == nullptr) return no_such_method(bench, id);
  if (method->proof == Proof::confirmed) return Error{Code::refused, say("{0} is already confirmed", {method->id})};
  Attempt attempt;
  attempt.method = method->id;
  attempt.kind = method->kind;
  attempt.answer = answer;
  attempt.proof = Proof::waiting;
  const SignIn place = registering_place(bench.user());
  attempt.asked = {place.service, line_mark(place)};
  const Result<Verdict> verdict = bench.registrar.judge(attempt);
  if (!verdict) return verdict.error();
  if (Status right = told_verdict(*verdict); !right) return right;
  const auto edit = [&](Registered& changed) { return confirm_method(changed, method->id); };
  return bench.change(edit, event_of("enrolled", *method));
}

Status confirm(Bench& bench, const Registering& made) {
  return bench.change([&](Registered& person) { return confirm_method(person, made.id); },
                      event_of("enrolled", made.method));
}

Status withdraw(Bench& bench, const std::string& id) {
  Event event;
  event.what = "withdrawn";
  event.method = id;
  event.reason = "registration not finished";
  const auto edit = [&](Registered& registered) -> Status {
    std::erase_if(registered.file.methods, [&](const Method& method) { return method.id == id; });
    if (registered.file.methods.empty() && registered.file.status == Registration::setting_up)
      registered.file.status = Registration::none;
    return Done{};
  };
  return bench.change(edit, std::move(event));
}

Result<std::string> try_method(Bench& bench, const std::string& id) {
  const Result<Registered> before = bench.registrar.read();
  if (!before) return before.error();
  if (!id.empty() && before->file.find(id) == nullptr) return no_such_method(bench, id);
  if (lasting(before->file, Proof::confirmed).empty())
    return Error{Code::refused, say("{0} has no confirmed method yet", {bench.user()})};
  if (Status signed_in = bench.trial(id); !signed_in) return signed_in.error();
  const Result<Registered> after = bench.registrar.read();
  if (!after) return after.error();
  Result<std::string> used = used_between(*before, *after);
  if (!used) return used;
  const Time now = bench.clock.now();
  const auto edit = [&](Registered& registered) { return mark_tested(registered, *used, now); };
  if (Status marked = bench.change(edit, event_of("tested", *after->file.find(*used))); !marked) return marked.error();
  return used;
}

std::vector<Method> lasting(const MethodFile& file, Proof proof) {
  std::vector<Method> found;
  for (const Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr || factor->standing != Standing::lasting || method.proof != proof) continue;
    // What the host verifies is neither tried nor counted.
    if (factor->answered != nullptr && factor->answered(method) == Answered::by_host) continue;
    found.push_back(method);
  }
  return found;
}

Status show_app(Bench& bench, const Registering& made) {
  const std::string secret = in_groups_of_four(base32(made.secret.view()));
  if (bench.talk.room() == Room::line) return say_to(bench.talk, say("For the app: {0}", {secret}));
  const std::string uri = otpauth_uri(made.method, bench.config.issuer, bench.user(), made.secret);
  const std::string text =
      say("Scan this with the authenticator app, or type this secret into it:") + "\n  " + secret + "\n  " + uri;
  if (Status told = say_to(bench.talk, text); !told) return told;
  // The picture comes last: what does not fit a small window scrolls away at the top.
  return bench.talk.picture(uri);
}

Status show_sheet(Bench& bench, const std::vector<std::string>& codes) {
  if (bench.talk.room() == Room::line) return show_one_by_one(bench, codes);
  std::string text = say("Recovery codes of {0} ({1}, {2}). Each works once:",
                         {bench.user(), bench.config.issuer, date_text(bench.clock.now())});
  for (std::size_t i = 0; i < codes.size(); i += 2)
    text += "\n  " + codes[i] + (i + 1 < codes.size() ? "    " + codes[i + 1] : "");
  text +=
      "\n" + say("Write them down or print them now, and keep them apart from your phone. They are not shown again.");
  return say_to(bench.talk, text);
}

Unfinished::~Unfinished() {
  if (id_.empty()) return;
  if (Status away = withdraw(bench_, id_); !away)
    (void)bench_.talk.tell(say("{0} could not be taken back: {1}", {id_, away.error().what}), Style::error);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Telephones and apps that ask: nothing is registered, and no number changed, before what was sent there came back. What
// is sent counts against the same limits as at a sign-in.
#include "base/text.h"
#include "setup/acts_each.h"
#include "setup/registering.h"
#include "signin/labels.h"
#include "signin/sending.h"
#include "signin/words.h"

namespace utmfa {
namespace {

// Somebody who registers, and the vault that judges him.
struct Proving {
  Bench& bench;
  Vault& vault;
  Sending& sending;
  Addressee to;
  std::string where;  // in full: it is his own
};

Attempt attempt_of(const Proving& proving, std::string_view answer) {
  Attempt attempt;
  attempt.method = proving.to.method.id;
  attempt.kind = proving.to.method.kind;
  attempt.answer = answer;
  attempt.asked = proving.sending.asked();
  attempt.receiver = proving.to.receiver;
  attempt.proof = Proof::waiting;
  return attempt;
}

std::string question(const Proving& proving) {
  switch (proving.to.channel->reply) {
    case Reply::typed: return say("Code sent by SMS to {0} (Enter to send again): ", {proving.where});
    case Reply::spoken:
      return proving.sending.running()
                 ? say("Calling {0}: press # on the phone, then Enter here; or type the code you hear: ",
                       {proving.where})
                 : say("Code from the call to {0} (Enter to be called again): ", {proving.where});
    case Reply::matched:
      return say("Enter {0} in the app on {1}, then press Enter here: ",
                 {proving.sending.number(), shown_label(proving.to.method.label)});
  }
  return {};
}

// What cannot be sent ends the act; agreed and typed are left to the caller.
Status begun(const Progress& progress) {
  switch (progress.course) {
    case Course::sent:
    case Course::running:
    case Course::agreed: return Done{};
    case Course::denied: return Error{Code::refused, say("It was refused.")};
    case Course::put_off: return Error{Code::refused, std::string(trimmed(progress.lead))};
    case Course::failed: break;
  }
  const std::string lead(trimmed(progress.lead));
  return Error{Code::unavailable,
               progress.reason.empty() ? lead : say("{0} The reason", {lead}) + ": " + progress.reason};
}

Event note_of(const Proving& proving, std::string_view what, std::string_view reason) {
  Event event;
  event.what = what;
  event.user = proving.bench.user();
  event.method = proving.to.method.id;
  event.kind = proving.to.method.kind;
  event.reason = std::string(proving.to.channel->gateway);
  if (!reason.empty()) event.reason.append(": ").append(reason);
  return event;
}

Result<Progress> sent(Proving& proving) {
  Result<Progress> progress = proving.sending.begin(proving.to, Asking::Want::another);
  if (!progress) return progress;
  const bool put_off = progress->course == Course::put_off;
  const Status good = begun(*progress);
  if (!put_off) (void)proving.bench.audit.record(note_of(proving, good ? "sent" : "not-sent", progress->reason));
  if (!good) return good.error();
  return progress;
}

// Right or wrong is told; Done = proven, absent = ask again.
Result<std::optional<Done>> judged(Proving& proving, std::string_view answer) {
  const Result<Verdict> verdict = proving.vault.judge(attempt_of(proving, answer));
  if (!verdict) return verdict.error();
  const Status right = told_verdict(*verdict);
  if (right) return std::optional<Done>(Done{});
  if (right.error().code != Code::refused) return right.error();
  if (Status told = say_to(proving.bench.talk, right.error().what); !told) return told.error();
  return std::optional<Done>();
}

Status ask_until_right(Proving& proving, Progress progress) {
  for (;;) {
    std::string answer;
    if (progress.course == Course::agreed) {
      answer = progress.answer.view();
    } else {
      Result<std::string> typed = asked(proving.bench.talk, question(proving));
      if (!typed) return typed.error();
      answer = std::move(*typed);
      if (answer.empty()) {
        Result<Progress> next = proving.sending.running() ? proving.sending.hear() : sent(proving);
        if (!next) return next.error();
        if (Status good = begun(*next); !good) return good;
        progress = std::move(*next);
        continue;
      }
    }
    const bool agreed = progress.course == Course::agreed;
    const Result<std::optional<Done>> right = judged(proving, answer);
    wipe(answer);
    if (!right) return right.error();
    if (*right) return Done{};
    if (agreed) return Error{Code::refused, say("nothing was changed")};
    progress = Progress{Course::sent, {}, {}, {}};
  }
}

enum class Until { proven, sent };

// Sends, and asks until it is right. until = sent: only what needs no question; absent = it is to be confirmed.
Result<std::optional<Done>> proven(Bench& bench, Addressee to, std::string where, Until until) {
  const SignIn place = registering_place(bench.user());
  std::optional<Done> done;
  const Status ended = bench.registrar.with_vault([&](Vault& vault) -> Status {
    Outside outside{bench.config, vault, bench.talk, bench.clock, bench.audit, bench.messenger};
    Sending sending(place, outside);
    Proving proving{bench, vault, sending, std::move(to), std::move(where)};
    Result<Progress> progress = sent(proving);
    if (!progress) return progress.error();
    if (until == Until::sent && progress->course == Course::running) progress = sending.hear();
    if (!progress) return progress.error();
    if (Status good = begun(*progress); !good) return good;
    if (until == Until::sent && progress->course != Course::agreed) return Done{};
    const Status right = ask_until_right(proving, std::move(*progress));
    if (!right) (void)sending.drop();
    if (right) done = Done{};
    return right;
  });
  if (!ended) return ended.error();
  return done;
}

// The first channel that has a gateway here.
Result<Addressee> addressee(const Bench& bench, const Method& method, Proof proof) {
  const Factor* factor = factor_for(method.kind);
  if (factor == nullptr || factor->channels == nullptr)
    return Error{Code::refused, say("{0} is no phone", {method.id})};
  for (const Channel& each : factor->channels(method))
    if (!bench.config.gateway(each.gateway).command.empty()) return Addressee{factor, &each, method, {}, proof};
  return Error{Code::refused, say("this machine has no gateway that could reach it: {0}",
                                  {"gateways." + std::string(factor->channels(method).front().gateway)})};
}

std::string confirm_command(const Bench& bench, const std::string& id) {
  return bench.command + " confirm " + id + " CODE";
}

Status told_end(Bench& bench, const Request& request, const Registering& made, bool right) {
  if (request.form == Format::json) {
    Json json{{"id", made.id}, {"kind", made.method.kind}, {"confirmed", right}};
    if (!right) json["confirm"] = confirm_command(bench, made.id);
    return tell_json(bench, json);
  }
  if (right) return say_to(bench.talk, say("{0} ({1}) is registered.", {made.id, shown_label(made.method.label)}));
  return say_to(bench.talk, say("{0} is not asked for until its first code is confirmed: {1}",
                                {made.id, confirm_command(bench, made.id)}));
}

Status added(Bench& bench, const Request& request, const Factor& factor, const Wish& wish) {
  {
    Random& random =
        bench.random;  // what is wrong with the wish is told before there is a method, and before a gateway is missed
    const Result<Made> tried = factor.make(wish, random, bench.clock.now());
    if (!tried) return tried.error();
    if (const Result<Addressee> to = addressee(bench, tried->method, Proof::waiting); !to) return to.error();
  }
  const Result<Registering> made = register_method(bench, factor, wish);
  if (!made) return made.error();
  Unfinished unfinished(bench, made->id);
  const Result<Addressee> to = addressee(bench, made->method, Proof::waiting);
  if (!to) return to.error();
  const bool later = request.form == Format::json || request.proving == Request::Proving::later;
  const std::string where(made->method.field(factor.receiver));
  const Result<std::optional<Done>> right = proven(bench, *to, where, later ? Until::sent : Until::proven);
  if (!right) return right.error();
  if (*right)
    if (Status done = confirm(bench, *made); !done) return done;
  unfinished.finished();
  return told_end(bench, request, *made, right->has_value());
}

}  // namespace

Status act_add_phone(Bench& bench, Request& request) {
  Wish wish;
  wish.label = request.label;
  const std::pair<const char*, const std::string&> said[] = {
      {"number", request.number}, {"slot", request.slot}, {"extension", request.extension}, {"prefer", request.prefer}};
  for (const auto& [key, value] : said)
    if (!value.empty()) wish.options.emplace(key, value);
  return added(bench, request, *factor_for("phone"), wish);
}

Status ask_for_phone(Bench& bench) {
  Request request;
  request.proving = Request::Proving::at_once;
  for (;;) {
    const Result<std::string> typed =
        asked(bench.talk, say("Number of the mobile phone with its country code (for example +81 90 1234 5678): "));
    if (!typed) return typed.error();
    std::string_view rest = *typed;
    for (request.number.clear(); !rest.empty();)
      if (const char each = take_typed(rest); std::string_view(" -()").find(each) == std::string_view::npos)
        request.number += each;
    if (valid_telephone(request.number)) break;
    if (Status told = say_to(bench.talk, say("That is no number like +81 90 1234 5678.")); !told) return told;
  }
  return act_add_phone(bench, request);
}

bool may_add_phone(const Bench& bench, const Registered& registered) {
  const Config& config = bench.config;
  const bool gateway = !config.gateway("sms").command.empty() || !config.gateway("voice").command.empty();
  return gateway && bench.messenger != nullptr && registered.file.find("mobile") == nullptr &&
         static_cast<bool>(may_be_added(registered, "phone", config.registration));
}

Status act_add_push(Bench& bench, Request& request) {
  Wish wish;
  wish.label = request.label;
  if (!request.device.empty()) wish.options.emplace("device", request.device);
  return added(bench, request, *factor_for("push"), wish);
}

Status act_change_number(Bench& bench, Request& request) {
  const Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  const Method* method = registered->file.find(request.method);
  if (method == nullptr || factor_for(method->kind)->receiver != "number")
    return Error{Code::refused, say("{0} has no phone {1}", {bench.user(), shown(request.method)})};
  if (!valid_telephone(request.number))
    return Error{Code::invalid,
                 say("{0} is no telephone number: one like +819012345678 is expected", {shown(request.number)})};
  if (method->proof != Proof::confirmed)
    return Error{Code::refused, say("{0} has not been proven yet: remove it and add the right number", {method->id})};
  if (method->field("number") == request.number) return Error{Code::refused, say("that is its number already")};
  Result<Addressee> to = addressee(bench, *method, Proof::confirmed);
  if (!to) return to.error();
  to->receiver = request.number;
  const Result<std::optional<Done>> right = proven(bench, *to, request.number, Until::proven);
  if (!right) return right.error();
  Event event;
  event.what = "number-changed";
  event.method = method->id;
  event.kind = method->kind;
  const auto edit = [&](Registered& person) -> Status {
    Method* now = person.file.find(request.method);
    if (now == nullptr || now->fields != method->fields)
      return Error{Code::conflict, say("Your methods were changed meanwhile. Please sign in again.")};
    now->fields.insert_or_assign("number", request.number);
    now->tested = 0;
    return Done{};
  };
  if (Status done = bench.change(edit, std::move(event)); !done) return done;
  return act_list(bench, request);
}

}  // namespace utmfa

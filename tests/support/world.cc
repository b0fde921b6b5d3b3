// SPDX-License-Identifier: Apache-2.0
// The vault in memory: charge, judge, spend, as the real one, without a disk.
#include "world.h"

#include "base/digest.h"

namespace utmfa::test {
namespace {

Result<std::string> digest(std::string_view data) {
  const auto bytes = sha256(data);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

Result<Account> MemoryVault::account() {
  if (faults_.next()) return Error{Code::os, "vault: fault"};
  Account account;
  account.status = file.status;
  account.language = file.language;
  account.state = state;
  account.locked_until = locked_until(throttle, state, clock_.now());
  for (const Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    const MethodState* held = state.find(method.id);
    const MethodState used = held != nullptr ? *held : MethodState{};
    account.methods.push_back({method,
                               std::string(factor->unusable(method, used, clock_.now())),
                               factor->left == nullptr ? -1 : factor->left(method, used),
                               {},
                               Answered::typed,
                               {},
                               {}});
    if (factor->answered != nullptr) {
      account.methods.back().answered = factor->answered(method);
      account.methods.back().model = factor->model(method);
      account.methods.back().host_key = factor->host_key(method);
    }
    if (factor->channels != nullptr)
      for (const Channel& each : factor->channels(method)) account.methods.back().channels.push_back(each.gateway);
  }
  return account;
}

Result<Verdict> MemoryVault::judge(const Attempt& attempt) {
  if (faults_.next()) return Error{Code::os, "vault: fault"};
  if (const Time until = locked_until(throttle, state, clock_.now()); until > clock_.now())
    return Verdict{Judged::throttled, until, state.streak};
  if (const Method* method = file.find(attempt.method)) return judge_method(*method, attempt);
  charge(state, {}, clock_.now());
  return Verdict{Judged::rejected, locked_until(throttle, state, clock_.now()), state.streak};
}

Result<Verdict> MemoryVault::judge_method(const Method& method, const Attempt& attempt) {
  const Factor* factor = factor_for(method.kind);
  const auto kept = secrets.find(method.id);
  Secret secret = kept == secrets.end() ? Secret() : kept->second.clone();
  Secret answer(attempt.answer);
  if (factor->prepare != nullptr) {
    Result<Secret> prepared = factor->prepare(secret, attempt.answer);
    if (!prepared) return prepared.error();
    answer = std::move(*prepared);
  }
  if (factor->channels != nullptr) {
    const Challenge* sent = open_challenge(state, method.id, attempt.asked.where, clock_.now());
    const Challenge none;
    const std::string typed =
        *digest(bound(bound_to(method, attempt.asked, attempt.receiver), sent ? *sent : none, answer.view()));
    answer = Secret(typed.substr(0, 16));
    secret = sent ? Secret({reinterpret_cast<const char*>(sent->digest.data()), sent->digest.size()}) : Secret();
  }
  if (factor->answered != nullptr) secret = Secret(attempt.challenge);
  const State before = state;
  const MethodState* held = before.find(method.id);
  if (held != nullptr && disabled(throttle, *held)) return Verdict{Judged::disabled, 0, state.streak};
  charge(state, method.id, clock_.now());
  Result<Judgement> judgement = factor->judge(method, secret, state.of(method.id), rules, answer.view(), clock_.now());
  if (!judgement) return judgement.error();
  if (judgement->use == Use::accepted && factor->channels != nullptr)
    judgement->use = spend_challenge(state, method.id, attempt.asked.where, clock_.now());
  if (judgement->use == Use::used) state = before;
  if (judgement->use == Use::accepted) {
    state.of(method.id) = judgement->after;
    settle(state, method.id, clock_.now());
    if (attempt.remember_place != 0) state.remembered[0] = {attempt.remember_place, attempt.remember_until};
  }
  Verdict verdict;
  verdict.judged = judgement->use == Use::accepted ? Judged::accepted
                   : judgement->use == Use::used   ? Judged::used
                   : judgement->use == Use::copied ? Judged::copied
                                                   : Judged::rejected;
  verdict.locked_until = locked_until(throttle, state, clock_.now());
  verdict.failures = state.streak;
  verdict.why = judgement->why;
  return verdict;
}

Bound MemoryVault::bound_to(const Method& method, const Asked& asked, std::string_view receiver) const {
  return {file.user, method.id, method.kind,
          receiver.empty() ? method.field(factor_for(method.kind)->receiver) : receiver, asked};
}

Result<Issue> MemoryVault::issue(const Asking& asking) {
  if (faults_.next()) return Error{Code::os, "vault: fault"};
  const Method* method = file.find(asking.method);
  if (method == nullptr) return Error{Code::refused, "issue: no such method"};
  return make_challenge(state, asking, bound_to(*method, asking.asked, asking.receiver), throttle.delivery, random_,
                        digest, clock_.now());
}

Status MemoryVault::withdraw(const Asking& asking, std::int64_t retry_after) {
  if (faults_.next()) return Error{Code::os, "vault: fault"};
  withdraw_challenge(state, asking, retry_after, clock_.now());
  return Done{};
}

Result<Verdict> MemoryVault::denied(Denial denial) {
  if (faults_.next()) return Error{Code::os, "vault: fault"};
  state.challenges.clear();
  state.denied = clock_.now();
  if (denial == Denial::fraud) lock(throttle, state, clock_.now());
  return Verdict{Judged::rejected, locked_until(throttle, state, clock_.now()), state.streak};
}

}  // namespace utmfa::test

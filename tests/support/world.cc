// SPDX-License-Identifier: Apache-2.0
// The vault in memory: charge, judge, spend, as the real one, without a disk.
#include "world.h"

namespace utmfa::test {

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
    account.methods.push_back({method, std::string(factor->unusable(method, used, clock_.now())),
                               factor->left == nullptr ? -1 : factor->left(method, used)});
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
  const Secret& secret = secrets.find(method.id)->second;
  Secret answer(attempt.answer);
  if (factor->prepare != nullptr) {
    Result<Secret> prepared = factor->prepare(secret, attempt.answer);
    if (!prepared) return prepared.error();
    answer = std::move(*prepared);
  }
  const State before = state;
  const MethodState* held = before.find(method.id);
  if (held != nullptr && disabled(throttle, *held)) return Verdict{Judged::disabled, 0, state.streak};
  charge(state, method.id, clock_.now());
  Result<Judgement> judgement = factor->judge(method, secret, state.of(method.id), rules, answer.view(), clock_.now());
  if (!judgement) return judgement.error();
  if (judgement->use == Use::used) state = before;
  if (judgement->use == Use::accepted) {
    state.of(method.id) = judgement->after;
    settle(state, method.id, clock_.now());
    if (attempt.remember_place != 0) state.remembered[0] = {attempt.remember_place, attempt.remember_until};
  }
  Verdict verdict;
  verdict.judged = judgement->use == Use::accepted ? Judged::accepted
                   : judgement->use == Use::used   ? Judged::used
                                                   : Judged::rejected;
  verdict.locked_until = locked_until(throttle, state, clock_.now());
  verdict.failures = state.streak;
  return verdict;
}

}  // namespace utmfa::test

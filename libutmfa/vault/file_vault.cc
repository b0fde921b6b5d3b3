// SPDX-License-Identifier: Apache-2.0
// Account and judgement of one person on one machine. Charge, judge and spend are one durable step under the lock of
// that person's state; nothing slow runs while it is held.
#include "vault/file_vault.h"

#include <sys/stat.h>

#include <algorithm>

#include "vault/challenge.h"
#include "vault/decoy.h"

namespace utmfa {
namespace {

class Held {
 public:
  explicit Held(StateFile& file) : file_(file) {}
  ~Held() { file_.unlock(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  StateFile& file_;
};

MethodState of(const State& state, std::string_view id) {
  const MethodState* found = state.find(id);
  return found == nullptr ? MethodState{} : *found;
}

Time still_locked(const ThrottleRules& rules, const State& state, Time now) {
  const Time until = locked_until(rules, state, now);
  return until > now ? until : 0;
}

Verdict verdict_of(Judged judged, const ThrottleRules& rules, const State& state, Time now) {
  return {judged, still_locked(rules, state, now), state.streak, {}};
}

Judged judged(Use use) {
  switch (use) {
    case Use::accepted: return Judged::accepted;
    case Use::used: return Judged::used;
    case Use::copied: return Judged::copied;
    case Use::rejected: return Judged::rejected;
  }
  return Judged::rejected;
}

void remember(State& state, std::uint64_t place, Time until) {
  Remembered* slot = &state.remembered[0];
  for (Remembered& each : state.remembered) {
    if (each.place == place) {
      slot = &each;
      break;
    }
    if (each.until < slot->until) slot = &each;
  }
  *slot = {place, until};
}

}  // namespace

// What an attempt is judged against. A decoy has a secret that nobody knows, and is never accepted.
struct FileVault::Subject {
  const Factor* factor;
  Method method;
  Secret secret;
  Secret answer;
  enum class Kind { real, decoy } kind;
};

FileVault::FileVault(Record& record, const FactorRules& rules, const ThrottleRules& throttle, Clock& clock,
                     Random& random, MethodSource methods)
    : record_(record), rules_(rules), throttle_(throttle), clock_(clock), random_(random), methods_(std::move(methods)),
      state_(record.state.get(), record.state_user.empty() ? record.user : record.state_user, record.keys,
             record.state_path) {}

Result<MethodFile> FileVault::read_methods() {
  if (methods_) return methods_();
  if (!record_.methods) return decoy_method_file();
  const Result<std::string> text = contents(record_.methods.get(), record_.methods_path, longest_method_file);
  if (!text) return text.error();
  Result<MethodFile> file = parse_method_file(*text, record_.methods_path, kind_rules());
  if (file && file->user != record_.user)
    return Error{Code::corrupt,
                 record_.methods_path + ": belongs to another user: expected `user` to be the name asked for"};
  return file;
}

Result<AccountMethod> FileVault::shown(const Method& method, const State& state, Time now) const {
  const Factor* factor = factor_for(method.kind);
  if (factor == nullptr) return Error{Code::internal, method.id + ": unknown kind"};
  AccountMethod shown{method, {}, -1, {}, Answered::typed, {}, {}};
  for (const FieldRule& rule : factor->fields)
    if (rule.type == FieldType::sealed)
      if (const auto found = shown.method.fields.find(rule.key); found != shown.method.fields.end())
        shown.method.fields.erase(found);
  const MethodState about = of(state, method.id);
  shown.unusable = disabled(throttle_, about) ? UTMFA_MSG("too many wrong codes: it must be registered again")
                                              : factor->unusable(method, about, now);
  shown.left = factor->left(method, about);
  if (factor->channels != nullptr)
    for (const Channel& each : factor->channels(method)) shown.channels.push_back(each.gateway);
  if (factor->answered != nullptr) {
    shown.answered = factor->answered(method);
    shown.model = factor->model(method);
    shown.host_key = factor->host_key(method);
  }
  return shown;
}

// The state first: whoever changes both writes the method file first, so that a list with another revision than the
// one remembered here is at worst newer, and then judge() refuses.
Result<Account> FileVault::account() {
  Result<State> state = state_.read();
  if (!state) return state.error();
  if (file_ && state->revision != revision_) return Error{Code::conflict, record_.methods_path + ": changed meanwhile"};
  revision_ = state->revision;
  if (!file_) {
    Result<MethodFile> file = read_methods();
    if (!file) return file.error();
    file_ = std::move(*file);
  }
  const Time now = clock_.now();
  Account account;
  account.locked_until = still_locked(throttle_, *state, now);
  account.status = file_->status;
  account.language = file_->language;
  account.reset = file_->reset;
  account.reminded = file_->reminded;
  for (const Method& method : file_->methods) {
    if (method.proof != Proof::confirmed) continue;
    Result<AccountMethod> each = shown(method, *state, now);
    if (!each) return each.error();
    account.methods.push_back(std::move(*each));
  }
  account.state = std::move(*state);
  return account;
}

Result<Secret> FileVault::opened(const Method& method, const Factor& factor) const {
  if (factor.secret_field.empty()) return Secret();
  return unseal(record_.keys, {record_.user, method.id, method.kind, factor.secret_field},
                method.field(factor.secret_field));
}

Result<const Method*> FileVault::method_of(std::string_view id, std::string_view kind, Proof proof) const {
  const Method* method = file_->find(id);
  if (method == nullptr || method->kind != kind || (method->proof == Proof::waiting && proof != Proof::waiting))
    return Error{Code::refused, "judge: no such method"};
  return method;
}

Result<FileVault::Subject> FileVault::subject_of(const Attempt& attempt) {
  const Factor* factor = factor_for(attempt.kind);
  if (factor == nullptr) return Error{Code::invalid, "judge: unknown kind of method"};
  Subject subject{factor, {}, {}, {}, attempt.method.empty() ? Subject::Kind::decoy : Subject::Kind::real};
  if (subject.kind == Subject::Kind::decoy) {
    if (factor->decoy == nullptr) return Error{Code::invalid, "judge: this kind has no decoy"};
    Result<Made> made = factor->decoy(random_, clock_.now());
    if (!made) return made.error();
    subject.method = std::move(made->method);
    if (const auto secret = made->secrets.find(factor->secret_field); secret != made->secrets.end())
      subject.secret = std::move(secret->second);
  } else {
    const Result<const Method*> method = method_of(attempt.method, attempt.kind, attempt.proof);
    if (!method) return method.error();
    Result<Secret> secret = opened(**method, *factor);
    if (!secret) return secret.error();
    subject.method = **method;
    subject.secret = factor->answered == nullptr ? std::move(*secret) : Secret(attempt.challenge);
  }
  Result<Secret> answer = factor->prepare == nullptr ? Result<Secret>(Secret(attempt.answer))
                                                     : factor->prepare(subject.secret, attempt.answer);
  if (!answer) return answer.error();
  subject.answer = std::move(*answer);
  return subject;
}

// Under the lock: the list read by account() is still the person's list. Its file is only ever replaced.
Status FileVault::unchanged(const State& state) const {
  struct stat about {};
  if (methods_ && state.revision == revision_) return Done{};
  if (record_.methods && fstat(record_.methods.get(), &about) != 0)
    return os_error(record_.methods_path, "cannot be examined");
  if (state.revision == revision_ && (!record_.methods || about.st_nlink > 0)) return Done{};
  return Error{Code::conflict, record_.methods_path + ": changed meanwhile"};
}

Result<Verdict> FileVault::judge(const Attempt& attempt) {
  if (!file_) return Error{Code::internal, "judge: account was not asked for"};
  Result<Subject> subject = subject_of(attempt);
  if (!subject) return subject.error();
  if (Status locked = state_.lock(); !locked) return locked.error();
  const Held held(state_);
  Result<State> state = state_.read();
  if (!state) return state.error();
  if (Status same = unchanged(*state); !same) return same.error();
  return judge_locked(*subject, attempt, *state);
}

Result<std::string> FileVault::digest(std::string_view data) const {
  const auto key = record_.keys.keys.find(record_.keys.active);
  if (key == record_.keys.keys.end()) return Error{Code::internal, "key ring: no active key"};
  return keyed_digest(key->second, "challenge", data);
}

// The code that was sent last for this place, and what was typed, as digests: no code is kept.
Status FileVault::expect_code(Subject& subject, const Attempt& attempt, const State& state) const {
  const Challenge* challenge = open_challenge(state, attempt.method, attempt.asked.where, clock_.now());
  const std::string_view receiver =
      attempt.receiver.empty() ? subject.method.field(subject.factor->receiver) : attempt.receiver;
  const Challenge none;
  const Challenge& sent = challenge == nullptr ? none : *challenge;
  const Result<std::string> typed =
      digest(bound({record_.user, attempt.method, attempt.kind, receiver, attempt.asked}, sent, subject.answer.view()));
  if (!typed) return typed.error();
  subject.answer = Secret(typed->substr(0, sent.digest.size()));
  subject.secret =
      challenge == nullptr ? Secret() : Secret({reinterpret_cast<const char*>(sent.digest.data()), sent.digest.size()});
  return Done{};
}

Status FileVault::change(const std::function<Status(State&, Time)>& edit) {
  if (!file_) return Error{Code::internal, "vault: account was not asked for"};
  if (Status locked = state_.lock(); !locked) return locked;
  const Held held(state_);
  Result<State> state = state_.read();
  if (!state) return state.error();
  if (Status same = unchanged(*state); !same) return same;
  if (Status edited = edit(*state, clock_.now()); !edited) return edited;
  if (Status written = state_.write(*state, Stage::decided); !written) return written;
  return state_.sync();
}

Result<Issue> FileVault::issue(const Asking& asking) {
  if (!file_) return Error{Code::internal, "issue: account was not asked for"};
  const Factor* factor = factor_for(asking.kind);
  const Result<const Method*> method = method_of(asking.method, asking.kind, asking.proof);
  if (!method) return method.error();
  if (factor == nullptr || factor->channels == nullptr) return Error{Code::refused, "issue: nothing to send"};
  const std::string_view receiver = asking.receiver.empty() ? (*method)->field(factor->receiver) : asking.receiver;
  const Bound to{record_.user, asking.method, asking.kind, receiver, asking.asked};
  Issue issue;
  const Status done = change([&](State& state, Time now) -> Status {
    if (const Time until = still_locked(throttle_, state, now); until != 0) {
      issue.issued = Issued::locked;
      issue.again = until;
      return Done{};
    }
    Result<Issue> made = make_challenge(
        state, asking, to, throttle_.delivery, random_, [this](std::string_view data) { return digest(data); }, now);
    if (!made) return made.error();
    issue = std::move(*made);
    return Done{};
  });
  if (!done) return done.error();
  return issue;
}

Status FileVault::withdraw(const Asking& asking, std::int64_t retry_after) {
  return change([&](State& state, Time now) -> Status {
    withdraw_challenge(state, asking, retry_after, now);
    return Done{};
  });
}

Result<Verdict> FileVault::denied(Denial denial) {
  Verdict verdict;
  const Status done = change([&](State& state, Time now) -> Status {
    state.challenges.clear();
    state.denied = now;
    if (denial == Denial::fraud) lock(throttle_, state, now);
    verdict = verdict_of(Judged::rejected, throttle_, state, now);
    return Done{};
  });
  if (!done) return done.error();
  return verdict;
}

// A code that is right but used is denied without counting as a failure: it comes from a second session started with
// one code or from a retry, and tells a guesser nothing that he had not; the sign-in's tries bound how often it is asked.
Result<Verdict> FileVault::judge_locked(Subject& subject, const Attempt& attempt, State& state) {
  const Time now = clock_.now();
  if (still_locked(throttle_, state, now) != 0) return verdict_of(Judged::throttled, throttle_, state, now);
  const MethodState before = of(state, attempt.method);
  if (disabled(throttle_, before)) return verdict_of(Judged::disabled, throttle_, state, now);
  if (subject.factor->channels != nullptr)
    if (Status expected = expect_code(subject, attempt, state); !expected) return expected.error();
  State decided = state;
  charge(state, attempt.method, now);
  if (Status charged = state_.write(state, Stage::charged); !charged) return charged.error();

  Result<Judgement> judgement =
      subject.factor->judge(subject.method, subject.secret, before, rules_, subject.answer.view(), now);
  if (!judgement) {
    (void)state_.sync();  // the error is told, the failure stays counted
    return judgement.error();
  }
  Use use = subject.kind == Subject::Kind::real ? judgement->use : Use::rejected;
  if (use == Use::accepted && subject.factor->channels != nullptr)
    use = spend_challenge(decided, attempt.method, attempt.asked.where, now);
  if (use == Use::rejected || use == Use::copied) decided = state;
  if (use == Use::accepted) {
    MethodState& after = decided.of(attempt.method);
    const std::uint64_t mark = after.method;
    after = judgement->after;
    after.method = mark;
    settle(decided, attempt.method, now);
    if (attempt.remember_place != 0) remember(decided, attempt.remember_place, attempt.remember_until);
  }
  if (Status written = state_.write(decided, Stage::decided); !written) return written.error();
  if (Status synced = state_.sync(); !synced) return synced.error();
  Verdict verdict = verdict_of(judged(use), throttle_, decided, now);
  verdict.why = judgement->why;
  return verdict;
}

}  // namespace utmfa

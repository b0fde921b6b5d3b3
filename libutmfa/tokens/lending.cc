// SPDX-License-Identifier: Apache-2.0
// Counters travel with the token: what was used while one person had it is used for the next one too.
#include "tokens/lending.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "base/yaml.h"

namespace utmfa {
namespace {

Error refused(const std::string& why) { return {Code::refused, why}; }

const Factor& factor_of(const Token& token) { return *factor_for(token.kind); }  // the stock was read: it is known

bool fixed_by_resync(std::string_view key) { return key == "ahead" || key == "behind"; }

// The method that a person gets, with its secret; its counter goes on where the token was.
Result<Made> made_of(const Token& token, Secret secret, const std::string& label, Random& random, Time now) {
  Wish wish;
  wish.label = label;
  wish.secret = std::move(secret);
  wish.options.emplace("serial", token.serial);
  for (const auto& [key, value] : token.fields)
    if (!fixed_by_resync(key)) wish.options.emplace(key, value);
  Result<Made> made = factor_of(token).make(wish, random, now);
  if (!made) return made;
  for (const auto& [key, value] : token.fields)
    if (fixed_by_resync(key)) made->method.fields.insert_or_assign(key, value);
  made->moving = std::max(made->moving, token.moving);
  return made;
}

// Steps that the clock was last seen to drift become part of what is known of the token.
void take_drift(Token& token, std::int64_t drift) {
  const auto field = [&](std::string_view key) -> std::int64_t {
    const auto found = token.fields.find(key);
    return found == token.fields.end() ? 0 : number(found->second, 0, 240).value_or(0);
  };
  const std::int64_t off = std::clamp<std::int64_t>(field("ahead") - field("behind") + drift, -240, 240);
  token.fields.erase("ahead");
  token.fields.erase("behind");
  if (off != 0) token.fields.emplace(off > 0 ? "ahead" : "behind", std::to_string(off > 0 ? off : -off));
}

void take_state(Token& token, const Method& method, const MethodState& state) {
  for (const std::string_view key : {"ahead", "behind"}) {
    token.fields.erase(std::string(key));
    if (const std::string_view value = method.field(key); !value.empty()) token.fields.emplace(key, value);
  }
  take_drift(token, state.drift);
  // A state that was made anew has spent more than the token has: only two codes tell where it is.
  token.unknown = state.failures == std::numeric_limits<std::uint32_t>::max();
  if (!token.unknown) token.moving = std::max(token.moving, state.moving);
}

// The person removed it, or was reset: what was used meanwhile went with the registration.
void take_loss(Token& token, const FactorRules& rules, Time now) {
  Method method;
  method.kind = token.kind;
  for (const auto& [key, value] : token.fields) method.fields.emplace(key, value);
  const MethodState spent = factor_of(token).spent(method, rules, now);
  token.unknown = spent.failures == std::numeric_limits<std::uint32_t>::max();
  if (!token.unknown) token.moving = std::max(token.moving, spent.moving);
}

bool counts(const Method& method) {
  const Factor* factor = factor_for(method.kind);
  return factor != nullptr && factor->standing == Standing::lasting && method.proof == Proof::confirmed;
}

Status take_out(Registered& person, const std::string& id, const RegistrationRules& rules, Minimum minimum) {
  // An ended registration asks for nothing any more, so that there is no minimum to keep.
  if (minimum == Minimum::kept && person.file.status != Registration::ended) {
    Status removed = remove_method(person, id, rules);
    if (!removed && removed.error().code == Code::refused)
      return refused(person.file.user + ", " + id + ": " + removed.error().what +
                     "; register another one first: utmfa-enroll --user " + person.file.user +
                     " add recovery; or take it all the same: --force");
    if (!removed) return removed;
  } else {
    std::erase_if(person.file.methods, [&](const Method& each) { return each.id == id; });
  }
  if (person.file.methods.empty() && person.file.status == Registration::setting_up)
    person.file.status = Registration::none;
  return Done{};
}

// Out of the registration of whoever has it; the counters into `token`.
Result<Back> out_of_registration(const LendingDesk& desk, Token& token, Minimum minimum) {
  Back back;
  back.user = token.loan->user;
  back.kind = token.kind;
  const Time now = desk.clock.now();
  const Result<Registered> before = desk.registry.read(back.user);
  if (!before) return before.error();
  if (method_of(before->file, token) == nullptr) {
    take_loss(token, desk.rules, now);
    return back;
  }
  const auto edit = [&](Registered& person) -> Status {
    const Method* method = method_of(person.file, token);
    if (method == nullptr) return Error{Code::conflict, back.user + ": the registration was changed: try again"};
    back.method = method->id;
    take_state(token, *method, person.state.of(method->id));
    if (Status out = take_out(person, back.method, desk.registration, minimum); !out) return out;
    back.left = static_cast<int>(std::count_if(person.file.methods.begin(), person.file.methods.end(), counts));
    back.short_of = person.file.status == Registration::active && back.left < desk.registration.minimum;
    return Done{};
  };
  if (Status done = desk.registry.change(back.user, edit); !done) return done.error();
  return back;
}

void remember_loan(Token& token, Time now) {
  Loan over = std::move(*token.loan);
  token.loan.reset();
  over.returned = now;
  over.due.clear();
  token.past.insert(token.past.begin(), std::move(over));
  if (token.past.size() > most_past_loans) token.past.resize(most_past_loans);
}

// Whoever had it before may have got an old registration back.
Status nobody_else(const LendingDesk& desk, const Token& token, const std::string& user) {
  for (const Loan& loan : token.past) {
    if (loan.user == user) continue;
    const Result<Registered> person = desk.registry.read(loan.user);
    if (!person) return person.error();
    if (const Method* method = method_of(person->file, token); method != nullptr)
      return refused(loan.user + " has this token registered as " + method->id + ": utmfa-enroll --user " + loan.user +
                     " remove " + method->id);
  }
  return Done{};
}

// The registration lost it: by the person, by a reset, or because lending was cut off.
Error not_registered(const Token& token) {
  return refused(token.serial + " is lent to " + token.loan->user +
                 ", and not in the registration: utmfa-admin token return " + token.serial);
}

Status may_be_lent(const LendingDesk& desk, const Token& token, const std::string& user) {
  if (token.retired != 0) return refused(token.serial + " is retired");
  if (token.loan && token.loan->user != user) return refused(token.serial + " is lent to " + token.loan->user);
  if (Status alone = nobody_else(desk, token, user); !alone) return alone;
  const Result<Registered> person = desk.registry.read(user);
  if (!person) return person.error();
  if (const Method* method = method_of(person->file, token); method != nullptr)
    return refused(user + " has this token already: " + method->id);
  if (token.loan) return not_registered(token);
  if (token.unknown)
    return refused(token.serial + ": which of its codes were used is not known: utmfa-admin token resync " +
                   token.serial + " CODE CODE");
  return Done{};
}

// A code at the desk proves that the token in the hand is the one in the stock. Nobody is charged for a wrong one.
Result<MethodState> proven(const LendingDesk& desk, Made& made, const std::string& code) {
  MethodState state;
  state.moving = made.moving;
  const Factor& factor = *factor_for(made.method.kind);
  const Secret& secret = made.secrets.find(factor.secret_field)->second;
  const Result<Judgement> judged = factor.judge(made.method, secret, state, desk.rules, code, desk.clock.now());
  if (!judged) return judged.error();
  if (judged->use == Use::used) return refused("that code was already used: wait for the next one");
  if (judged->use != Use::accepted)
    return refused(
        "that is not a code of this token now: is it the right token? utmfa-admin token resync sets its "
        "clock or counter right");
  made.method.proof = Proof::confirmed;
  made.moving = judged->after.moving;
  return judged->after;
}

}  // namespace

const Method* method_of(const MethodFile& file, const Token& token) {
  const auto found = std::find_if(file.methods.begin(), file.methods.end(), [&](const Method& each) {
    return each.kind == token.kind && each.field("serial") == token.serial;
  });
  return found == file.methods.end() ? nullptr : &*found;
}

Result<std::vector<std::string>> tokens_of_others(const StockPlace& place, const MethodFile& file) {
  const Result<std::vector<Token>> tokens = read_stock(place);
  if (!tokens) return tokens.error();
  std::vector<std::string> ids;
  for (const Token& token : *tokens) {
    const Method* method = method_of(file, token);
    if (method != nullptr && (!token.loan || token.loan->user != file.user)) ids.push_back(method->id);
  }
  return ids;
}

Result<Lent> lend(const LendingDesk& desk, const LoanWish& wish) {
  Result<HeldStock> held = HeldStock::open(desk.stock);
  if (!held) return held.error();
  const Result<Token*> found = held->find(wish.serial);
  if (!found) return found.error();
  Token& token = **found;
  const Time now = desk.clock.now();
  const Token before = token;
  if (Status may = may_be_lent(desk, token, wish.user); !may) return may.error();
  Result<Secret> secret = unseal_token(desk.ring, token);
  if (!secret) return secret.error();
  Result<Made> made = made_of(token, std::move(*secret), wish.label, desk.random, now);
  if (!made) return made.error();
  MethodState state;
  if (!wish.code.empty()) {
    const Result<MethodState> shown = proven(desk, *made, wish.code);
    if (!shown) return shown.error();
    state = *shown;
  }
  token.loan = Loan{wish.user, now, wish.due, 0};
  if (Status written = held->write(); !written) return written.error();
  Lent lent{{}, token.kind, made->method.proof};
  const UserKeys keys = desk.ring.keys_for(wish.user);
  const Status added = desk.registry.change(wish.user, [&](Registered& person) -> Status {
    Result<std::string> id = add_method(person, std::move(*made), keys, desk.random, now);
    if (!id) return id.error();
    person.state.of(*id).drift = state.drift;
    lent.method = *id;
    return Done{};
  });
  if (added) return lent;
  token = before;
  if (Status back = held->write(); !back)
    return Error{added.error().code, added.error().what + "; " + back.error().what};
  return added.error();
}

Result<Back> take_back(const LendingDesk& desk, const std::string& serial, Minimum minimum) {
  Result<HeldStock> held = HeldStock::open(desk.stock);
  if (!held) return held.error();
  const Result<Token*> token = held->find(serial);
  if (!token) return token.error();
  if (!(*token)->loan) return refused(serial + " is not lent: it is " + std::string(name((*token)->holding())));
  Result<Back> back = out_of_registration(desk, **token, minimum);
  if (!back) return back;
  remember_loan(**token, desk.clock.now());
  if (Status written = held->write(); !written) return written.error();
  back->unknown = (*token)->unknown;
  return back;
}

Result<Back> retire(const LendingDesk& desk, const std::string& serial, const std::string& reason, Minimum minimum) {
  Result<HeldStock> held = HeldStock::open(desk.stock);
  if (!held) return held.error();
  const Result<Token*> found = held->find(serial);
  if (!found) return found.error();
  Token& token = **found;
  if (token.retired != 0) return refused(serial + " is retired already");
  Result<Back> back = token.loan ? out_of_registration(desk, token, minimum) : Result<Back>(Back{});
  if (!back) return back;
  if (token.loan) remember_loan(token, desk.clock.now());
  token.retired = desk.clock.now();
  token.reason = cleaned(reason, 255);
  token.secret.clear();
  token.unknown = false;
  token.moving = -1;
  if (Status written = held->write(); !written) return written.error();
  return back;
}

namespace {

Status set_right(const LendingDesk& desk, const Factor& factor, Method& method, const Secret& secret,
                 MethodState& state, std::string_view first, std::string_view second) {
  const Result<Use> use = factor.resync(method, secret, state, first, second, desk.clock.now());
  if (!use) return use.error();
  if (*use == Use::used) return refused("these codes were already used: wait for the next two");
  if (*use != Use::accepted)
    return refused("these are not two codes of this token, one after the other: is it the right token?");
  return Done{};
}

// In the registration of the person who has it.
Status resync_lent(const LendingDesk& desk, const Token& token, const Secret& secret, std::string_view first,
                   std::string_view second) {
  const Result<Registered> person = desk.registry.read(token.loan->user);
  if (!person) return person.error();
  if (method_of(person->file, token) == nullptr) return not_registered(token);
  return desk.registry.change(token.loan->user, [&](Registered& now) -> Status {
    const Method* found = method_of(now.file, token);
    if (found == nullptr) return not_registered(token);
    Method& method = *now.file.find(found->id);
    return set_right(desk, factor_of(token), method, secret, now.state.of(method.id), first, second);
  });
}

}  // namespace

Status resync(const LendingDesk& desk, const std::string& serial, std::string_view first, std::string_view second) {
  Result<HeldStock> held = HeldStock::open(desk.stock);
  if (!held) return held.error();
  const Result<Token*> found = held->find(serial);
  if (!found) return found.error();
  Token& token = **found;
  if (token.retired != 0) return refused(serial + " is retired");
  const Result<Secret> secret = unseal_token(desk.ring, token);
  if (!secret) return secret.error();
  if (token.loan) return resync_lent(desk, token, *secret, first, second);
  const Result<Made> made = made_of(token, secret->clone(), token.serial, desk.random, desk.clock.now());
  if (!made) return made.error();
  Method method = made->method;
  MethodState state;
  state.moving = made->moving;
  if (Status right = set_right(desk, factor_of(token), method, *secret, state, first, second); !right) return right;
  take_state(token, method, state);
  return held->write();
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The order of the questions is the policy: exempt, needed at all, enrolled, remembered, and then which methods.
// Whatever ends without an answer ends with Need::factor and no offer, which is a refusal.
#include "policy/plan.h"

#include <algorithm>

#include "base/text.h"
#include "guard/guard.h"

namespace utmfa {
namespace {

struct Question {
  const Config& config;
  const SignIn& sign_in;
  const Account& account;
  Time now;
  std::uint64_t place_mark;
  const Service& service;

  bool test() const { return sign_in.service == test_service || sign_in.service == self_service; }
};

bool named(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string at(const Question& ask, Place place) {
  return place.line == 0 ? "(default)" : "(" + ask.config.file_of(place) + ":" + std::to_string(place.line) + ")";
}

// "services.sshd.require = always (/etc/utmfa/utmfa.yaml:12)"; a value that a service inherits is named where it stands.
std::string setting(const Question& ask, std::string_view key, std::string_view value, Place place, Place inherited) {
  const bool own = place != inherited || ask.test();
  return filled("services.{0}.{1} = {2} {3}",
                {own ? std::string_view(ask.sign_in.service) : "default", key, value, at(ask, place)});
}

std::string require_setting(const Question& ask) {
  return setting(ask, "require", name(ask.service.require), ask.service.require_at, ask.config.fallback.require_at);
}

std::string not_enrolled_setting(const Question& ask) {
  return setting(ask, "not-enrolled", name(ask.service.not_enrolled), ask.service.not_enrolled_at,
                 ask.config.fallback.not_enrolled_at);
}

std::string methods_setting(const Question& ask) {
  std::string kinds;
  for (const std::string& kind : ask.service.methods) kinds.append(kinds.empty() ? "" : ", ").append(kind);
  return setting(ask, "methods", "[" + kinds + "]", ask.service.methods_at, ask.config.fallback.methods_at);
}

// Whoever unlocks has signed in, and the desktop behind the lock is his.
bool skipped(const Question& ask, Plan& plan) {
  if (ask.sign_in.purpose != Purpose::unlock || ask.service.unlock != Unlock::skip) return false;
  plan.need = Need::not_needed;
  plan.reason = "unlocking: " + setting(ask, "unlock", "skip", ask.service.unlock_at, ask.config.fallback.unlock_at);
  return true;
}

bool enrolled(const Question& ask) {
  return ask.account.status == Registration::active || (ask.test() && ask.account.status == Registration::setting_up);
}

enum class Match { yes, no, unknown };  // unknown: would match, if the groups were known

Match in_groups(const Exemption& rule, const SignIn& sign_in) {
  if (rule.groups.empty()) return Match::yes;
  if (!sign_in.groups) return Match::unknown;
  const auto held = [&sign_in](const std::string& group) { return named(*sign_in.groups, group); };
  return std::any_of(rule.groups.begin(), rule.groups.end(), held) ? Match::yes : Match::no;
}

Match matches(const Exemption& rule, const SignIn& sign_in) {
  const auto inside = [&sign_in](const Network& network) { return contains(network, sign_in.from); };
  if (!rule.services.empty() && !named(rule.services, sign_in.service)) return Match::no;
  if (!rule.users.empty() && !named(rule.users, sign_in.user)) return Match::no;
  if (!rule.networks.empty() && std::none_of(rule.networks.begin(), rule.networks.end(), inside)) return Match::no;
  return in_groups(rule, sign_in);
}

// The first rule that matches exempts; `unresolved` tells of those that wait for groups that nobody could tell. The
// test sign-in is never exempt: it would prove nothing.
bool exempt(const Question& ask, std::string& reason, std::string& unresolved) {
  if (ask.test()) return false;
  int number = 0;
  for (const Exemption& rule : ask.config.exemptions) {
    const std::string which = "exempt rule " + std::to_string(++number) + " " + at(ask, rule.at);
    const Match match = matches(rule, ask.sign_in);
    if (match == Match::yes) {
      reason = which;
      return true;
    }
    if (match == Match::unknown) unresolved += "; " + which + " does not apply: the groups could not be resolved";
  }
  return false;
}

bool remembered(const Question& ask) {
  if (ask.place_mark == 0 || ask.service.remember == 0 || ask.account.status != Registration::active) return false;
  for (const Remembered& each : ask.account.state.remembered)
    // Never longer than the configuration says now, also when the clock was set back.
    if (each.place == ask.place_mark && each.until > ask.now && each.until - ask.now <= ask.service.remember)
      return true;
  return false;
}

std::string refused(const Question& ask, const AccountMethod& each) {
  const Method& method = each.method;
  if (method.proof != Proof::confirmed) return "its first code has not been proven";
  if (!ask.sign_in.without.empty() && method.id == ask.sign_in.without) return "it is the one to be changed";
  if (!ask.service.methods.empty() && !named(ask.service.methods, method.kind))
    return methods_setting(ask) + " does not take " + method.kind;
  const MethodState* state = ask.account.state.find(method.id);
  if (state && disabled(ask.config.throttle, *state))
    return filled("disabled after {0} wrong answers in a row: register it again", {std::to_string(state->failures)});
  return each.unusable;
}

// Of the gateways that could bring its code, those that this machine has.
std::vector<std::string_view> channels_here(const Question& ask, const AccountMethod& each) {
  std::vector<std::string_view> here;
  for (const std::string_view kind : each.channels)
    if (!ask.config.gateway(kind).command.empty()) here.push_back(kind);
  return here;
}

// Nothing is sent for somebody of whom it is not known that he is half in already: anybody could have it sent.
std::string unsent(const Question& ask, const AccountMethod& each, const std::vector<std::string_view>& here) {
  if (each.channels.empty()) return {};
  std::string kinds;
  for (const std::string_view kind : each.channels)
    kinds.append(kinds.empty() ? "gateways." : ", gateways.").append(kind);
  if (here.empty()) return filled("there is no gateway for it: {0} is not in {1}", {kinds, ask.config.path});
  if (ask.test() || ask.sign_in.first == FirstFactor::proven) return {};
  return "nothing is sent before the first factor is known to be right";
}

bool sshd_tells_enough(const Question& ask) {
  return ask.service.verification != KeyUser::required || ask.config.fido.ssh_verification == SshVerification::enforced;
}

std::string model_refused(const Question& ask, const AccountMethod& each) {
  const std::vector<std::string>& taken = ask.service.key_models;
  if (each.answered == Answered::typed || taken.empty() || named(taken, each.model)) return {};
  return setting(ask, "key-models", each.answered == Answered::by_host ? "(list)" : each.model + " is not in it",
                 ask.service.key_models_at, ask.config.fallback.key_models_at);
}

// What a security key must not be asked, and why. Its credentials are shown to nobody of whom it is not known that he is
// half in already: over ssh never, at this machine only where the service shows names to everybody.
std::string unasked(const Question& ask, const AccountMethod& each) {
  if (std::string model = model_refused(ask, each); !model.empty()) return model;
  if (each.answered == Answered::by_host) {
    if (!named(ask.sign_in.host_keys, each.host_key)) return "sshd has not verified this key in this sign-in";
    if (sshd_tells_enough(ask)) return {};
    return setting(ask, "verification", "required", ask.service.verification_at, ask.config.fallback.verification_at) +
           ", and fido.ssh-verification is unknown";
  }
  if (each.answered != Answered::by_key || ask.test() || ask.sign_in.first == FirstFactor::proven) return {};
  if (ask.sign_in.origin == Origin::here && ask.service.labels == Labels::always) return {};
  return "no key is asked before the first factor is known to be right";
}

void choose(const Question& ask, Plan& plan) {
  int position = 0;
  for (const AccountMethod& each : ask.account.methods) {
    ++position;
    const Method& method = each.method;
    std::vector<std::string_view> channels = channels_here(ask, each);
    std::string why = refused(ask, each);
    if (why.empty()) why = unsent(ask, each, channels);
    if (why.empty()) why = unasked(ask, each);
    if (!why.empty()) {
      plan.refusals.push_back({method.id, method.kind, std::move(why)});
    } else if (!ask.sign_in.prefer.empty() && method.id == ask.sign_in.prefer) {
      plan.offers.insert(plan.offers.begin(),
                         {method.id, method.kind, "asked for", std::move(channels), each.answered});
    } else {
      plan.offers.push_back(
          {method.id, method.kind,
           position == 1 ? "first in the method file" : "number " + std::to_string(position) + " in the method file",
           std::move(channels), each.answered});
    }
  }
}

void decide_enrolled(const Question& ask, Plan& plan) {
  plan.reason = require_setting(ask);
  if (remembered(ask)) {
    plan.need = Need::remembered;
    plan.reason =
        "signed in from this place not long ago: " + setting(ask, "remember", duration_text(ask.service.remember),
                                                             ask.service.remember_at, ask.config.fallback.remember_at);
    return;
  }
  choose(ask, plan);
  if (plan.offers.empty()) plan.reason += "; enrolled, but no method can be used here: closed";
}

// Registering at a sign-in needs account management to come to us, which the service promises by `account: enforce`:
// elsewhere nothing would keep out who was told to register and did not.
bool registers_here(const Question& ask) { return ask.service.account == AccountDoor::enforce; }

void demand_set_up(const Question& ask, Plan& plan) {
  plan.need = registers_here(ask) ? Need::set_up : Need::set_up_elsewhere;
  if (registers_here(ask)) return;
  plan.reason += "; not led through it here: " +
                 setting(ask, "account", "off", ask.service.account_at, ask.config.fallback.account_at);
}

// Whoever was enrolled and lost his methods is not let in with a password meanwhile, wherever he was asked before;
// unless the service itself says what becomes of people who are not enrolled.
bool asked_since_reset(const Question& ask) {
  if (ask.account.reset == 0 || ask.test() || ask.account.status == Registration::ended) return false;
  return ask.service.not_enrolled == NotEnrolled::set_up || ask.service.not_enrolled_at.line == 0;
}

// A campaign: who would be let in unregistered is asked to register, may put it off so many times, and then not again.
void remind(const Question& ask, Plan& plan) {
  const std::int64_t most = ask.service.remind, put_off = ask.account.reminded;
  if (ask.sign_in.purpose == Purpose::unlock) return;  // somebody wants to go on with his work
  if (most == 0 || ask.account.status == Registration::ended || !registers_here(ask)) return;
  plan.need = put_off < most ? Need::offer : Need::set_up;
  plan.reason += "; " +
                 setting(ask, "remind", std::to_string(most), ask.service.remind_at, ask.config.fallback.remind_at) +
                 ", put off " + std::to_string(put_off) + " times";
}

void decide_not_enrolled(const Question& ask, Plan& plan) {
  plan.reason = require_setting(ask);
  if (asked_since_reset(ask)) {
    plan.reason += "; reset by an administrator: to be registered again";
    return demand_set_up(ask, plan);
  }
  if (ask.service.require != Require::always) {
    plan.need = Need::not_needed;
    plan.reason += "; not enrolled";
    return remind(ask, plan);
  }
  if (ask.account.status == Registration::ended) {
    plan.reason += "; the registration was terminated: closed";
    return;
  }
  plan.reason += "; not enrolled, " + not_enrolled_setting(ask);
  switch (ask.service.not_enrolled) {
    case NotEnrolled::allow:
      plan.need = Need::not_needed;
      remind(ask, plan);
      break;
    case NotEnrolled::deny: break;
    case NotEnrolled::set_up: demand_set_up(ask, plan); break;
  }
}

}  // namespace

Plan plan(const Config& config, const SignIn& sign_in, const Account& account, Time now, std::uint64_t place_mark) {
  const Question ask{config, sign_in, account, now, place_mark, config.service(sign_in.service)};
  Plan plan;
  plan.enrolled = enrolled(ask);
  if (ask.service.observe_until > now) plan.observed_until = ask.service.observe_until;
  std::string unresolved;
  if (exempt(ask, plan.reason, unresolved)) {
    plan.need = Need::exempt;
  } else if (ask.service.require == Require::off) {
    plan.need = Need::not_needed;
    plan.reason = require_setting(ask);
  } else if (skipped(ask, plan)) {
  } else if (plan.enrolled) {
    decide_enrolled(ask, plan);
  } else {
    decide_not_enrolled(ask, plan);
  }
  plan.reason += unresolved;
  return plan;
}

Origin origin_of(std::string_view from, std::string_view tty, std::string_view ssh_connection) {
  static constexpr std::string_view loopback[] = {"127.0.0.0/8", "::1"};
  if (tty == "ssh" || !ssh_connection.empty()) return Origin::elsewhere;
  if (from.empty() || from == "localhost") return Origin::here;
  for (const std::string_view each : loopback)
    if (Network network; parse_network(each, network) && contains(network, from)) return Origin::here;
  return Origin::elsewhere;
}

std::string place(const SignIn& sign_in) {
  Network from;
  if (!parse_address(sign_in.from, from)) return {};
  return sign_in.service + " " + network_text(from);
}

std::uint64_t place_mark(const SignIn& sign_in) {
  const std::string where = place(sign_in);
  return where.empty() ? 0 : method_mark(sign_in.user + '\0' + where);
}

std::uint64_t line_mark(const SignIn& sign_in) {
  std::string mark;
  for (const std::string& part : {sign_in.user, sign_in.service, sign_in.from, sign_in.tty, sign_in.connection})
    mark.append(std::to_string(part.size())).append(":").append(part);
  return method_mark(mark);
}

}  // namespace utmfa

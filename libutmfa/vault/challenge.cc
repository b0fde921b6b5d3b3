// SPDX-License-Identifier: Apache-2.0
#include "vault/challenge.h"

#include <algorithm>

namespace utmfa {
namespace {

constexpr std::int64_t longest_kept = 3600;  // beyond its time, while another may not be sent yet

// A clock that was set back does not make a code good for longer.
bool in_time(const Challenge& each, Time now) { return each.sent <= now && now < each.until; }

bool same_place(const Challenge& each, std::uint64_t method, std::uint64_t where) {
  return each.method == method && each.where == where;
}

Challenge* found(State& state, std::uint64_t method, std::uint64_t where, char channel) {
  for (Challenge& each : state.challenges)
    if (same_place(each, method, where) && each.channel == channel) return &each;
  return nullptr;
}

// At most one on all channels: a new one ends those before it.
Challenge* found_open(State& state, std::uint64_t method, std::uint64_t where, Time now) {
  for (Challenge& each : state.challenges)
    if (same_place(each, method, where) && in_time(each, now)) return &each;
  return nullptr;
}

void close(Challenge& challenge, Time now) {
  challenge.until = std::min(challenge.until, now);
  challenge.digest = {};
}

// Digits without a bias: 64 bits over 10^8 favour no code by more than one in 10^11.
Result<Secret> new_digits(Random& random, int count) {
  const Result<Secret> bytes = random.bytes(8);
  if (!bytes) return bytes.error();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes->size(); ++i) value = value << 8 | bytes->bytes()[i];
  Secret code(static_cast<std::size_t>(count));
  for (std::size_t i = code.size(); i-- > 0; value /= 10) code.data()[i] = static_cast<char>('0' + value % 10);
  return code;
}

void add(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

// Room for one more: what is over goes first, and then the oldest.
Challenge& fresh(State& state, const Challenge& made, Time now) {
  for (Challenge& each : state.challenges)
    if (same_place(each, made.method, made.where)) close(each, now);
  if (Challenge* same = found(state, made.method, made.where, made.channel)) return *same;
  std::erase_if(state.challenges, [now](const Challenge& each) {
    return each.sent > now || (now >= each.until && (now >= each.again || now - each.until > longest_kept));
  });
  if (state.challenges.size() >= most_challenges)
    state.challenges.erase(std::min_element(state.challenges.begin(), state.challenges.end(),
                                            [](const auto& a, const auto& b) { return a.sent < b.sent; }));
  return state.challenges.emplace_back();
}

Issued issued(MaySend may) {
  switch (may) {
    case MaySend::yes: return Issued::fresh;
    case MaySend::too_soon: return Issued::too_soon;
    case MaySend::too_many: return Issued::too_many;
    case MaySend::denied: return Issued::denied;
  }
  return Issued::denied;
}

constexpr int matched_digits = 2;

}  // namespace

std::string bound(const Bound& to, const Challenge& challenge, std::string_view code) {
  std::string data;
  for (const std::string_view each : {to.user, to.method, to.kind, to.receiver, to.asked.service}) add(data, each);
  add(data, std::to_string(to.asked.where));
  add(data, std::to_string(challenge.sent));
  add(data, code);
  return data;
}

Result<Issue> make_challenge(State& state, const Asking& asking, const Bound& to, const DeliveryRules& rules,
                             Random& random, const Digest& digest, Time now) {
  const std::uint64_t method = method_mark(asking.method);
  const char channel = asking.channel.empty() ? '\0' : asking.channel.front();
  Issue issue;
  const Challenge* before = found_open(state, method, asking.asked.where, now);
  if (asking.want == Asking::Want::any && before != nullptr && !before->used && before->channel == channel) {
    issue.issued = Issued::sent_before;
    issue.until = before->until;
    return issue;
  }
  const SendRule rule = may_send(rules, state, method, channel, now);
  issue.issued = issued(rule.may);
  issue.again = rule.again;
  if (rule.may != MaySend::yes) return issue;

  Result<Secret> code = new_digits(random, asking.channel == "push" ? matched_digits : rules.digits);
  if (!code) return code.error();
  Challenge made;
  made.method = method;
  made.where = asking.asked.where;
  made.channel = channel;
  made.sent = now;
  made.until = now + rules.valid;
  made.again = now + rules.cooldown;
  const Result<std::string> kept = digest(bound(to, made, code->view()));
  if (!kept) return kept.error();
  for (std::size_t i = 0; i < made.digest.size(); ++i) made.digest[i] = static_cast<unsigned char>((*kept)[i]);
  fresh(state, made, now) = made;
  count_sent(state, now);
  issue.code = std::move(*code);
  issue.until = made.until;
  return issue;
}

const Challenge* open_challenge(const State& state, std::string_view method, std::uint64_t where, Time now) {
  return found_open(const_cast<State&>(state), method_mark(method), where, now);
}

Use spend_challenge(State& state, std::string_view method, std::uint64_t where, Time now) {
  Challenge* challenge = found_open(state, method_mark(method), where, now);
  if (challenge == nullptr) return Use::rejected;
  if (challenge->used) return Use::used;
  challenge->used = true;
  challenge->again = 0;  // whoever signs in twice is not kept waiting
  return Use::accepted;
}

void withdraw_challenge(State& state, const Asking& asking, std::int64_t retry_after, Time now) {
  const char channel = asking.channel.empty() ? '\0' : asking.channel.front();
  Challenge* challenge = found(state, method_mark(asking.method), asking.asked.where, channel);
  if (challenge == nullptr || challenge->used) return;
  close(*challenge, now);
  if (retry_after >= 0) challenge->again = now + retry_after;
}

}  // namespace utmfa

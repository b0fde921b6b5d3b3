// SPDX-License-Identifier: Apache-2.0
#include "guard/guard.h"

#include <algorithm>
#include <limits>

namespace utmfa {
namespace {

void raise(std::uint32_t& count) {
  if (count < std::numeric_limits<std::uint32_t>::max()) ++count;
}

// How long after failure number `streak`; doubles by comparing first, so that nothing overflows.
std::int64_t delay(const ThrottleRules& rules, std::uint32_t streak) {
  const std::uint32_t first = std::max<std::uint32_t>(rules.free, 1);
  if (streak < first) return 0;
  std::int64_t seconds = std::min(rules.first_delay, rules.longest_delay);
  for (std::uint32_t left = streak - first; left > 0 && seconds < rules.longest_delay; --left) {
    if (seconds <= 0) return 0;
    seconds = seconds > rules.longest_delay / 2 ? rules.longest_delay : seconds * 2;
  }
  return seconds;
}

}  // namespace

Time locked_until(const ThrottleRules& rules, const State& state, Time now) {
  const std::int64_t seconds = delay(rules, state.streak);
  Time until = 0;
  if (seconds <= 0 || __builtin_add_overflow(state.last_failure, seconds, &until) || until <= now) return 0;
  std::int64_t left = 0;
  if (__builtin_sub_overflow(until, now, &left) || left > rules.longest_delay) return 0;
  return until;
}

bool disabled(const ThrottleRules& rules, const MethodState& method) { return method.failures >= rules.disable_after; }

void charge(State& state, std::string_view method_id, Time now) {
  raise(state.streak);
  state.last_failure = now;
  if (method_id.empty()) return;
  MethodState& method = state.of(method_id);
  raise(method.failures);
  method.last_failure = now;
}

void settle(State& state, std::string_view method_id, Time now) {
  state.streak = 0;
  state.last_failure = 0;
  if (method_id.empty()) return;
  MethodState& method = state.of(method_id);
  method.failures = 0;
  method.last_failure = 0;
  method.last_success = now;
}

void lock(const ThrottleRules& rules, State& state, Time now) {
  while (delay(rules, state.streak) < rules.longest_delay) {
    if (state.streak >= 1000) break;  // a first delay of nothing never grows
    raise(state.streak);
  }
  state.last_failure = now;
}

SendRule may_send(const DeliveryRules& rules, const State& state, std::uint64_t method, char channel, Time now) {
  const auto waits = [now](Time since, std::int64_t seconds) { return since <= now && now - since < seconds; };
  if (state.denied != 0 && waits(state.denied, rules.after_denial))
    return {MaySend::denied, state.denied + rules.after_denial};
  Time again = 0;
  for (const Challenge& each : state.challenges)
    if (each.method == method && each.channel == channel && each.sent <= now) again = std::max(again, each.again);
  if (again > now) return {MaySend::too_soon, again};
  const auto full = [&](std::int64_t span, std::uint32_t most) -> Time {
    std::vector<Time> within;
    for (const Time each : state.sent)
      if (waits(each, span)) within.push_back(each);
    if (most == 0) return now + span;
    return within.size() < most ? 0 : within[within.size() - most] + span;
  };
  constexpr std::int64_t hour = 3600, day = 86400;
  const Time free = std::max(full(hour, rules.per_hour), full(day, rules.per_day));
  return free == 0 ? SendRule{} : SendRule{MaySend::too_many, free};
}

void count_sent(State& state, Time now) {
  constexpr std::int64_t day = 86400;
  std::erase_if(state.sent, [now](Time each) { return each > now || now - each >= day; });
  if (state.sent.size() >= most_sent) state.sent.erase(state.sent.begin());
  state.sent.push_back(now);
}

}  // namespace utmfa

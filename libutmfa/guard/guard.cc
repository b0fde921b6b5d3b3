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

}  // namespace utmfa

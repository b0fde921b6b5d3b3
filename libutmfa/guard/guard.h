// SPDX-License-Identifier: Apache-2.0
// Throttling as arithmetic: how long after so many consecutive failures, and when a method is disabled
// (NIST SP 800-63B-4 3.2.2: at most 100 consecutive failures, no reset by time). No clock, no I/O.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "methods/state.h"

namespace utmfa {

struct ThrottleRules {
  std::uint32_t free = 5;         // answers that may be wrong before one has to wait; at least 1
  std::int64_t first_delay = 30;  // seconds after the failure number `free`; doubles with each further one
  std::int64_t longest_delay = 900;
  std::uint32_t disable_after = 100;  // 1..100
};

// When the next answer may be judged; 0 = now. Never more than the longest delay from now: a lock that would last
// longer was written before the clock went back, and ends here, so that no clock locks a person for years; the next
// failure is counted from the new time.
Time locked_until(const ThrottleRules& rules, const State& state, Time now);
bool disabled(const ThrottleRules& rules, const MethodState& method);

// The failure that is written before the answer is looked at.
void charge(State& state, std::string_view method_id, Time now);
// Takes the charge back after success: streak and the method's failures are 0 again.
void settle(State& state, std::string_view method_id, Time now);

}  // namespace utmfa

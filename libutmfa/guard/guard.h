// SPDX-License-Identifier: Apache-2.0
// Throttling as arithmetic: how long after so many consecutive failures, and when a method is disabled
// (NIST SP 800-63B-4 3.2.2: at most 100 consecutive failures, no reset by time). No clock, no I/O.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "methods/state.h"

namespace utmfa {

// How often something may be sent to a person. Whoever knows a password must not be able to fill somebody's telephone, or
// to spend the machine's money.
struct DeliveryRules {
  int digits = 6;                   // of a code that is sent
  std::int64_t valid = 600;         // seconds
  std::int64_t cooldown = 60;       // seconds between two on the same way
  std::uint32_t per_hour = 10;      // to one person, over all ways
  std::uint32_t per_day = 30;       // at most most_sent
  std::int64_t after_denial = 900;  // seconds in which nothing asks a person again who said that it was not him
};

struct ThrottleRules {
  std::uint32_t free = 5;         // answers that may be wrong before one has to wait; at least 1
  std::int64_t first_delay = 30;  // seconds after the failure number `free`; doubles with each further one
  std::int64_t longest_delay = 900;
  std::uint32_t disable_after = 100;  // 1..100
  DeliveryRules delivery = {};
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

// From now on, for as long as a lock lasts: the person has said that somebody else signs in.
void lock(const ThrottleRules& rules, State& state, Time now);

// Whether something may be sent now, and if not, when. A clock that was set back does not keep a person waiting for longer
// than the rule says.
enum class MaySend { yes, too_soon, too_many, denied };
struct SendRule {
  MaySend may = MaySend::yes;
  Time again = 0;
};
SendRule may_send(const DeliveryRules& rules, const State& state, std::uint64_t method, char channel, Time now);
void count_sent(State& state, Time now);

}  // namespace utmfa

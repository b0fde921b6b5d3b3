// SPDX-License-Identifier: Apache-2.0
// Throttling: what each failure costs, where it ends, what a clock that moves does, and when a method is disabled.
#include "guard/guard.h"

#include <limits>

#include "support/check.h"

namespace utmfa {
namespace {

constexpr Time now = 2'000'000'000;
constexpr std::uint32_t most_failures = std::numeric_limits<std::uint32_t>::max();
constexpr Time last_time = std::numeric_limits<Time>::max(), first_time = std::numeric_limits<Time>::min();

State failed(std::uint32_t streak, Time last) {
  State state;
  state.streak = streak;
  state.last_failure = last;
  return state;
}

void delay_doubles_up_to_the_longest(void**) {
  struct Row {
    std::uint32_t streak;
    std::int64_t seconds;
  };
  constexpr Row rows[] = {{0, 0},   {1, 0},   {4, 0},    {5, 30},   {6, 60},   {7, 120},
                          {8, 240}, {9, 480}, {10, 900}, {11, 900}, {99, 900}, {most_failures, 900}};
  for (const Row& row : rows)
    assert_int_equal(locked_until({}, failed(row.streak, now), now), row.seconds == 0 ? 0 : now + row.seconds);
}

void other_rules(void**) {
  constexpr ThrottleRules at_once{1, 10, 25, 100}, none_free{0, 10, 25, 100}, flat{3, 60, 60, 100};
  assert_int_equal(locked_until(at_once, failed(1, now), now), now + 10);
  assert_int_equal(locked_until(at_once, failed(2, now), now), now + 20);
  assert_int_equal(locked_until(at_once, failed(3, now), now), now + 25);
  assert_int_equal(locked_until(none_free, failed(0, now), now), 0);
  assert_int_equal(locked_until(none_free, failed(1, now), now), now + 10);
  assert_int_equal(locked_until(flat, failed(2, now), now), 0);
  assert_int_equal(locked_until(flat, failed(3, now), now), now + 60);
  assert_int_equal(locked_until(flat, failed(50, now), now), now + 60);
  // First above longest is refused by the configuration, and harmless here; no delay at all is no lock.
  assert_int_equal(locked_until({1, 100, 50, 100}, failed(9, now), now), now + 50);
  assert_int_equal(locked_until({1, 0, 50, 100}, failed(9, now), now), 0);
  // The longest that fits: doubling stops before it overflows.
  assert_int_equal(locked_until({1, last_time / 2 + 1, last_time, 100}, failed(9, 0), 0), last_time);
}

void lock_ends_by_itself(void**) {
  const State state = failed(6, now);
  assert_int_equal(locked_until({}, state, now + 59), now + 60);
  assert_int_equal(locked_until({}, state, now + 60), 0);
  assert_int_equal(locked_until({}, state, now + 1'000'000), 0);
}

void clock_set_back_never_locks_for_long(void**) {
  constexpr std::int64_t back[] = {1, 29, 600, 839, 840, 841, 86400, 315'360'000};
  for (const std::int64_t seconds : back) {
    const State state = failed(6, now + seconds);  // 60 s after a moment that has not come yet
    Time ended = now;
    while (locked_until({}, state, ended) != 0) {
      assert_true(locked_until({}, state, ended) > ended);
      assert_true(locked_until({}, state, ended) <= ended + 900);
      ended = locked_until({}, state, ended);
    }
    assert_true(ended <= now + 900);
  }
  // Within the bound it is still a lock; the next failure counts from the new time.
  assert_int_equal(locked_until({}, failed(6, now + 840), now), now + 900);
  State state = failed(6, now + 86400);
  assert_int_equal(locked_until({}, state, now), 0);
  charge(state, "app-1", now);
  assert_int_equal(locked_until({}, state, now), now + 120);
}

void times_at_the_edge(void**) {
  assert_int_equal(locked_until({}, failed(9, last_time), now), 0);
  assert_int_equal(locked_until({}, failed(9, last_time), first_time), 0);
  assert_int_equal(locked_until({}, failed(9, first_time), last_time), 0);
  assert_int_equal(locked_until({}, failed(9, first_time), first_time), first_time + 480);
}

void charge_counts_person_and_method(void**) {
  State state;
  charge(state, "app-1", now);
  charge(state, "app-1", now + 1);
  charge(state, "recovery", now + 2);
  charge(state, "", now + 3);  // nobody's method: the person's streak only
  assert_int_equal(state.streak, 4);
  assert_int_equal(state.last_failure, now + 3);
  assert_int_equal(state.methods.size(), 2);
  assert_int_equal(state.find("app-1")->failures, 2);
  assert_int_equal(state.find("app-1")->last_failure, now + 1);
  assert_int_equal(state.find("recovery")->failures, 1);
}

void charge_does_not_wrap(void**) {
  State state = failed(most_failures, now);
  state.of("app-1").failures = most_failures;
  charge(state, "app-1", now);
  assert_int_equal(state.streak, most_failures);
  assert_int_equal(state.find("app-1")->failures, most_failures);
}

void settle_ends_the_streak_and_this_method(void**) {
  State state;
  for (int i = 0; i < 7; ++i) charge(state, "app-1", now);
  charge(state, "recovery", now);
  state.of("app-1").moving = 55;
  settle(state, "app-1", now + 500);
  assert_int_equal(state.streak, 0);
  assert_int_equal(locked_until({}, state, now + 1), 0);
  assert_int_equal(state.find("app-1")->failures, 0);
  assert_int_equal(state.find("app-1")->last_success, now + 500);
  assert_int_equal(state.find("app-1")->moving, 55);      // what was used stays used
  assert_int_equal(state.find("recovery")->failures, 1);  // another method's failures are its own
}

void disabled_at_the_bound_whatever_the_time(void**) {
  MethodState method;
  const auto with = [&method](std::uint32_t failures) {
    method.failures = failures;
    return method;
  };
  assert_false(disabled({}, with(0)));
  assert_false(disabled({}, with(99)));
  assert_true(disabled({}, with(100)));
  assert_true(disabled({}, with(most_failures)));
  assert_false(disabled({5, 30, 900, 3}, with(2)));
  assert_true(disabled({5, 30, 900, 3}, with(3)));
  method.last_failure = first_time;
  assert_true(disabled({}, with(100)));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::delay_doubles_up_to_the_longest),
      cmocka_unit_test(utmfa::other_rules),
      cmocka_unit_test(utmfa::lock_ends_by_itself),
      cmocka_unit_test(utmfa::clock_set_back_never_locks_for_long),
      cmocka_unit_test(utmfa::times_at_the_edge),
      cmocka_unit_test(utmfa::charge_counts_person_and_method),
      cmocka_unit_test(utmfa::charge_does_not_wrap),
      cmocka_unit_test(utmfa::settle_ends_the_streak_and_this_method),
      cmocka_unit_test(utmfa::disabled_at_the_bound_whatever_the_time),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

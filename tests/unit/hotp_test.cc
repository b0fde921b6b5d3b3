// SPDX-License-Identifier: Apache-2.0
// Counter-based codes: RFC 4226's own, the step table, looking ahead, and never back.
#include "factors/oath.h"

#include "factor_checks.h"

namespace utmfa {
namespace {

using test::oath_method;
using test::use;

const Method token = oath_method("hotp", "6");
Secret seed() { return test::bytes_of("3132333435363738393031323334353637383930"); }

std::string code(std::int64_t counter) {
  const Result<Secret> made = hotp_code(token, seed(), counter);
  assert_true(static_cast<bool>(made));
  return std::string(made->view());
}

void rfc_4226_vectors(void**) {
  MethodState state;
  for (const std::vector<std::string>& row : test::vectors("hotp.txt")) {
    const Secret secret = test::bytes_of(row[0]);
    const Method method = oath_method("hotp", row[1]);
    assert_int_equal(use(method, secret, state, row[3], 0), Use::accepted);
    assert_int_equal(state.moving, std::stoll(row[2]) + 1);
    assert_int_equal(use(method, secret, state, row[3], 0), Use::used);
  }
}

Use verdict(const std::string& word) {
  if (word == "accepted") return Use::accepted;
  assert_true(word == "used" || word == "rejected");
  return word == "used" ? Use::used : Use::rejected;
}

void the_step_table(void**) {
  MethodState states[2];
  const Secret secret = test::bytes_of("00");
  for (const std::vector<std::string>& row : test::vectors("steps.txt")) {
    MethodState& state = states[row[0] == "totp"];
    assert_int_equal(use(oath_method(row[0], "6"), secret, state, row[2], std::stoll(row[1]), {10, 10}),
                     verdict(row[3]));
  }
}

void looks_ahead_within_the_window(void**) {
  for (const int window : {1, 10}) {
    for (std::int64_t ahead = 0; ahead <= 12; ++ahead) {
      MethodState state;
      state.moving = 100;
      const Use expected = ahead <= window ? Use::accepted : Use::rejected;
      assert_int_equal(use(token, seed(), state, code(100 + ahead), 0, {1, window}), expected);
      assert_int_equal(state.moving, expected == Use::accepted ? 100 + ahead + 1 : 100);
    }
  }
}

void never_back(void**) {
  MethodState state;
  state.moving = 100;
  for (std::int64_t counter : {97, 98, 99}) assert_int_equal(use(token, seed(), state, code(counter), 0), Use::used);
  for (std::int64_t counter : {0, 50, 96}) assert_int_equal(use(token, seed(), state, code(counter), 0), Use::rejected);
  assert_int_equal(use(token, seed(), state, code(105), 0), Use::accepted);
  assert_int_equal(use(token, seed(), state, code(104), 0), Use::used);  // skipped is gone
  assert_int_equal(use(token, seed(), state, code(106), 0), Use::accepted);
}

void not_a_code(void**) {
  MethodState state;
  for (const std::string& wrong : {std::string(), std::string("75522"), std::string("7552244"), std::string("75522a"),
                                   std::string("000000"), std::string(1023, '7')})
    assert_int_equal(use(token, seed(), state, wrong, 0), Use::rejected);
  assert_int_equal(use(token, seed(), state, "755 224", 0), Use::accepted);
}

void counter_of_a_state_that_is_absurd(void**) {
  MethodState state;
  state.moving = INT64_MAX;
  assert_int_equal(use(token, seed(), state, code(0), 0), Use::rejected);
  state.moving = INT64_MIN;
  assert_int_equal(use(token, seed(), state, code(0), 0), Use::accepted);
}

void made_from_a_tokens_seed(void**) {
  SystemRandom random;
  const Factor& hotp = *factor_for("hotp");
  Wish wish;
  wish.secret = seed();
  wish.options = {{"digits", "8"}, {"counter", "4711"}, {"serial", "OATH00001"}};
  const Result<Made> made = hotp.make(wish, random, 1);
  assert_true(static_cast<bool>(made));
  assert_int_equal(made->moving, 4711);
  assert_true(equal(made->secrets.find("secret")->second.view(), seed().view()));
  assert_true(made->method.fields.count("counter") == 0 && made->method.field("digits") == "8");
  for (const char* wrong : {"-1", "", "x", "99999999999999999999"}) {
    wish.options.insert_or_assign("counter", wrong);
    assert_false(static_cast<bool>(hotp.make(wish, random, 1)));
  }
  assert_int_equal(hotp.make({}, random, 1)->moving, -1);
}

void after_a_rebuild_it_is_disabled(void**) {
  const MethodState state = factor_for("hotp")->spent(token, {}, 0);
  assert_int_equal(state.failures, UINT32_MAX);
  MethodState tried = state;
  assert_int_equal(use(token, seed(), tried, code(0), 0), Use::rejected);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::rfc_4226_vectors),
      cmocka_unit_test(utmfa::the_step_table),
      cmocka_unit_test(utmfa::looks_ahead_within_the_window),
      cmocka_unit_test(utmfa::never_back),
      cmocka_unit_test(utmfa::not_a_code),
      cmocka_unit_test(utmfa::counter_of_a_state_that_is_absurd),
      cmocka_unit_test(utmfa::made_from_a_tokens_seed),
      cmocka_unit_test(utmfa::after_a_rebuild_it_is_disabled),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

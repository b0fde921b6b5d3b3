// SPDX-License-Identifier: Apache-2.0
// The temporary pass: until its time, once or often.
#include "factor_checks.h"

namespace utmfa {
namespace {

using test::use;

constexpr Time issued = 1'800'000'000;

Result<Made> made(std::map<std::string, std::string, std::less<>> options) {
  SystemRandom random;
  Wish wish;
  wish.options = std::move(options);
  return factor_for("pass")->make(wish, random, issued);
}

Use type(const Made& pass, MethodState& state, std::string_view answer, Time now) {
  return use(pass.method, pass.secrets.find("hash")->second, state, answer, now);
}

void once_until_it_expires(void**) {
  const Result<Made> pass = made({});
  assert_true(static_cast<bool>(pass));
  assert_int_equal(pass->shown.size(), 1);
  assert_int_equal(pass->shown[0].size(), 14);
  const Factor& factor = *factor_for("pass");
  MethodState state;
  assert_true(factor.unusable(pass->method, state, issued + 3599).empty());
  assert_int_equal(type(*pass, state, "0000-0000-0000", issued), Use::rejected);
  assert_int_equal(type(*pass, state, pass->shown[0], issued + 3599), Use::accepted);
  assert_int_equal(type(*pass, state, pass->shown[0], issued + 3599), Use::used);
  assert_true(factor.unusable(pass->method, state, issued + 3599) == "already used");
}

void expired_at_its_second(void**) {
  const Result<Made> pass = made({{"valid", "10m"}});
  MethodState state;
  assert_int_equal(type(*pass, state, pass->shown[0], issued + 600), Use::rejected);
  assert_true(factor_for("pass")->unusable(pass->method, state, issued + 600) == "expired");
  assert_int_equal(type(*pass, state, pass->shown[0], issued + 599), Use::accepted);
}

void often(void**) {
  const Result<Made> pass = made({{"uses", "many"}, {"valid", "30d"}});
  MethodState state;
  for (int times = 0; times < 3; ++times)
    assert_int_equal(type(*pass, state, pass->shown[0], issued + 86400 * 29), Use::accepted);
  assert_int_equal(state.used, 3);
  assert_true(factor_for("pass")->unusable(pass->method, state, issued + 1).empty());
  assert_int_equal(type(*pass, state, pass->shown[0], issued + 86400 * 30), Use::rejected);
}

void wishes_that_are_refused(void**) {
  for (const char* valid : {"9m", "31d", "", "soon", "-1h", "0"})
    assert_false(static_cast<bool>(made({{"valid", valid}})));
  for (const char* uses : {"twice", ""}) assert_false(static_cast<bool>(made({{"uses", uses}})));
  assert_false(static_cast<bool>(made({{"digits", "6"}})));
  assert_true(static_cast<bool>(made({{"valid", "30d"}, {"uses", "many"}})));
}

void it_does_not_count_as_a_method(void**) {
  assert_true(factor_for("pass")->standing == Standing::temporary);
  for (const char* kind : {"totp", "hotp", "recovery"}) assert_true(factor_for(kind)->standing == Standing::lasting);
}

void the_table_is_whole(void**) {
  assert_int_equal(factors().size(), kind_names().size());
  assert_int_equal(factors().size(), kind_rules().size());
  SystemRandom random;
  for (const Factor& factor : factors()) {
    assert_ptr_equal(factor_for(factor.kind), &factor);
    assert_true(factor.judge && factor.unusable && factor.left && factor.make && factor.spent);
    assert_false(factor.prompt.empty() || factor.plain_prompt.empty() || factor.listed.empty() || factor.title.empty());
    if (factor.decoy == nullptr) {  // what is sent, or answered by a device, is never asked of somebody who has none
      assert_true((factor.channels != nullptr) != (factor.answered != nullptr));
      continue;
    }
    const Result<Made> decoy = factor.decoy(random, issued);
    assert_true(static_cast<bool>(decoy));
    MethodState state;
    assert_int_equal(use(decoy->method, decoy->secrets.find(factor.secret_field)->second, state, "not it", issued),
                     Use::rejected);
  }
  assert_null(factor_for("sms"));
  assert_null(factor_for(""));
}

// What utmfa-enroll add token and the guided steps take for granted of every kind whose row says that it is one.
void a_token_takes_a_secret_and_waits_for_its_code(void**) {
  SystemRandom random;
  int tokens = 0;
  for (const Factor& factor : factors()) {
    if (factor.token.empty()) continue;
    ++tokens;
    assert_true(factor.decoy != nullptr && factor.standing == Standing::lasting);
    const Result<Made> another = factor.decoy(random, issued);
    Wish wish;
    wish.secret = another->secrets.find(factor.secret_field)->second.clone();
    const Result<Made> made = factor.make(wish, random, issued);
    assert_true(static_cast<bool>(made));
    assert_true(equal(made->secrets.find(factor.secret_field)->second.view(), wish.secret.view()));
    assert_true(made->method.proof == Proof::waiting && made->shown.empty());
    wish.secret = Secret("short");
    assert_false(static_cast<bool>(factor.make(wish, random, issued)));
  }
  assert_int_equal(tokens, 2);
  for (const char* other : {"recovery", "pass", "phone", "push", "fido"}) assert_true(factor_for(other)->token.empty());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::once_until_it_expires),
      cmocka_unit_test(utmfa::expired_at_its_second),
      cmocka_unit_test(utmfa::often),
      cmocka_unit_test(utmfa::wishes_that_are_refused),
      cmocka_unit_test(utmfa::it_does_not_count_as_a_method),
      cmocka_unit_test(utmfa::the_table_is_whole),
      cmocka_unit_test(utmfa::a_token_takes_a_secret_and_waits_for_its_code),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

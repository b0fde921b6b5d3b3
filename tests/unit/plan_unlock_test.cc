// SPDX-License-Identifier: Apache-2.0
// The policy where a locked screen is opened: its own rule, and nothing that is only for a sign-in.
#include "policy/plan.h"
#include "support/check.h"

namespace utmfa {
namespace {

constexpr Time now = 2'000'000'000;
constexpr std::string_view kinds[] = {"totp"};

Plan planned(const std::string& text, std::string_view service, Purpose purpose, Registration status) {
  const Result<Config> config = parse_config(text, "f", kinds);
  if (!config) fail_msg("%s", config.error().what.c_str());
  Account account;
  account.status = status;
  account.methods.emplace_back();
  account.methods.back().method.id = "app-1";
  account.methods.back().method.kind = "totp";
  SignIn who;
  who.user = "taro";
  who.service = service;
  who.purpose = purpose;
  return plan(*config, who, account, now, 0);
}

constexpr Registration statuses[] = {Registration::none, Registration::setting_up, Registration::active,
                                     Registration::ended};

void unlocking_has_its_own_rule(void**) {
  const std::string skips = "services: {gdm-password: {require: always, unlock: skip}, sudo: {require: always}}";
  for (const Registration status : statuses) {
    const Plan plan = planned(skips, "gdm-password", Purpose::unlock, status);
    assert_true(plan.need == Need::not_needed && plan.offers.empty());
    assert_string_equal(plan.reason.c_str(), "unlocking: services.gdm-password.unlock = skip (f:1)");
    assert_true(planned(skips, "gdm-password", Purpose::sign_in, status).reason.find("unlock") == std::string::npos);
  }
  constexpr Registration active = Registration::active;
  assert_true(planned(skips, "gdm-password", Purpose::sign_in, active).need == Need::factor);
  assert_true(planned(skips, "sudo", Purpose::unlock, active).need == Need::factor);  // another's rule
}

void unlocking_asks_where_nothing_is_said(void**) {
  for (const std::string text : {"services: {gdm-password: {require: always}}",
                                 "services: {default: {unlock: skip}, gdm-password: {require: always, unlock: ask}}"})
    assert_true(planned(text, "gdm-password", Purpose::unlock, Registration::active).need == Need::factor);
  const std::string everywhere = "services: {default: {unlock: skip}}";
  assert_true(planned(everywhere, "gdm-password", Purpose::unlock, Registration::active).need == Need::not_needed);
  for (const std::string_view own : {test_service, self_service})
    assert_true(planned(everywhere, own, Purpose::unlock, Registration::active).need == Need::factor);
}

void nobody_is_offered_registering_at_a_lock(void**) {
  const std::string reminds = "services: {gdm-password: {require: enrolled, account: enforce, remind: 3}}";
  assert_true(planned(reminds, "gdm-password", Purpose::sign_in, Registration::none).need == Need::offer);
  assert_true(planned(reminds, "gdm-password", Purpose::unlock, Registration::none).need == Need::not_needed);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::unlocking_has_its_own_rule),
      cmocka_unit_test(utmfa::unlocking_asks_where_nothing_is_said),
      cmocka_unit_test(utmfa::nobody_is_offered_registering_at_a_lock),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// What the doctor says of GDM, on PAM files where it must be said, beside files where it must not.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "doctor/checks.h"
#include "factors/factor.h"
#include "support/check.h"

namespace utmfa {
namespace {

const std::string unix_first = "auth requisite pam_unix.so\n";
const std::string ring = "auth optional pam_gnome_keyring.so\n";
const std::string asked = "auth requisite pam_utmfa.so\n";

Config config_of(const std::string& text) {
  const Result<Config> config = parse_config(text, "/etc/utmfa/utmfa.yaml", kind_names());
  if (!config) fail_msg("%s", config.error().what.c_str());
  return *config;
}

std::vector<std::string> checks_of(const PamFacts& facts, const Config& config) {
  std::vector<std::string> checks;
  for (const Finding& each : check_gdm(facts, config)) {
    assert_false(each.what.empty());
    assert_false(each.remedy.empty());
    checks.push_back(each.check);
  }
  return checks;
}

void the_key_ring_opens_behind_the_second_confirmation(void**) {
  const Config config = config_of("");
  const struct {
    std::string text;
    std::vector<std::string> checks;
  } table[] = {
      {unix_first + asked + ring, {}},
      {unix_first + "auth [success=ok ignore=ignore default=die] pam_utmfa.so\n" + ring, {}},
      {unix_first + asked, {}},
      {unix_first + "auth required pam_utmfa.so\n", {}},
      {unix_first + ring + asked, {"gdm-key-ring"}},
      {unix_first + "auth required pam_utmfa.so\n" + ring, {"gdm-key-ring"}},
      {unix_first + ring, {}},  // it does not ask at all
  };
  for (const auto& row : table) {
    PamFacts facts;
    facts.files = {{"gdm-password", row.text}};
    if (checks_of(facts, config) != row.checks) fail_msg("%s", row.text.c_str());
  }
}

void every_other_way_into_a_desktop_asks_too(void**) {
  PamFacts facts;
  facts.files = {{"gdm-password", unix_first + asked}, {"gdm-fingerprint", "auth required pam_fprintd.so\n"}};
  assert_true(checks_of(facts, config_of("")) == (std::vector<std::string>{"gdm-other-way"}));
  facts.files["gdm-smartcard"] = "auth required pam_sss.so allow_missing_name\n";
  assert_int_equal(checks_of(facts, config_of("")).size(), 2);
  assert_int_equal(checks_of(facts, config_of("services: {gdm-smartcard: {require: off}}")).size(), 1);
  facts.files["gdm-smartcard"] += asked;
  facts.files["gdm-fingerprint"] += asked;
  assert_true(checks_of(facts, config_of("")).empty());
  facts.files["gdm-fingerprint"] = "auth required pam_fprintd.so\n";
  facts.files["gdm-password"] = unix_first;  // nobody is asked at the greeter: nothing is missing elsewhere
  assert_true(checks_of(facts, config_of("")).empty());
}

void the_example_is_right(void**) {
  std::ifstream file(EXAMPLE);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  assert_true(text.find("pam_utmfa.so") != text.npos);
  const std::string unix_password =
      "password [success=1 default=ignore] pam_unix.so\npassword requisite pam_deny.so\npassword required pam_permit.so\n";
  PamFacts facts;
  facts.files = {{"gdm-password", text},
                 {"common-auth",
                  "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
                  "auth required pam_permit.so\n"},
                 {"common-account", "account required pam_unix.so\n"},
                 {"common-session", "session required pam_unix.so\n"},
                 {"common-password", unix_password}};
  const Config config =
      config_of("services: {gdm-password: {require: always, not-enrolled: set-up, account: enforce}}");
  assert_true(checks_of(facts, config).empty());
  for (const Finding& each : check_pam_service(facts, "gdm-password", config))
    if (each.level != Level::fine) fail_msg("%s: %s", each.check.c_str(), each.what.c_str());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::the_key_ring_opens_behind_the_second_confirmation),
      cmocka_unit_test(utmfa::every_other_way_into_a_desktop_asks_too),
      cmocka_unit_test(utmfa::the_example_is_right),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

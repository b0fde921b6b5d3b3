// SPDX-License-Identifier: Apache-2.0
// Each finding of the doctor on facts where it must be, beside facts where it must not be: PAM stacks, the settings of
// sshd, the clock. What needs files and sockets is in doctor_test.py.
#include <algorithm>
#include <string>
#include <vector>

#include "doctor/checks.h"
#include "factors/factor.h"

#include "support/check.h"

namespace utmfa {
namespace {

bool found(const Findings& findings, std::string_view check) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& each) { return each.check == check; });
}

// Exactly these, in any order, and nothing else but "fine".
void expect(const Findings& findings, const std::string& title, std::vector<std::string> checks) {
  for (const Finding& each : findings) {
    if (each.level == Level::fine) continue;
    assert_false(each.remedy.empty());
    const auto at = std::find(checks.begin(), checks.end(), each.check);
    if (at == checks.end()) fail_msg("%s: not expected: %s: %s", title.c_str(), each.check.c_str(), each.what.c_str());
    checks.erase(at);
  }
  if (!checks.empty()) fail_msg("%s: not found: %s", title.c_str(), checks.front().c_str());
}

Config config_of(const std::string& text) {
  const Result<Config> config = parse_config(text, "/etc/utmfa/utmfa.yaml", kind_names());
  if (!config) fail_msg("%s", config.error().what.c_str());
  return *config;
}

struct StackCase {
  const char* title;
  const char* text;
  std::vector<std::string> checks;
};

const std::string common_auth =
    "auth [success=1 default=ignore] pam_unix.so nullok\n"
    "auth requisite pam_deny.so\n"
    "auth required pam_permit.so\n"
    "auth optional pam_cap.so\n";

const StackCase stack_cases[] = {
    {"password, then code", "auth requisite pam_unix.so\nauth required pam_utmfa.so\n", {}},
    {"Debian's common-auth, then code", "@include common-auth\nauth required pam_utmfa.so\n", {}},
    {"two first factors",
     "auth [success=2 default=ignore] pam_sss.so\nauth [success=1 default=ignore] pam_unix.so\n"
     "auth requisite pam_deny.so\nauth required pam_permit.so\nauth required pam_utmfa.so\n",
     {}},
    {"the code behind a jump to the end, closed by pam_deny",
     "auth requisite pam_unix.so\nauth [success=1 ignore=1 default=ignore] pam_utmfa.so\nauth requisite pam_deny.so\n"
     "auth required pam_permit.so\n",
     {}},
    // pam_deny ends only the substack, so that the code is asked after a wrong password as well.
    {"a substack with the first factor", "auth substack common-auth\nauth requisite pam_utmfa.so\n", {"pam-tries"}},
    {"key stack with pam_permit", "auth required pam_utmfa.so\nauth required pam_permit.so\n", {}},
    {"a refusal ignored",
     "auth requisite pam_unix.so\nauth [success=ok default=ignore] pam_utmfa.so\n",
     {"pam-fail-open"}},
    {"optional", "auth requisite pam_unix.so\nauth optional pam_utmfa.so\n", {"pam-fail-open"}},
    {"sufficient", "auth requisite pam_unix.so\nauth sufficient pam_utmfa.so\n", {"pam-fail-open"}},
    {"only an unavailable verifier ignored",
     "auth requisite pam_unix.so\nauth [success=ok ignore=ignore authinfo_unavail=ignore default=die] pam_utmfa.so\n",
     {"pam-fail-open"}},
    {"key stack with permit, ours optional",
     "auth optional pam_utmfa.so\nauth required pam_permit.so\n",
     {"pam-fail-open"}},
    {"the code first", "auth required pam_utmfa.so\nauth required pam_unix.so\n", {"pam-before-password"}},
    {"the password is enough",
     "auth sufficient pam_unix.so\nauth required pam_utmfa.so\n",
     {"pam-skipped", "pam-code-alone", "pam-tries"}},
    {"a jump past the code",
     "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_utmfa.so\n"
     "auth required pam_permit.so\n",
     {
         "pam-skipped",
     }},
    {"the code is enough", "auth optional pam_unix.so\nauth required pam_utmfa.so\n", {"pam-code-alone", "pam-tries"}},
    {"required password", "auth required pam_unix.so\nauth required pam_utmfa.so\n", {"pam-tries"}},
    {"key stack without pam_permit", "auth required pam_utmfa.so\n", {"pam-exempt-refused"}},
    {"exempt people die",
     "auth requisite pam_unix.so\nauth [success=ok default=die] pam_utmfa.so\n",
     {"pam-exempt-refused"}},
    {"a right code is refused", "auth requisite pam_unix.so\nauth [default=die] pam_utmfa.so\n", {"pam-right-refused"}},
    {"a wrong argument ignored",
     "auth requisite pam_unix.so\nauth [success=ok ignore=ignore service_err=ignore default=die] pam_utmfa.so\n",
     {"pam-fail-open"}},
    {"a file that is not there",
     "@include nothing\nauth requisite pam_unix.so\nauth required pam_utmfa.so\n",
     {"pam-unreadable"}},
};

void pam_stacks(void**) {
  const Config config = config_of("version: 1\n");
  for (const StackCase& each : stack_cases) {
    PamFacts facts;
    facts.files = {{"sudo", each.text}, {"common-auth", common_auth}};
    expect(check_pam_service(facts, "sudo", config), each.title, each.checks);
  }
}

void the_account_line(void**) {
  const Config config = config_of(
      "version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n"
      "  sudo: {account: off}\n");
  const std::string auth = "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\n";
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {auth + "account required pam_utmfa.so\n", {}},
      {auth, {"pam-no-account"}},
      {auth + "account sufficient pam_utmfa.so\n", {"pam-account-open"}},
      {auth + "account [success=ok default=ignore] pam_utmfa.so\n", {"pam-account-open"}},
  };
  for (const auto& [text, checks] : cases) {
    PamFacts facts;
    facts.files = {{"sshd", text}};
    expect(check_pam_service(facts, "sshd", config), text, checks);
  }
  PamFacts sudo;
  sudo.files = {{"sudo", auth}};
  expect(check_pam_service(sudo, "sudo", config), "sudo needs none", {});
}

void the_auth_line_was_taken_away(void**) {
  const Config config = config_of(
      "version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n"
      "  sudo: {account: off}\n  off: {require: off}\n");
  const std::string left = "auth requisite pam_unix.so\naccount required pam_utmfa.so\n";
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"sshd", {"pam-no-auth"}}, {"sudo", {"pam-no-auth"}}, {"off", {}}};
  for (const auto& [service, checks] : cases) {
    PamFacts facts;
    facts.files = {{service, left}};
    expect(check_pam_service(facts, service, config), service, checks);
  }
  PamFacts misspelt;  // told where it stands, and not again
  misspelt.files = {
      {"sshd", "auth requisite pam_unix.so\nauth required pam_utfma.so\naccount required pam_utmfa.so\n"}};
  expect(check_pam_service(misspelt, "sshd", config), "misspelt", {});
}

void registering_at_the_sign_in(void**) {
  const Config demanded = config_of("version: 1\nservices:\n  sshd: {require: always, not-enrolled: set-up}\n");
  const Config otherwise = config_of("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n");
  const Config reset_only = config_of("version: 1\n");
  const std::string base =
      "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\n"
      "account required pam_utmfa.so\n";
  const std::string session = "session required pam_utmfa.so\n", unix = "password required pam_unix.so\n";
  const std::string ours = "password [success=done ignore=ignore default=die] pam_utmfa.so\n";
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {ours + unix + session, {}},
      {ours + "@include common-password\n" + session, {}},
      {unix + session, {"pam-no-password"}},
      {ours + unix, {"pam-no-session"}},
      {unix, {"pam-no-password", "pam-no-session"}},
      {"password optional pam_utmfa.so\n" + unix + session, {"pam-password-open"}},
      {"password required pam_utmfa.so\n" + unix + session, {"pam-password-also"}},
      {unix + ours + session, {"pam-password-also"}},
      {"password [success=done default=die] pam_utmfa.so\n" + unix + session, {"pam-password-closed"}},
  };
  for (const auto& [text, checks] : cases) {
    PamFacts facts;
    facts.files = {{"sshd", base + text},
                   {"common-password",
                    "password [success=1 default=ignore] pam_unix.so\npassword requisite pam_deny.so\n"
                    "password required pam_permit.so\n"}};
    expect(check_pam_service(facts, "sshd", demanded), text, checks);
    expect(check_pam_service(facts, "sshd", reset_only), text, checks);
    for (const Finding& each : check_pam_service(facts, "sshd", demanded))
      assert_true(each.level == (checks.empty() ? Level::fine : Level::problem));
    for (const Finding& each : check_pam_service(facts, "sshd", reset_only))
      assert_true(each.level == (checks.empty() ? Level::fine : Level::warning));
    expect(check_pam_service(facts, "sshd", otherwise), text, {});
  }
}

void names_of_modules(void**) {
  const auto like_ours = [](const char* name) {
    PamEntry entry;
    entry.module = name;
    return misspelt(entry);
  };
  for (const char* name : {"pam_utfma.so", "pam_utmfa", "pam_utmfa.sso", "pam-utmfa.so", "pam_umfa.so", "PAM_UTMFA.so",
                           "/lib/security/pam_utmaf.so", "pam_utmffa.so"})
    assert_true(like_ours(name));
  for (const char* name : {"pam_utmfa.so", "/lib/security/pam_utmfa.so", "pam_unix.so", "pam_u2f.so", "pam_umask.so",
                           "pam_oath.so", "pam_env.so", "pam_time.so", ""})
    assert_false(like_ours(name));
}

void services_on_the_machine(void**) {
  const Config config = config_of("version: 1\n");
  PamFacts facts;
  facts.files = {{"utmfa-test", "auth required pam_utmfa.so\naccount required pam_permit.so\n"},
                 {"sudo", "auth requisite pam_unix.so\nauth required pam_utmfa.so\n"},
                 {"other", "auth required pam_deny.so\n"}};
  expect(check_pam(facts, config), "all there", {});
  facts.files.erase("sudo");
  expect(check_pam(facts, config), "nobody asks", {"pam-unused"});
  facts.files.erase("utmfa-test");
  expect(check_pam(facts, config), "no test service", {"pam-unused", "pam-test-service"});
}

const std::string good_sshd =
    "usepam yes\nkbdinteractiveauthentication yes\npasswordauthentication no\npubkeyauthentication yes\n"
    "authenticationmethods keyboard-interactive:pam publickey,keyboard-interactive:pam\nmaxauthtries 6\n"
    "logingracetime 180\nmaxstartups 100:30:300\n";

// The good settings with some lines changed.
SshdSettings changed(const std::string& lines) {
  SshdSettings settings = parse_sshd_settings(lines);
  for (const auto& [key, value] : parse_sshd_settings(good_sshd)) settings.emplace(key, value);
  return settings;
}

void sshd_settings(void**) {
  const Config config = config_of("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n");
  const Service& policy = config.service("sshd");
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {"", {}},
      {"usepam no\n", {"sshd-usepam"}},
      {"kbdinteractiveauthentication no\n", {"sshd-kbdint"}},
      {"passwordauthentication yes\n", {"sshd-password"}},
      {"maxauthtries 1\n", {"sshd-maxauthtries"}},
      {"logingracetime 60\n", {"sshd-gracetime"}},
      {"logingracetime 0\n", {}},
      {"maxstartups 10:30:100\n", {"sshd-maxstartups"}},
      {"persourcepenalties crash:90 authfail:5\n", {"sshd-penalties"}},
      {"persourcepenalties no\n", {}},
      {"persourcepenalties crash:90\npersourcepenaltyexemptlist 192.0.2.0/24\n", {}},
      {"persourcemaxstartups 10\n", {"sshd-persource"}},
      {"persourcemaxstartups none\n", {}},
      {"authenticationmethods any\npubkeyauthentication no\n", {}},
      {"authenticationmethods publickey,keyboard-interactive\n", {}},
  };
  for (const auto& [lines, checks] : cases)
    expect(check_sshd_settings(changed(lines), policy, AccountLine::there, {}), lines, checks);
}

// Registering takes longer than a code.
// Where a PIN or a fingerprint is demanded, sshd has to demand it of its keys, and utmfa.yaml has to say so.
void sshd_verifies_keys(void**) {
  const Config required = config_of("version: 1\nservices:\n  sshd: {require: always, verification: required}\n");
  const Config preferred = config_of("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n");
  const auto check = [](const Config& config, const char* lines, SshVerification claimed) {
    return check_sshd_settings(changed(lines), config.service("sshd"), AccountLine::there, {}, claimed);
  };
  const char *none = "pubkeyauthoptions none\n", *verifies = "pubkeyauthoptions touch-required,verify-required\n";
  expect(check(required, none, SshVerification::unknown), none, {"sshd-verification"});
  expect(check(required, verifies, SshVerification::unknown), verifies, {"sshd-verification"});
  expect(check(required, none, SshVerification::enforced), none, {"sshd-verification"});
  expect(check(required, verifies, SshVerification::enforced), verifies, {});
  expect(check(preferred, none, SshVerification::unknown), none, {});
}

void sshd_cuts_off_who_registers(void**) {
  for (const char* service : {"require: always, not-enrolled: set-up", "remind: 3"}) {
    const Config config = config_of("version: 1\nservices:\n  sshd: {" + std::string(service) + "}\n");
    const auto check = [&](const char* lines) {
      return check_sshd_settings(changed(lines), config.service("sshd"), AccountLine::there, {});
    };
    expect(check("logingracetime 899\n"), service, {"sshd-gracetime-set-up"});
    expect(check("logingracetime 900\n"), service, {});
    expect(check("logingracetime 0\n"), service, {});
  }
}

void keys_alone(void**) {
  const Config enforced = config_of("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n");
  const Config open = config_of("version: 1\nservices:\n  sshd: {require: enrolled, account: off}\n");
  const Config off = config_of("version: 1\nservices:\n  sshd: {require: off}\n");
  for (const char* lines : {"authenticationmethods any\n", "authenticationmethods publickey\n",
                            "authenticationmethods hostbased keyboard-interactive\n"}) {
    const SshdSettings settings = changed(lines);
    const auto check = [&](const Config& config, AccountLine account) {
      return check_sshd_settings(settings, config.service("sshd"), account, {});
    };
    expect(check(enforced, AccountLine::there), lines, {"sshd-key-refused"});
    expect(check(enforced, AccountLine::missing), lines, {"sshd-key-alone"});
    expect(check(open, AccountLine::there), lines, {"sshd-key-alone"});
    expect(check(off, AccountLine::missing), lines, {});
  }
}

void the_clock(void**) {
  const Time now = 1'795'000'000;
  assert_true(found(check_clock({true, now}), "clock"));
  expect(check_clock({true, now}), "kept", {});
  expect(check_clock({false, now}), "free", {"clock-free"});
  assert_true(check_clock({false, now, true}).front().remedy.find("timedatectl") != std::string::npos);
  expect(check_clock({false, now, false}), "no systemd", {"clock-free"});
  assert_true(check_clock({false, now, false}).front().remedy.find("timedatectl") == std::string::npos);
  expect(check_clock({true, 1000}), "1970", {"clock-wrong"});
  expect(check_clock({true, 9'000'000'000}), "2255", {"clock-wrong"});
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::pam_stacks),
      cmocka_unit_test(utmfa::the_account_line),
      cmocka_unit_test(utmfa::the_auth_line_was_taken_away),
      cmocka_unit_test(utmfa::registering_at_the_sign_in),
      cmocka_unit_test(utmfa::names_of_modules),
      cmocka_unit_test(utmfa::services_on_the_machine),
      cmocka_unit_test(utmfa::sshd_settings),
      cmocka_unit_test(utmfa::sshd_verifies_keys),
      cmocka_unit_test(utmfa::sshd_cuts_off_who_registers),
      cmocka_unit_test(utmfa::keys_alone),
      cmocka_unit_test(utmfa::the_clock),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

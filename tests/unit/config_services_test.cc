// SPDX-License-Identifier: Apache-2.0
// What utmfa.yaml says of single services: their own words, what well-known ones are, and what cannot be meant.
#include <cstring>
#include "config/config.h"

#include "factors/factor.h"

#include "support/check.h"

namespace utmfa {
namespace {

Result<Config> parsed(const std::string& text) { return parse_config(text, "f", kind_names()); }

Config accepted(const std::string& text) {
  Result<Config> config = parsed(text);
  if (!config) fail_msg("%s\nwas refused: %s", text.c_str(), config.error().what.c_str());
  return std::move(*config);
}

void refused(const std::string& line, std::string_view expected) {
  const Result<Config> config = parsed("services:\n  default:\n    " + line + "\n");
  if (config) fail_msg("%s\nwas accepted", line.c_str());
  assert_string_equal(config.error().what.c_str(), std::string(expected).c_str());
}

void warned(const std::string& text, std::string_view expected) {
  const Config config = accepted(text);
  assert_int_equal(config.warnings.size(), 1);
  assert_string_equal(config.warnings[0].c_str(), std::string(expected).c_str());
}

void own_words_are_bounded_and_their_places_known(void**) {
  const std::string hundred(100, 'x');
  const Config config = accepted("services: {sshd: {prompts: {unnamed: " + hundred +
                                 ", totp: {ja: \"{label} の番号\"}, recovery: \"Paper: {label}\"}}}");
  const Service& sshd = config.service("sshd");
  assert_string_equal(sshd.prompts.at("unnamed").in("ja").c_str(), hundred.c_str());
  assert_string_equal(sshd.prompts.at("totp").in("en").c_str(), "");
  assert_string_equal(sshd.prompts.at("totp").in("ja").c_str(), "{label} の番号");
  assert_string_equal(sshd.prompts.at("recovery").in("en").c_str(), "Paper: {label}");
  assert_true(config.service("login").prompts.empty());
  const std::string_view rows[][2] = {
      {"field: two", "f:3:12: field is two: one of many, one is expected"},
      {"wait-prompt: on", "f:3:18: wait-prompt is on: one of auto, always, never is expected"},
      {"prompts: hello", "f:3:14: prompts is hello: a map of prompts is expected"},
      {"prompts: {totp: {fr: x}}", "f:3:22: unknown key \"fr\": one of en, ja is expected"},
      {"prompts: {totp: \"\"}", "f:3:21: totp is \"\": text of 1 to 100 bytes without control characters is expected"},
      {"prompts: {totp: \"a\\tb\"}",
       "f:3:21: totp is \"a?b\": text of 1 to 100 bytes without control characters is expected"},
      {"prompts: {totp: \"{0}\"}", "f:3:21: totp is \"{0}\": braces only as {label}, once, are expected"},
      {"prompts: {totp: \"{label} {label}\"}",
       "f:3:21: totp is \"{label} {label}\": braces only as {label}, once, are expected"},
      {"prompts: {totp: {en: \"{Label}\"}}", "f:3:26: en is \"{Label}\": braces only as {label}, once, are expected"},
      {"prompts: {unnamed: \"{label}\"}",
       "f:3:24: unnamed is \"{label}\": text without braces is expected: names of methods are not shown there"},
      {"prompts: {one-field: \"}\"}",
       "f:3:26: one-field is \"}\": text without braces is expected: names of methods are not shown there"}};
  for (const auto& row : rows) refused(std::string(row[0]), row[1]);
  const Result<Config> longer = parsed("services: {default: {prompts: {totp: " + hundred + "x}}}");
  assert_true(!longer);
  assert_non_null(std::strstr(longer.error().what.c_str(), "text of 1 to 100 bytes"));
}

// The question of what is sent, or of which a device answers, says more than words in a file could.
void words_for_every_kind_whose_code_is_typed(void**) {
  std::string known = "unnamed, one-field";
  for (const Factor& factor : factors())
    if (factor.channels == nullptr && factor.answered == nullptr) known += ", " + std::string(factor.kind);
  refused("prompts: {code: x}", "f:3:15: unknown key \"code\": one of " + known + " is expected");
  int elsewhere = 0;
  for (const Factor& factor : factors()) {
    const std::string kind(factor.kind), line = "prompts: {" + kind + ": x}";
    if (factor.channels == nullptr && factor.answered == nullptr) {
      assert_true(static_cast<bool>(parsed("services: {default: {" + line + "}}")));
      continue;
    }
    ++elsewhere;
    refused(line, "f:3:15: unknown key \"" + kind + "\": one of " + known + " is expected");
  }
  assert_int_equal(elsewhere, 3);
}

void what_well_known_services_are(void**) {
  const Config silent = accepted("services: {default: {require: always, not-enrolled: deny, account: enforce}}");
  for (const std::string_view nobody : {"atd", "cron", "crond", "runuser", "runuser-l", "systemd-user"}) {
    assert_int_equal(silent.service(nobody).require, Require::off);
    assert_int_equal(silent.service(nobody).account, AccountDoor::off);
  }
  for (const std::string_view somebody : {"sudo", "su", "login", "polkit-1", "xscreensaver", "i3lock"})
    assert_int_equal(silent.service(somebody).require, Require::always);
  assert_int_equal(silent.service("i3lock").field, Field::one);
  assert_int_equal(silent.service("swaylock").field, Field::one);
  assert_int_equal(silent.service("xsecurelock").field, Field::many);
  // The file has the last word.
  const Config said = accepted("services: {cron: {require: always}, i3lock: {field: many}, kiosk: {field: one}}");
  assert_int_equal(said.service("cron").require, Require::always);
  assert_int_equal(said.service("i3lock").field, Field::many);
  assert_int_equal(said.service("kiosk").field, Field::one);
  assert_int_equal(accepted("services: {default: {field: one}}").service(test_service).field, Field::many);
}

void what_well_known_services_cannot_mean(void**) {
  warned("services: {sudo: {account: enforce}}",
         "f:1:19: services.sudo.account = enforce refuses whom sudo itself does not ask, within its time limit or by "
         "NOPASSWD");
  warned("services: {su-l: {account: enforce}}",
         "f:1:19: services.su-l.account = enforce refuses whom su itself does not ask: root");
  warned("services: {sshd: {field: one}}",
         "f:1:19: services.sshd.field = one judges the code before the password: whoever knows a name can lock its "
         "codes from afar");
  assert_true(accepted("services: {default: {account: enforce, field: one}, sudo: {tries: 2}}").warnings.empty());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::own_words_are_bounded_and_their_places_known),
      cmocka_unit_test(utmfa::words_for_every_kind_whose_code_is_typed),
      cmocka_unit_test(utmfa::what_well_known_services_are),
      cmocka_unit_test(utmfa::what_well_known_services_cannot_mean),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

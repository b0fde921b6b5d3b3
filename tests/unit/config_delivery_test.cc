// SPDX-License-Identifier: Apache-2.0
// What utmfa.yaml says of codes that are sent: every key in its range, and outside of it.
#include <fstream>
#include <iterator>
#include "config/config.h"

#include "factors/factor.h"

#include "support/check.h"

namespace utmfa {
namespace {

Result<Config> read(const std::string& text) { return parse_config(text, "f", kind_names()); }

void defaults(void**) {
  const Result<Config> config = read("");
  const DeliveryRules& rules = config->throttle.delivery;
  assert_true(rules.digits == 6 && rules.valid == 600 && rules.cooldown == 60 && rules.after_denial == 900);
  assert_true(rules.per_hour == 10 && rules.per_day == 30 && rules.per_day <= most_sent);
  assert_string_equal(config->region.c_str(), "JP");
  assert_true(config->limits.deliveries == 64 && config->limits.deliveries_per_hour == 1000);
  assert_true(config->gateway("push").matching == Matching::numbers);
  assert_true(config->warnings.empty());
}

void the_sample_says_the_defaults(void**) {
  const std::string path = UTMFA_SOURCE "conf/utmfa.yaml";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Result<Config> sample = read(text), usual = read("");
  assert_true(static_cast<bool>(sample));
  const DeliveryRules &one = sample->throttle.delivery, &other = usual->throttle.delivery;
  assert_true(one.digits == other.digits && one.valid == other.valid && one.cooldown == other.cooldown);
  assert_true(one.per_hour == other.per_hour && one.per_day == other.per_day);
  assert_true(one.after_denial == other.after_denial && sample->region == usual->region);
  assert_true(sample->registration.first_kinds == usual->registration.first_kinds);
  assert_int_equal(sample->limits.deliveries, usual->limits.deliveries);
  assert_int_equal(sample->limits.deliveries_per_hour, usual->limits.deliveries_per_hour);
}

void said(void**) {
  const Result<Config> config = read(
      "region: DE\ndelivery: {digits: 8, valid: 2m, cooldown: 0s, per-hour: 60, per-day: 60, after-denial: 1d}\n"
      "limits: {deliveries: 1, deliveries-per-hour: 1}\ngateways: {push: {command: [/x], matching: approval}}\n");
  assert_true(static_cast<bool>(config));
  const DeliveryRules& rules = config->throttle.delivery;
  assert_true(rules.digits == 8 && rules.valid == 120 && rules.cooldown == 0 && rules.after_denial == 86400);
  assert_true(rules.per_hour == 60 && rules.per_day == 60 && config->region == "DE");
  assert_true(config->gateway("push").matching == Matching::approval);
  assert_int_equal(config->warnings.size(), 1);
  assert_true(config->warnings[0].find("f:4:12: gateways.push.matching is approval") == 0);
}

void refused(void**) {
  const std::pair<const char*, const char*> rows[] = {
      {"delivery: {digits: 5}", "digits is 5"},
      {"delivery: {digits: 9}", "digits is 9"},
      {"delivery: {valid: 11m}", "valid is 11m"},
      {"delivery: {valid: 59s}", "valid is 59s"},
      {"delivery: {cooldown: 61m}", "cooldown is 61m"},
      {"delivery: {per-hour: 0}", "per-hour is 0"},
      {"delivery: {per-hour: 61}", "per-hour is 61"},
      {"delivery: {per-day: 61}", "per-day is 61"},
      {"delivery: {after-denial: 59s}", "after-denial is 59s"},
      {"delivery: {often: 1}", "unknown key \"often\""},
      {"delivery: []", "KEY: VALUE lines are expected"},
      {"limits: {deliveries: 0}", "deliveries is 0"},
      {"limits: {deliveries-per-hour: 0}", "deliveries-per-hour is 0"},
      {"region: jp", "two capital letters"},
      {"region: JPN", "two capital letters"},
      {"region: [JP]", "two capital letters"},
      {"gateways: {sms: {command: [/x], matching: numbers}}", "unknown key \"matching\""},
      {"gateways: {push: {command: [/x], matching: maybe}}", "one of numbers, approval is expected"},
  };
  for (const auto& [text, error] : rows) {
    const Result<Config> config = read(text);
    assert_false(static_cast<bool>(config));
    if (config.error().what.find(error) == std::string::npos) print_error("%s\n", config.error().what.c_str());
    assert_true(config.error().what.find(error) != std::string::npos);
    assert_true(config.error().what.find("f:1:") == 0);
  }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::defaults),
      cmocka_unit_test(utmfa::the_sample_says_the_defaults),
      cmocka_unit_test(utmfa::said),
      cmocka_unit_test(utmfa::refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

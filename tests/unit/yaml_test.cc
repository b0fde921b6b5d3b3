// SPDX-License-Identifier: Apache-2.0
// The strict form of YAML, tried through utmfa.yaml: what is refused before a key is looked at, and what bounds it.
#include "base/yaml.h"

#include "config/config.h"
#include "support/check.h"

namespace utmfa {
namespace {

constexpr std::string_view kinds[] = {"totp", "hotp", "recovery", "pass"};

Result<Config> parsed(std::string_view text) { return parse_config(text, "f", kinds); }

Config accepted(std::string_view text) {
  Result<Config> config = parsed(text);
  if (!config) fail_msg("%s\nwas refused: %s", std::string(text).c_str(), config.error().what.c_str());
  return std::move(*config);
}

void refused(std::string_view text, std::string_view expected) {
  const Result<Config> config = parsed(text);
  if (config) fail_msg("%s\nwas accepted", std::string(text).c_str());
  assert_int_equal(config.error().code, Code::invalid);
  assert_string_equal(config.error().what.c_str(), std::string(expected).c_str());
}

void hostile_text_is_refused(void**) {
  const std::string_view rows[][2] = {
      {"issuer: &a x", "f:1:9: an anchor stands here: a value without one is expected"},
      {"services: &a\n  sshd: {}", "f:1:11: an anchor stands here: a value without one is expected"},
      {"issuer: *a", "f:1:9: this is not YAML (the referenced anchor is not defined): KEY: VALUE lines are expected"},
      {"issuer: !!str x", "f:1:9: a tag stands here: a value without one is expected"},
      {"issuer: ! x", "f:1:9: a tag stands here: a value without one is expected"},
      {"issuer: !x", "f:1:9: a tag stands here: a value without one is expected"},
      {"version: 1\r\nissuer: !x y", "f:2:9: a tag stands here: a value without one is expected"},
      {"issuer: \xe6\x9d\xb1\nlanguage: &x en", "f:2:11: an anchor stands here: a value without one is expected"},
      {"issuer: \"!x\"\nexempt: [&x ]", "f:2:10: an anchor stands here: a value without one is expected"},
      {"&a issuer: x", "f:1:1: an anchor stands here: a value without one is expected"},
      {"a: &a [x]\nb: [*a, *a]", "f:1:4: an anchor stands here: a value without one is expected"},
      {"<<: {issuer: x}",
       "f:1:1: unknown key \"<<\": one of version, language, issuer, region, services, exempt, registration, "
       "throttle, delivery, totp, hotp, fido, limits, gateways is expected"},
      {"version: 1\n---\nversion: 1", "f:2:1: a second document begins here: one document is expected"},
      {"{a: b}: c", "f:1:1: a map or a list stands where a key belongs: KEY: VALUE is expected"},
      {"? [a]\n: c", "f:1:3: a map or a list stands where a key belongs: KEY: VALUE is expected"},
      {"\"\": c", "f:1:1: a key is missing: KEY: VALUE is expected"},
      {"~: c", "f:1:1: a key is missing: KEY: VALUE is expected"},
      {"\xef\xbb\xbfversion: 1", "f:1:1: the file begins with a byte order mark: UTF-8 without one is expected"},
      {"version: 1\nissuer: a\xff", "f:2:10: this is not UTF-8: UTF-8 text is expected"},
      {"issuer: \xc3", "f:1:9: this is not UTF-8: UTF-8 text is expected"},
      {"issuer: \xe3\x81\x82\xc0\xaf", "f:1:12: this is not UTF-8: UTF-8 text is expected"},
      {std::string_view("issuer: a\0b", 11), "f:1:10: a control character stands here: text is expected"},
      {"# \x1b[2J\nversion: 1", "f:1:3: a control character stands here: text is expected"},
      {"version: 1\rissuer: x", "f:1:11: a control character stands here: text is expected"},
      {"services:\n\tsshd: {}", "f:2:1: a tab stands in the indentation: spaces are expected"},
      {"services:\n  \tsshd: {}", "f:2:3: a tab stands in the indentation: spaces are expected"},
  };
  for (const auto& row : rows) refused(row[0], row[1]);
  accepted("issuer:\tutmfa\t# a tab between words is a space");
  accepted("issuer: \"&a !b *c\"\nlanguage: 'en'");
  accepted("issuer: \xe6\x9d\xb1\xe4\xba\xac");
  // What yaml-cpp itself refuses is told with its place; its words are its own.
  for (const std::string_view text :
       {"services: {", "a: b: c", "\"open", "a: 'open", "- a\nb: c", "%YAML 9.9\n---\na: b", "@a: b"}) {
    const Result<Config> config = parsed(text);
    assert_true(!config);
    assert_true(config.error().what.substr(0, 2) == "f:");
    assert_true(config.error().what.find('\n') == std::string::npos);
  }
}

void size_is_bounded(void**) {
  const std::string filler = "#" + std::string(longest_config - 1, ' ');
  accepted(filler);
  refused(filler + " ", "f:1:1: the file is too long: at most 262144 bytes are expected");
  for (const std::string_view open : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string text = "services: ";
    if (open == "- " || open == "? ") text = "";
    while (text.size() < longest_config - 8) text += open;
    assert_true(!parsed(text));
  }
  std::string many = "services:\n";
  for (int i = 0; i < 512; ++i) many += "  s" + std::to_string(i) + ": {}\n";
  assert_int_equal(accepted(many).services.size(), accepted("").services.size() + 512);
  refused(many + "  s512: {}\n", "f:514:3: too many keys: at most 512 are expected");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::hostile_text_is_refused),
      cmocka_unit_test(utmfa::size_is_bounded),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

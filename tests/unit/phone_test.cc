// SPDX-License-Identifier: Apache-2.0
// What may be registered as a telephone or an app, how it is written, shown and asked.
#include "factor_checks.h"
#include "methods/method.h"

namespace utmfa {
namespace {

Result<Made> made(const char* kind, std::map<std::string, std::string, std::less<>> options,
                  const std::string& label = "") {
  SystemRandom random;
  Wish wish;
  wish.label = label;
  wish.options = std::move(options);
  return factor_for(kind)->make(wish, random, 1'800'000'000);
}

void numbers(void**) {
  for (const char* good : {"+819012345678", "+1202555", "+123456789012345"})
    assert_true(static_cast<bool>(made("phone", {{"number", good}})));
  for (const char* bad : {"", "+", "+120255", "+1234567890123456", "819012345678", "+081901234567", "+81 9012345678",
                          "+8190123x5678", "++81901234567", "+81901234567\n"})
    assert_false(static_cast<bool>(made("phone", {{"number", bad}})));
  assert_false(static_cast<bool>(made("phone", {})));
  assert_false(static_cast<bool>(made("phone", {{"number", "+819012345678"}, {"device", "x"}})));
}

void slots_and_channels(void**) {
  const auto gateways = [](const Method& method) {
    std::string all;
    for (const Channel& each : factor_for(method.kind)->channels(method)) all += std::string(each.gateway) + " ";
    return all;
  };
  const std::string number = "+819012345678";
  assert_string_equal(gateways(made("phone", {{"number", number}})->method).c_str(), "sms voice ");
  assert_string_equal(gateways(made("phone", {{"number", number}, {"prefer", "voice"}})->method).c_str(), "voice sms ");
  assert_string_equal(gateways(made("phone", {{"number", number}, {"slot", "alternate"}})->method).c_str(), "voice ");
  const Result<Made> office = made("phone", {{"number", number}, {"slot", "office"}, {"extension", "0123"}});
  assert_string_equal(gateways(office->method).c_str(), "voice ");
  assert_string_equal(office->method.id.c_str(), "office");
  assert_string_equal(std::string(office->method.field("prefer")).c_str(), "voice");
  assert_false(static_cast<bool>(made("phone", {{"number", number}, {"slot", "office"}, {"prefer", "sms"}})));
  assert_false(static_cast<bool>(made("phone", {{"number", number}, {"slot", "home"}})));
  assert_false(static_cast<bool>(made("phone", {{"number", number}, {"extension", "12"}})));
  for (const char* bad : {"", "12345678901", "1 2", "#1"})
    assert_false(static_cast<bool>(made("phone", {{"number", number}, {"slot", "office"}, {"extension", bad}})));
  // Gateways are told apart by their first letter.
  for (const std::string_view one : {"sms", "voice", "push"})
    for (const std::string_view other : {"sms", "voice", "push"}) assert_true(one == other || one[0] != other[0]);
}

void shown_masked(void**) {
  const std::pair<const char*, const char*> rows[] = {{"+819012345678", "+81 ••••5678"},
                                                      {"+12025550123", "+1 ••••0123"},
                                                      {"+79161234567", "+7 ••••4567"},
                                                      {"+85212345678", "+852 ••••5678"},
                                                      {"+1202555", "+1 ••••2555"}};
  for (const auto& [number, shown] : rows) {
    Method method;
    method.fields = {{"number", number}};
    assert_string_equal(factor_for("phone")->masked(method).c_str(), shown);
  }
}

void an_app_needs_a_device(void**) {
  assert_true(static_cast<bool>(made("push", {{"device", "topic/7"}}, "Pixel")));
  for (const std::string& bad : {std::string(), std::string("a\nb"), std::string(257, 'x'), std::string("\x1b[2J")})
    assert_false(static_cast<bool>(made("push", {{"device", bad}})));
  assert_false(static_cast<bool>(made("push", {})));
}

void only_digests_that_are_the_same(void**) {
  const Method method;
  MethodState state;
  const Factor* factor = factor_for("phone");
  const auto judged = [&](std::string_view sent, std::string_view typed) {
    return factor->judge(method, Secret(sent), state, {}, typed, 0)->use;
  };
  assert_true(judged("abcd", "abcd") == Use::accepted);
  assert_true(judged("abcd", "abce") == Use::rejected);
  assert_true(judged("abcd", "abc") == Use::rejected);
  assert_true(judged("abcd", "") == Use::rejected);
  assert_true(judged("", "") == Use::rejected);
}

// FILE is how it is printed, and reads back.
void written_and_read(void**) {
  MethodFile file;
  file.user = "taro";
  file.status = Registration::active;
  file.methods.push_back(made("phone", {{"number", "+819012345678"}})->method);
  file.methods.push_back(
      made("phone", {{"number", "+81312345678"}, {"slot", "office"}, {"extension", "0123"}})->method);
  file.methods.push_back(made("push", {{"device", "topic/7"}}, "Pixel")->method);
  file.methods.back().id = "push-1";
  const std::string text = print_method_file(file, kind_rules());
  assert_true(text.find("number: \"+819012345678\"\n") != text.npos);
  for (const auto& parse : {parse_method_file, parse_method_yaml}) {
    const Result<MethodFile> read = parse(text, "f", kind_rules());
    if (!read) print_error("%s\n", read.error().what.c_str());
    assert_true(static_cast<bool>(read));
    assert_string_equal(print_method_file(*read, kind_rules()).c_str(), text.c_str());
    assert_string_equal(std::string(read->find("office")->field("extension")).c_str(), "0123");
  }
}

void refused_in_a_file(void**) {
  const std::string head = "version: 1\nuser: taro\nstatus: active\nmethods:\n";
  const auto entry = [](const std::string& id, const std::string& rest) {
    return "  - {id: " + id + ", kind: phone, label: x, " + rest + "}\n";
  };
  const std::pair<std::string, std::string> rows[] = {
      {entry("mobile", "slot: mobile, number: \"+819012345678\""), ""},
      {entry("mobile", "slot: mobile"), "number is missing"},
      {entry("mobile", "slot: mobile, number: +819012345678"), "in quotes, is expected"},
      {entry("mobile", "slot: mobile, number: \"090-1234-5678\""), "in quotes, is expected"},
      {entry("mobile", "slot: car, number: \"+819012345678\""), "mobile|alternate|office"},
      {entry("a", "number: \"+819012345678\"") + entry("b", "slot: mobile, number: \"+819012345679\""),
       "one that a does not have already"},
  };
  for (const auto& [text, error] : rows)
    for (const auto& parse : {parse_method_file, parse_method_yaml}) {
      const Result<MethodFile> read = parse(head + text, "f", kind_rules());
      assert_true(static_cast<bool>(read) == error.empty());
      if (!read && read.error().what.find(error) == std::string::npos) print_error("%s\n", read.error().what.c_str());
      if (!read) assert_true(read.error().what.find(error) != std::string::npos);
    }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::numbers),
      cmocka_unit_test(utmfa::slots_and_channels),
      cmocka_unit_test(utmfa::shown_masked),
      cmocka_unit_test(utmfa::an_app_needs_a_device),
      cmocka_unit_test(utmfa::only_digests_that_are_the_same),
      cmocka_unit_test(utmfa::written_and_read),
      cmocka_unit_test(utmfa::refused_in_a_file),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

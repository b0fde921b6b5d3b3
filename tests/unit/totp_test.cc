// SPDX-License-Identifier: Apache-2.0
// Time-based codes: RFC 6238's own, the window, drift, replay, registering, and everything that is not a code.
#include "factors/oath.h"

#include "factor_checks.h"

namespace utmfa {
namespace {

using test::oath_method;
using test::use;

constexpr std::int64_t step0 = 60'000'000;
constexpr Time noon = step0 * 30;

struct Bench {
  Method method = oath_method("totp", "6");
  Secret secret = test::bytes_of("3132333435363738393031323334353637383930");
  MethodState state;
  FactorRules rules;

  std::string code(std::int64_t offset) const {
    const Result<Secret> made = totp_code(method, secret, step0 + offset);
    assert_true(static_cast<bool>(made));
    return std::string(made->view());
  }
  Use type(std::string_view answer, std::int64_t steps_later = 0) {
    return use(method, secret, state, answer, noon + steps_later * 30, rules);
  }
};

void rfc_6238_vectors(void**) {
  for (const std::vector<std::string>& row : test::vectors("totp.txt")) {
    const Method method = oath_method("totp", "8", row[0]);
    const Secret secret = test::bytes_of(row[1]);
    const Time time = std::stoll(row[2]);
    MethodState state;
    assert_int_equal(use(method, secret, state, row[3], time, {0, 0}), Use::accepted);
    assert_int_equal(state.moving, time / 30);
    assert_int_equal(use(method, secret, state, row[3], time, {0, 0}), Use::used);
    MethodState other;
    assert_int_equal(
        use(oath_method("totp", "8", row[0] == "sha1" ? "sha256" : "sha1"), secret, other, row[3], time, {0, 0}),
        Use::rejected);
  }
}

void seven_digits_and_a_minute(void**) {
  const Method method = oath_method("totp", "7", "sha1", "60");
  const Secret secret = test::bytes_of("3132333435363738393031323334353637383930");
  MethodState state;
  // oathtool --totp -d 7 -s 60 -N @1234567890 3132333435363738393031323334353637383930
  const Result<Secret> code = totp_code(method, secret, 1234567890 / 60);
  assert_int_equal(code->size(), 7);
  assert_int_equal(use(method, secret, state, code->view(), 1234567890, {0, 0}), Use::accepted);
  assert_int_equal(state.moving, 1234567890 / 60);
}

void window_on_both_sides(void**) {
  for (int window = 0; window <= 3; ++window) {
    for (std::int64_t offset = -5; offset <= 5; ++offset) {
      Bench bench;
      bench.rules.totp_window = window;
      const Use expected = offset >= -window && offset <= window ? Use::accepted : Use::rejected;
      assert_int_equal(bench.type(bench.code(offset)), expected);
    }
  }
}

void older_than_the_last_used_is_used(void**) {
  Bench bench;
  assert_int_equal(bench.type(bench.code(0)), Use::accepted);
  assert_int_equal(bench.type(bench.code(0)), Use::used);
  assert_int_equal(bench.type(bench.code(-1)), Use::used);
  assert_int_equal(bench.type(bench.code(1)), Use::accepted);
  assert_int_equal(bench.type(bench.code(0), 1), Use::used);
  assert_int_equal(bench.type(bench.code(2), 1), Use::accepted);
}

void clock_that_went_back_opens_nothing(void**) {
  Bench bench;
  assert_int_equal(bench.type(bench.code(1000), 1000), Use::accepted);
  assert_int_equal(bench.type(bench.code(0), 0), Use::used);
  assert_int_equal(bench.type(bench.code(1001), 1001), Use::accepted);
}

void drift_is_followed_within_its_bound(void**) {
  Bench bench;
  assert_int_equal(bench.type(bench.code(2)), Use::rejected);
  assert_int_equal(bench.type(bench.code(1)), Use::accepted);
  assert_int_equal(bench.state.drift, 1);
  assert_int_equal(bench.type(bench.code(12), 10), Use::accepted);
  assert_int_equal(bench.state.drift, 2);
  assert_int_equal(bench.type(bench.code(23), 20), Use::accepted);
  assert_int_equal(bench.state.drift, 2);  // the bound, twice the window
  assert_int_equal(bench.type(bench.code(34), 30), Use::rejected);
}

void a_clock_set_right_again_is_taken_at_once(void**) {
  Bench bench;
  bench.state.drift = -2;
  assert_int_equal(bench.type(bench.code(1)), Use::accepted);
  bench.state = {};
  bench.state.drift = 2;
  assert_int_equal(bench.type(bench.code(-1)), Use::accepted);
  bench.state = {};
  bench.state.drift = 1'000'000'000;  // no state of ours, and no reason to search for years
  assert_int_equal(bench.type(bench.code(4)), Use::rejected);
  assert_int_equal(bench.type(bench.code(3)), Use::accepted);
}

void only_digits_of_the_right_number_count(void**) {
  Bench bench;
  const std::string code = bench.code(0);
  const std::string spaced = code.substr(0, 3) + " " + code.substr(3);
  for (const std::string& wrong :
       {std::string(), std::string(" "), code.substr(1), code + "0", "0" + code, "+" + code.substr(1), code + "\n",
        std::string("\b\n\r\177INCORRECT"), code.substr(0, 5) + std::string(1, '\0'), code + std::string(1, '\0'),
        std::string("\xef\xbc\x91\xef\xbc\x92"), std::string(1023, '1'), "-" + code}) {
    assert_int_equal(bench.type(wrong), Use::rejected);
  }
  assert_int_equal(bench.type(spaced), Use::accepted);
}

// Every digit as its full-width form, U+FF10 to U+FF19.
std::string wide(std::string_view code) {
  std::string text;
  for (const char each : code) text += "\xef\xbc" + std::string(1, static_cast<char>(0x90 + (each - '0')));
  return text;
}

void typed_as_people_type(void**) {
  const auto typed = [](std::string_view middle, bool full_width) {
    Bench bench;
    const std::string code = bench.code(0), head = code.substr(0, 3), tail = code.substr(3);
    return bench.type(full_width ? wide(head) + std::string(middle) + wide(tail) : head + std::string(middle) + tail);
  };
  for (const bool full_width : {false, true})
    for (const char* middle : {"", " ", "-", " - ", "\xe3\x80\x80", "\xe3\x83\xbc", "\xef\xbc\x8d", "\xe2\x80\x90"})
      assert_int_equal(typed(middle, full_width), Use::accepted);
  for (const char* middle : {".", "a", "+", "\n", "\xef\xbc\x8e", "\xef\xbc\x90", "\xd9\xa0", "\xef\xbc"})
    assert_int_equal(typed(middle, true), Use::rejected);
  Bench bench;
  const std::string code = wide(bench.code(0));
  for (const std::string& wrong :
       {code.substr(3), code + "\xef\xbc\x90", "-" + code, code + "-", code.substr(1), code.substr(0, code.size() - 1)})
    assert_int_equal(bench.type(wrong), Use::rejected);
  std::string far = " " + code + " ";
  while (far.size() + 3 < 1023) far += "\xe3\x80\x80";
  assert_int_equal(bench.type(far), Use::accepted);
}

void wrong_by_one_digit(void**) {
  Bench bench;
  for (std::size_t i = 0; i < 6; ++i) {
    std::string wrong = bench.code(0);
    wrong[i] = static_cast<char>('0' + (wrong[i] - '0' + 1) % 10);
    if (wrong != bench.code(-1) && wrong != bench.code(1)) assert_int_equal(bench.type(wrong), Use::rejected);
  }
  assert_int_equal(bench.type(bench.code(0)), Use::accepted);
}

void before_the_epoch_and_at_its_start(void**) {
  const Method method = oath_method("totp", "6");
  const Secret secret = test::bytes_of("00");
  MethodState state;
  const Result<Secret> code = totp_code(method, secret, 0);
  assert_int_equal(use(method, secret, state, code->view(), -3600), Use::rejected);
  assert_int_equal(use(method, secret, state, code->view(), 0), Use::accepted);
}

void made_as_wished(void**) {
  SystemRandom random;
  const Factor& totp = *factor_for("totp");
  const Result<Made> usual = totp.make({}, random, noon);
  assert_true(static_cast<bool>(usual));
  assert_true(usual->method.field("digits") == "6" && usual->method.field("period") == "30");
  assert_true(usual->method.field("algorithm") == "sha1" && usual->method.fields.count("serial") == 0);
  assert_true(usual->method.proof == Proof::waiting && usual->method.registered == noon);
  assert_int_equal(usual->secrets.find("secret")->second.size(), 20);
  Wish wish;
  wish.label = "iPhone";
  wish.options = {{"digits", "8"}, {"period", "60"}, {"algorithm", "sha512"}, {"serial", "A-17"}};
  const Result<Made> made = totp.make(wish, random, noon);
  assert_true(made->method.field("serial") == "A-17" && made->method.label == "iPhone");
  assert_int_equal(made->secrets.find("secret")->second.size(), 64);
  wish.secret = Secret(std::size_t{16});
  assert_int_equal(totp.make(wish, random, noon)->secrets.find("secret")->second.size(), 16);
}

void wishes_that_are_refused(void**) {
  SystemRandom random;
  const Factor& totp = *factor_for("totp");
  const std::pair<const char*, const char*> wrong[] = {
      {"digits", "5"},   {"digits", "9"}, {"digits", ""},     {"digits", "6|7"}, {"period", "31"}, {"algorithm", "md5"},
      {"algorithm", ""}, {"serial", ""},  {"serial", "a\nb"}, {"counter", "0"},  {"secret", "x"},  {"", "1"}};
  for (const auto& [key, value] : wrong) {
    Wish wish;
    wish.options.emplace(key, value);
    const Result<Made> made = totp.make(wish, random, noon);
    assert_false(static_cast<bool>(made));
    assert_int_equal(made.error().code, Code::invalid);
  }
  for (std::size_t size : {1u, 15u, 129u}) {
    Wish wish;
    wish.secret = Secret(size);
    assert_false(static_cast<bool>(totp.make(wish, random, noon)));
  }
}

void after_a_rebuild_nothing_until_now_counts(void**) {
  Bench bench;
  bench.state = factor_for("totp")->spent(bench.method, bench.rules, noon);
  for (std::int64_t offset = -1; offset <= 1; ++offset) assert_int_equal(bench.type(bench.code(offset)), Use::used);
  assert_int_equal(bench.type(bench.code(4), 4), Use::accepted);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::rfc_6238_vectors),
      cmocka_unit_test(utmfa::seven_digits_and_a_minute),
      cmocka_unit_test(utmfa::window_on_both_sides),
      cmocka_unit_test(utmfa::older_than_the_last_used_is_used),
      cmocka_unit_test(utmfa::clock_that_went_back_opens_nothing),
      cmocka_unit_test(utmfa::drift_is_followed_within_its_bound),
      cmocka_unit_test(utmfa::a_clock_set_right_again_is_taken_at_once),
      cmocka_unit_test(utmfa::only_digits_of_the_right_number_count),
      cmocka_unit_test(utmfa::typed_as_people_type),
      cmocka_unit_test(utmfa::wrong_by_one_digit),
      cmocka_unit_test(utmfa::before_the_epoch_and_at_its_start),
      cmocka_unit_test(utmfa::made_as_wished),
      cmocka_unit_test(utmfa::wishes_that_are_refused),
      cmocka_unit_test(utmfa::after_a_rebuild_nothing_until_now_counts),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

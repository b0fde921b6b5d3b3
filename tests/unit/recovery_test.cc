// SPDX-License-Identifier: Apache-2.0
// The recovery sheet: each code once, however it is typed.
#include "factors/codes.h"

#include "factor_checks.h"

namespace utmfa {
namespace {

using test::use;

struct Sheet {
  SystemRandom random;
  Result<Made> made = factor_for("recovery")->make({}, random, 1);
  MethodState state;

  const Secret& secret() const { return made->secrets.find("codes")->second; }
  Use type(std::string_view answer) { return use(made->method, secret(), state, answer, 1); }
};

void ten_codes_shown_once(void**) {
  Sheet sheet;
  assert_true(static_cast<bool>(sheet.made));
  assert_int_equal(sheet.made->shown.size(), 10);
  for (const std::string& code : sheet.made->shown) {
    assert_int_equal(code.size(), 11);
    assert_int_equal(code[5], '-');
    assert_true(code.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz-") == std::string::npos);
    assert_true(sheet.secret().view().find(code.substr(0, 5)) == std::string_view::npos);
  }
  assert_int_equal(sheet.secret().size(), 16 + 10 * 16);
  assert_true(sheet.made->method.field("count") == "10" && sheet.made->method.proof == Proof::confirmed);
}

void each_once_in_any_order(void**) {
  Sheet sheet;
  const Factor& recovery = *factor_for("recovery");
  int left = 10;
  for (std::size_t i : {3u, 0u, 9u, 1u, 2u, 4u, 5u, 6u, 7u, 8u}) {
    assert_int_equal(recovery.left(sheet.made->method, sheet.state), left--);
    assert_true(recovery.unusable(sheet.made->method, sheet.state, 1).empty());
    assert_int_equal(sheet.type(sheet.made->shown[i]), Use::accepted);
    if (i == 3) assert_int_equal(sheet.type(sheet.made->shown[i]), Use::used);
  }
  assert_int_equal(recovery.left(sheet.made->method, sheet.state), 0);
  assert_true(recovery.unusable(sheet.made->method, sheet.state, 1) == "no codes left");
  assert_int_equal(sheet.type(sheet.made->shown[8]), Use::used);
}

void typed_as_people_type(void**) {
  Sheet sheet;
  std::string shouted = sheet.made->shown[0], lookalike = sheet.made->shown[1], plain = sheet.made->shown[2];
  for (char& each : shouted) each = each >= 'a' && each <= 'z' ? static_cast<char>(each - 32) : each;
  for (char& each : lookalike) each = each == '0' ? 'O' : each == '1' ? 'l' : each;
  plain.erase(5, 1);
  plain = " " + plain.substr(0, 3) + " " + plain.substr(3) + " ";
  assert_int_equal(sheet.type(shouted), Use::accepted);
  assert_int_equal(sheet.type(lookalike), Use::accepted);
  assert_int_equal(sheet.type(plain), Use::accepted);
  std::string wide;  // an input method left on
  for (const char each : sheet.made->shown[3])
    wide += each == '-'  ? std::string("\xe3\x83\xbc")
            : each < '`' ? "\xef\xbc" + std::string(1, static_cast<char>(each + 0x60))
                         : "\xef\xbd" + std::string(1, static_cast<char>(each + 0x20));
  assert_int_equal(sheet.type(wide), Use::accepted);
}

void letters_that_look_alike(void**) {
  const Secret salt(std::size_t{16});
  const Result<Secret> hash = code_hash("0110abcdef", salt.view());
  for (const char* typed : {"OILo-abcdef", "oIl0 ABCDEF", "0ii0abcdef", "OLLOabcdef"})
    assert_true(equal(typed_code_hash(salt, typed)->view(), hash->view()));
  for (const char* typed : {"0110abcdeg", "0110abcde", "0110abcdeff", "u110abcdef", ""})
    assert_false(equal(typed_code_hash(salt, typed)->view(), hash->view()));
}

void not_a_code(void**) {
  Sheet sheet;
  const std::string code = sheet.made->shown[0];
  for (const std::string& wrong : {std::string(), std::string("-"), code.substr(1), code + "a",
                                   std::string("00000-00000"), std::string(1023, 'a'), code + std::string(1, '\0')})
    assert_int_equal(sheet.type(wrong), Use::rejected);
  assert_int_equal(sheet.type(code), Use::accepted);
}

void another_sheets_code(void**) {
  Sheet mine, other;
  assert_int_equal(mine.type(other.made->shown[0]), Use::rejected);
  assert_int_equal(other.type(other.made->shown[0]), Use::accepted);
}

void damaged_hashes_are_an_error(void**) {
  Sheet sheet;
  const Factor& recovery = *factor_for("recovery");
  const Secret cut(sheet.secret().view().substr(0, sheet.secret().size() - 1));
  const Result<Judgement> judgement = recovery.judge(sheet.made->method, cut, {}, {}, std::string(16, '\0'), 1);
  assert_false(static_cast<bool>(judgement));
  assert_int_equal(judgement.error().code, Code::corrupt);
}

void no_options(void**) {
  SystemRandom random;
  Wish wish;
  wish.options.emplace("count", "64");
  assert_false(static_cast<bool>(factor_for("recovery")->make(wish, random, 1)));
}

void after_a_rebuild_none_is_left(void**) {
  Sheet sheet;
  sheet.state = factor_for("recovery")->spent(sheet.made->method, {}, 1);
  assert_int_equal(factor_for("recovery")->left(sheet.made->method, sheet.state), 0);
  assert_int_equal(sheet.type(sheet.made->shown[5]), Use::used);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::ten_codes_shown_once),
      cmocka_unit_test(utmfa::each_once_in_any_order),
      cmocka_unit_test(utmfa::typed_as_people_type),
      cmocka_unit_test(utmfa::letters_that_look_alike),
      cmocka_unit_test(utmfa::not_a_code),
      cmocka_unit_test(utmfa::another_sheets_code),
      cmocka_unit_test(utmfa::damaged_hashes_are_an_error),
      cmocka_unit_test(utmfa::no_options),
      cmocka_unit_test(utmfa::after_a_rebuild_none_is_left),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/width.h"

#include "base/text.h"
#include "support/check.h"

namespace utmfa {
namespace {

void a_japanese_letter_takes_two_columns(void**) {
  const struct {
    const char* text;
    std::size_t columns;
  } table[] = {
      {"", 0},
      {"iPhone", 6},
      {"確認コード", 10},
      {"ｶﾀｶﾅ", 4},
      {"Ａ１", 4},
      {"•• 5678", 7},
      {"e\xcc\x81", 1},
      {"か\xe3\x82\x99", 2},
      {"\xf0\x9f\x94\x91", 2},
      {"a\xff"
       "b",
       3},
  };
  for (const auto& row : table)
    if (columns(row.text) != row.columns) fail_msg("%s: %zu", row.text, columns(row.text));
}

void what_is_too_wide_loses_its_middle(void**) {
  const struct {
    const char* text;
    std::size_t most;
    const char* result;
  } table[] = {
      {"iPhone", 14, "iPhone"},
      {"exactly fourteen", 16, "exactly fourteen"},
      {"Smartphone of Taro A", 14, "Smartphon…ro A"},
      {"Smartphone of Taro B", 14, "Smartphon…ro B"},
      {"太郎のスマートフォン", 14, "太郎のス…ォン"},
      {"太郎のスマートフォン", 20, "太郎のスマートフォン"},
      {"太郎", 3, "太…"},
      {"abcdef", 1, "…"},
      {"abcdef", 4, "ab…f"},
  };
  for (const auto& row : table)
    if (shortened(row.text, row.most) != row.result)
      fail_msg("%s: %s", row.text, shortened(row.text, row.most).c_str());
}

void it_never_gets_wider_and_stays_text(void**) {
  const std::string text =
      "aか\xe3\x82\x99"
      "e\xcc\x81•漢字\xf0\x9f\x94\x91 end of it";
  for (std::size_t most = 1; most < 40; ++most) {
    const std::string cut = shortened(text, most);
    assert_true(columns(cut) <= most);
    assert_true(valid_utf8(cut));
  }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_japanese_letter_takes_two_columns),
      cmocka_unit_test(utmfa::what_is_too_wide_loses_its_middle),
      cmocka_unit_test(utmfa::it_never_gets_wider_and_stays_text),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

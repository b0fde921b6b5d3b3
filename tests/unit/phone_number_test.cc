// SPDX-License-Identifier: Apache-2.0
// Telephone numbers as people type them, made those of E.164.
#include "utils/phone_number.h"

#include "support/check.h"

int main() {
  using utmfa::telephone_number;
  const auto good = [](void**) {
    const char* rows[][3] = {{"090-1234-5678", "JP", "+819012345678"},
                             {"+81 90 1234 5678", "JP", "+819012345678"},
                             {"０９０ー１２３４ー５６７８", "JP", "+819012345678"},
                             {"(03) 3123-4567", "JP", "+81331234567"},
                             {"+1 202-555-0123", "JP", "+12025550123"},
                             {"0151 23456789", "DE", "+4915123456789"},
                             {"010 81 90 1234 5678", "JP", "+819012345678"}};
    for (const auto& [typed, region, number] : rows) {
      const utmfa::Result<std::string> read = telephone_number(typed, region);
      if (!read) print_error("%s\n", read.error().what.c_str());
      assert_true(static_cast<bool>(read));
      assert_string_equal(read->c_str(), number);
    }
  };
  const auto bad = [](void**) {
    for (const std::string& typed :
         {std::string(), std::string("12"), std::string("110"), std::string("phone"), std::string("+999 1234567"),
          std::string("090-1234-5678 ext. 5"), std::string("090-1234-5678; reboot"), std::string("\xff\xfe"),
          std::string(65, '1'), std::string("+81 90 1234 5678\0 9", 19), std::string("09012345678901234567")})
      assert_false(static_cast<bool>(telephone_number(typed, "JP")));
  };
  const CMUnitTest tests[] = {
      {"good", good, nullptr, nullptr, nullptr},
      {"bad", bad, nullptr, nullptr, nullptr},
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

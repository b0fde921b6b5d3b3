// SPDX-License-Identifier: Apache-2.0
// The base room without its files: text, encodings, time, secrets. Each table holds what is taken beside what is refused.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "support/check.h"

namespace {

void errors_have_subject_and_reason(void**) {
  errno = ENOSPC;
  const utmfa::Error error = utmfa::os_error("/var/lib/x", "cannot be written");
  assert_true(error.code == utmfa::Code::os);
  assert_string_equal(error.what.c_str(), "/var/lib/x: cannot be written: No space left on device");
  errno = 4095;
  assert_string_equal(utmfa::os_error("a", "b").what.c_str(), "a: b: error 4095");
}

void text_is_cut_up(void**) {
  assert_true(utmfa::trimmed(" \t a b\r\n") == "a b");
  assert_true(utmfa::trimmed(" \n").empty() && utmfa::trimmed("").empty());
  assert_true(utmfa::split("a,,b", ',') == (std::vector<std::string_view>{"a", "", "b"}));
  assert_true(utmfa::split("", ',') == std::vector<std::string_view>{""});
  assert_true(utmfa::split(",", ',') == (std::vector<std::string_view>{"", ""}));
  assert_true(utmfa::lower_ascii("ABZ-\xc3\x89") == "abz-\xc3\x89");
  assert_true(utmfa::ascii_digits("0123456789"));
  for (const char* bad : {"", "1 ", "-1", "1.0", "\xef\xbc\x91"}) assert_false(utmfa::ascii_digits(bad));
}

void numbers_are_strict(void**) {
  assert_int_equal(*utmfa::number("0", 0, 9), 0);
  assert_int_equal(*utmfa::number("9", 0, 9), 9);
  assert_true(*utmfa::number("9223372036854775807", 0, INT64_MAX) == INT64_MAX);
  for (const char* bad : {"", "10", "-1", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "1\n"})
    assert_false(utmfa::number(bad, 0, 9).has_value());
  assert_false(utmfa::number("9223372036854775808", 0, INT64_MAX).has_value());
  assert_false(utmfa::number(std::string_view("1\0", 2), 0, 9).has_value());
  assert_false(utmfa::number("1", 2, 9).has_value());
}

void durations_have_one_unit(void**) {
  const struct {
    const char* text;
    std::int64_t seconds;
  } good[] = {{"90", 90}, {"90s", 90}, {"15m", 900}, {"12h", 43200}, {"30d", 2592000}, {"0", 0}};
  for (const auto& [text, seconds] : good) assert_true(utmfa::duration(text) == seconds);
  for (const char* bad : {"", "s", "-1s", "1 s", "1S", "1w", "1m30s", "1.5h", "999999999999999999d"})
    assert_false(utmfa::duration(bad).has_value());
  assert_true(utmfa::duration_text(900) == "15m");
  assert_true(utmfa::duration_text(90) == "90s");
  assert_true(utmfa::duration_text(86400) == "1d");
  assert_true(utmfa::duration_text(0) == "0s");
}

void utf8_is_strict(void**) {
  for (const char* good : {"", "a", "\xc2\x80", "\xe6\x97\xa5\xe6\x9c\xac", "\xef\xbf\xbd", "\xf0\x9f\x98\x80",
                           "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"})
    assert_true(utmfa::valid_utf8(good));
  for (const char* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe6\x97",
                          "\xc2", "\xf0\x9f\x98", "a\xc2g", "\xe6g\xa5"})
    assert_false(utmfa::valid_utf8(bad));
  assert_false(utmfa::valid_utf8(std::string_view("a\0b", 3)));
}

void text_from_outside_is_cleaned(void**) {
  const struct {
    std::string in, out;
  } table[] = {
      {"taro", "taro"},
      {"\xe5\xa4\xaa\xe9\x83\x8e", "\xe5\xa4\xaa\xe9\x83\x8e"},
      {"a\nb\tc", "a?b?c"},
      {"\x1b[31m", "?[31m"},
      {std::string("a\0b", 3), "a?b"},
      {"a\x7f", "a?"},
      {"\xc2\x9b", "?"},      // C1 control
      {"\xe2\x80\xae", "?"},  // right-to-left override
      {"\xe2\x81\xa6", "?"},  // isolate
      {"\xe2\x80\xa8", "?"},  // line separator
      {"\xff\xfe", "??"},
      {"\xe6\x97", "??"},
      {"\xed\xa0\x80", "???"},
  };
  for (const auto& [in, out] : table) assert_string_equal(utmfa::cleaned(in, 100).c_str(), out.c_str());
  assert_string_equal(utmfa::cleaned("abc", 2).c_str(), "ab");
  assert_string_equal(utmfa::cleaned("a\xe5\xa4\xaa", 3).c_str(), "a");  // cut between characters
  assert_string_equal(utmfa::cleaned("a\xe5\xa4\xaa", 4).c_str(), "a\xe5\xa4\xaa");
  assert_string_equal(utmfa::cleaned("abc", 0).c_str(), "");
}

void input_methods_are_understood(void**) {
  const std::pair<std::string, std::string> table[] = {
      {"a0-~", "a0-~"},
      {"\xef\xbc\x90\xef\xbc\x99\xef\xbc\xa1\xef\xbd\x9e\xef\xbc\x8d", "09A~-"},  // full-width
      {"\xe3\x80\x80\xc2\xa0\xe2\x80\x82", "   "},                                // spaces
      {"\xe3\x83\xbc\xe2\x80\x90\xe2\x88\x92\xe2\x80\x95", "----"},               // dashes
      {"\xe3\x81\x82"
       "1",
       std::string("\0"
                   "1",
                   2)},  // no such form
      {"\xef\xbc"
       "1",
       std::string("\0\0"
                   "1",
                   3)},                                // cut short
      {"\xd9\xa1\xef\xbd\xa1", std::string(2, '\0')},  // digits of other scripts
  };
  for (const auto& [in, out] : table) {
    std::string typed;
    for (std::string_view rest = in; !rest.empty();) typed += utmfa::take_typed(rest);
    assert_int_equal(typed.size(), out.size());
    assert_true(typed == out);
  }
}

void places_are_filled(void**) {
  assert_string_equal(utmfa::filled("{0} of {1}", {"a", "b"}).c_str(), "a of b");
  assert_string_equal(utmfa::filled("{1}{0}{1}", {"a", "b"}).c_str(), "bab");
  assert_string_equal(utmfa::filled("{2} {x} {} { {0", {"a", "b"}).c_str(), "{2} {x} {} { {0");
  assert_string_equal(utmfa::filled("{0}", {"{1}", "no"}).c_str(), "{1}");  // what was put in is not read again
  assert_string_equal(utmfa::filled("", {"a"}).c_str(), "");
}

std::string read32(const char* text) {
  const auto secret = utmfa::from_base32(text);
  return secret ? std::string(secret->view()) : "refused";
}

void base32_as_in_rfc_4648_and_as_people_type_it(void**) {
  const struct {
    const char *bytes, *text;
  } table[] = {{"", ""},
               {"f", "MY"},
               {"fo", "MZXQ"},
               {"foo", "MZXW6"},
               {"foob", "MZXW6YQ"},
               {"fooba", "MZXW6YTB"},
               {"foobar", "MZXW6YTBOI"}};
  for (const auto& [bytes, text] : table) {
    assert_string_equal(utmfa::base32(bytes).c_str(), text);
    assert_string_equal(read32(text).c_str(), bytes);
  }
  for (const char* typed : {"mzxw6ytboi", "MZXW 6YTB OI", "mzxw-6ytb-oi", "MZXW6YTBOI======", "MZXW6YTBOJ"})
    assert_string_equal(read32(typed).c_str(), "foobar");
  for (const char* bad :
       {"MZXW6YTBO", "M", "MZX", "MZXW6Y", "MZXW6YTBO1", "MZXW6YTBO0", "MZ=XQ", "MZXQ\n", "MZXQ!", "\xef\xbc\xad"})
    assert_string_equal(read32(bad).c_str(), "refused");
}

void base64_is_strict(void**) {
  const struct {
    const char *bytes, *text;
  } table[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe", "//4="}};
  for (const auto& [bytes, text] : table) {
    assert_string_equal(utmfa::base64(bytes).c_str(), text);
    const auto read = utmfa::from_base64(text);
    assert_true(read && *read == bytes);
  }
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm 9", "Zm9v\n", "__4=", "Z"})
    assert_true(!utmfa::from_base64(bad));
}

void hex_is_strict(void**) {
  assert_string_equal(utmfa::hex(std::string_view("\0\x0f\xff", 3)).c_str(), "000fff");
  const auto read = utmfa::from_hex("000fFF");
  assert_true(read && read->view() == std::string_view("\0\x0f\xff", 3));
  assert_true(utmfa::from_hex("").operator bool());
  for (const char* bad : {"0", "0g", "0x00", " 00", "00 "}) assert_true(!utmfa::from_hex(bad));
}

void names_become_safe_file_names(void**) {
  const struct {
    std::string name, file;
  } table[] = {
      {"taro", "taro"},
      {"0123456789", "0123456789"},
      {"a.b", "a.b"},
      {".", "%2e"},
      {"..", "%2e%2e"},
      {"../x", "%2e.%2fx"},
      {".a", "%2ea"},
      {"a.", "a%2e"},
      {"a@b", "a%40b"},
      {"AD\\taro", "AD%5ctaro"},
      {"a/b", "a%2fb"},
      {"%2e", "%252e"},
      {"~", "%7e"},
      {"", "%"},
      {"a b", "a%20b"},
      {std::string("a\0b", 3), "a%00b"},
      {"\xe5\xa4\xaa", "%e5%a4%aa"},
  };
  std::set<std::string> files;
  for (const auto& [name, file] : table) {
    assert_string_equal(utmfa::file_name(name).c_str(), file.c_str());
    files.insert(file);
  }
  assert_int_equal(files.size(), std::size(table));
}

void long_names_stay_apart(void**) {
  const std::string longest(180, 'a');
  assert_string_equal(utmfa::file_name(longest).c_str(), longest.c_str());
  std::set<std::string> files;
  for (const std::string& name :
       {longest + "a", longest + "b", longest + "aa", std::string(255, '/'), std::string(255, '.')}) {
    const std::string file = utmfa::file_name(name);
    assert_int_equal(file.size(), 180);
    assert_true(file[115] == '~' && file[0] != '.' && file.find('/') == file.npos);
    files.insert(file);
  }
  assert_int_equal(files.size(), 5);
}

void times_are_written_with_their_zone(void**) {
  assert_true(utmfa::from_iso_time("2026-11-22T10:00:00+09:00") == 1795309200);
  assert_true(utmfa::from_iso_time("2026-11-22T01:00:00Z") == 1795309200);
  assert_true(utmfa::from_iso_time("2026-11-21T20:30:00-04:30") == 1795309200);
  assert_true(utmfa::from_iso_time("2028-02-29T00:00:00Z").has_value());
  for (const char* bad :
       {"", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z", "2026-11-22T10:00:00z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2027-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z", "2026-11-22T10:00:60Z", "1969-12-31T23:59:59Z", "2026-11-22T10:00:00+9:00",
        "2026-11-22T10:00:00+0900", "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00Z ", " 2026-11-22T10:00:00Z",
        "2026-11-2xT10:00:00Z"})
    assert_false(utmfa::from_iso_time(bad).has_value());
  assert_string_equal(utmfa::iso_time(1795309200).c_str(), "2026-11-22T10:00:00+09:00");  // main() sets the zone
  assert_string_equal(utmfa::clock_text(1795309200).c_str(), "10:00");
  assert_string_equal(utmfa::date_text(1795309200).c_str(), "2026-11-22");
  for (const auto& [end, text] : std::initializer_list<std::pair<utmfa::Time, const char*>>{{1795309199, "10:00"},
                                                                                            {1795309200, "10:00"},
                                                                                            {1795309201, "10:01"},
                                                                                            {1795309259, "10:01"},
                                                                                            {1795309260, "10:01"},
                                                                                            {1795309261, "10:02"}})
    assert_string_equal(utmfa::end_text(end).c_str(), text);
  const utmfa::Time now = utmfa::SystemClock().now();
  assert_true(now > 1700000000 && utmfa::from_iso_time(utmfa::iso_time(now)) == now);
}

void secrets_are_compared_and_wiped(void**) {
  assert_true(utmfa::equal("", "") && utmfa::equal("abc", "abc"));
  for (const char* other : {"", "ab", "abd", "bbc", "abcd"}) assert_false(utmfa::equal("abc", other));
  utmfa::Secret secret(std::string_view("492039"));
  utmfa::Secret copy = secret.clone();
  utmfa::Secret moved = std::move(secret);
  assert_true(secret.empty() && copy.view() == "492039" && moved.view() == "492039");
  moved = std::move(copy);
  assert_true(moved.view() == "492039" && copy.empty());
  const char* bytes = moved.data();
  moved.wipe();
  assert_true(moved.empty());
  assert_true(std::all_of(bytes, bytes + 6, [](char c) { return c == 0; }));  // the vector keeps its room
  std::string text = "a long enough text that it is not inside the string object itself";
  const char* room = text.data();
  const std::size_t size = text.size();
  utmfa::wipe(text);
  assert_true(text.empty());
  assert_true(std::all_of(room, room + size, [](char c) { return c == 0; }));
}

void random_bytes_differ(void**) {
  utmfa::SystemRandom random;
  const auto a = random.bytes(32), b = random.bytes(32), none = random.bytes(0);
  assert_true(a && b && none);
  assert_int_equal(a->size(), 32);
  assert_true(none->empty());
  assert_false(a->view() == b->view());
}

}  // namespace

int main() {
  setenv("TZ", "Asia/Tokyo", 1);  // before libc reads the zone
  const CMUnitTest tests[] = {
      cmocka_unit_test(errors_have_subject_and_reason),
      cmocka_unit_test(text_is_cut_up),
      cmocka_unit_test(numbers_are_strict),
      cmocka_unit_test(durations_have_one_unit),
      cmocka_unit_test(utf8_is_strict),
      cmocka_unit_test(text_from_outside_is_cleaned),
      cmocka_unit_test(input_methods_are_understood),
      cmocka_unit_test(places_are_filled),
      cmocka_unit_test(base32_as_in_rfc_4648_and_as_people_type_it),
      cmocka_unit_test(base64_is_strict),
      cmocka_unit_test(hex_is_strict),
      cmocka_unit_test(names_become_safe_file_names),
      cmocka_unit_test(long_names_stay_apart),
      cmocka_unit_test(times_are_written_with_their_zone),
      cmocka_unit_test(secrets_are_compared_and_wiped),
      cmocka_unit_test(random_bytes_differ),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

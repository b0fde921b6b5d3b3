// SPDX-License-Identifier: Apache-2.0
// QR codes and what else hands a secret to an app: every style draws the same modules, black on white, within a white
// margin; URIs are encoded; tables line up in Japanese. Whether a scanner reads it is tried in enroll_test.py.
#include <string>
#include <vector>

#include "base/encoding.h"
#include "setup/columns.h"
#include "setup/otpauth.h"
#include "setup/qr.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr char uri[] = "otpauth://totp/utmfa:taro?secret=HRCPGQMQNCRZH3N7IF2KJOGXH6PWFY36&issuer=utmfa";

std::vector<std::string> lines(std::string_view text, QrStyle style) {
  const Result<std::vector<std::string>> drawn = qr_lines(text, style);
  assert_true(static_cast<bool>(drawn));
  return *drawn;
}

bool take(std::string_view& text, std::string_view start) {
  if (text.substr(0, start.size()) != start) return false;
  text.remove_prefix(start.size());
  return true;
}

using Picture = std::vector<std::string>;  // '#' dark, '.' light

Picture from_plain(const std::vector<std::string>& drawn) {
  Picture picture;
  for (std::string_view line : drawn) {
    std::string row;
    while (!line.empty()) {
      const bool dark = take(line, "##");
      assert_true(dark || take(line, "  "));
      row += dark ? '#' : '.';
    }
    picture.push_back(row);
  }
  return picture;
}

Picture from_spaces(const std::vector<std::string>& drawn) {
  Picture picture;
  for (std::string_view line : drawn) {
    std::string row;
    while (!take(line, "\033[0m")) {
      const bool dark = take(line, "\033[48;5;16m  ");
      assert_true(dark || take(line, "\033[48;5;231m  "));
      row += dark ? '#' : '.';
    }
    assert_true(line.empty());
    picture.push_back(row);
  }
  return picture;
}

Picture from_half_blocks(const std::vector<std::string>& drawn) {
  Picture picture;
  for (std::string_view line : drawn) {
    std::string above, below;
    assert_true(take(line, "\033[38;5;16;48;5;231m"));  // black on white
    while (!take(line, "\033[0m")) {
      const bool both = take(line, "█"), upper = !both && take(line, "▀"), lower = !both && !upper && take(line, "▄");
      assert_true(both || upper || lower || take(line, " "));
      above += both || upper ? '#' : '.';
      below += both || lower ? '#' : '.';
    }
    picture.push_back(above);
    picture.push_back(below);
  }
  return picture;
}

void every_style_draws_the_same(void**) {
  const Picture plain = from_plain(lines(uri, QrStyle::plain));
  assert_true(plain == from_spaces(lines(uri, QrStyle::spaces)));
  Picture halves = from_half_blocks(lines(uri, QrStyle::half_blocks));
  assert_in_range(halves.size(), plain.size(), plain.size() + 1);
  halves.resize(plain.size());
  assert_true(plain == halves);
}

void a_white_margin_of_four_and_the_finder_patterns(void**) {
  const Picture picture = from_plain(lines(uri, QrStyle::plain));
  const std::size_t size = picture.size();
  assert_int_equal((size - 8 - 17) % 4, 0);  // 17 + 4 * version modules
  for (std::size_t i = 0; i < size; ++i) {
    assert_int_equal(picture[i].size(), size);
    for (std::size_t margin : {0U, 1U, 2U, 3U}) {
      assert_int_equal(picture[i][margin], '.');
      assert_int_equal(picture[margin][i], '.');
      assert_int_equal(picture[size - 1 - margin][i], '.');
      assert_int_equal(picture[i][size - 1 - margin], '.');
    }
  }
  for (const std::size_t column : {std::size_t{4}, size - 11}) {
    assert_string_equal(picture[4].substr(column, 7).c_str(), "#######");
    assert_string_equal(picture[5].substr(column, 7).c_str(), "#.....#");
    assert_string_equal(picture[6].substr(column, 7).c_str(), "#.###.#");
  }
}

std::size_t drawn_in(QrStyle style, Window window) {
  const Result<QrPicture> picture = qr_within(uri, style, window);
  assert_true(static_cast<bool>(picture));
  return picture->lines.size();
}

void the_margin_gives_way_to_the_window(void**) {
  const Result<QrPicture> free = qr_within(uri, QrStyle::half_blocks, {});
  assert_true(free->lines == lines(uri, QrStyle::half_blocks));
  assert_int_equal(free->needed.lines, free->lines.size() + 1);
  const Result<QrPicture> usual = qr_within(uri, QrStyle::half_blocks, {80, 24});
  assert_in_range(usual->lines.size(), 1, 23);
  const Picture tight = from_half_blocks(usual->lines);
  for (std::size_t i = 0; i < tight.size(); ++i) assert_true(tight[i][0] == '.' && tight[i][1] == '.');
  const Window least = qr_within(uri, QrStyle::half_blocks, {1, 1})->needed;
  assert_true(drawn_in(QrStyle::half_blocks, least) > 0);
  assert_int_equal(drawn_in(QrStyle::half_blocks, {least.columns - 1, least.lines}), 0);
  assert_int_equal(drawn_in(QrStyle::half_blocks, {least.columns, least.lines - 1}), 0);
  assert_true(drawn_in(QrStyle::half_blocks, {least.columns, 0}) > 0);
  assert_int_equal(drawn_in(QrStyle::spaces, {80, 24}), 0);
  assert_false(static_cast<bool>(qr_within("", QrStyle::plain, {80, 24})));
}

void what_does_not_fit_is_an_error(void**) {
  assert_true(static_cast<bool>(qr_lines(std::string(1000, 'a'), QrStyle::plain)));
  assert_false(static_cast<bool>(qr_lines(std::string(5000, 'a'), QrStyle::plain)));
  assert_false(static_cast<bool>(qr_lines("", QrStyle::plain)));
}

void uris(void**) {
  Method method;
  method.kind = "totp";
  method.fields = {{"secret", "v1:k1:sealed"}, {"digits", "8"}, {"period", "60"}, {"algorithm", "sha256"}};
  const Secret secret("12345678901234567890");
  assert_string_equal(otpauth_uri(method, "Example Univ", "EXAMPLE\\taro@x", secret).c_str(),
                      "otpauth://totp/Example%20Univ:EXAMPLE%5Ctaro%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                      "&issuer=Example%20Univ&algorithm=SHA256&digits=8&period=60");
  method.fields = {{"digits", "6"}, {"period", "30"}, {"algorithm", "sha1"}};
  assert_string_equal(otpauth_uri(method, "U", "taro", secret).c_str(),
                      "otpauth://totp/U:taro?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=U");
  assert_string_equal(percent_encoded("aZ09-._~").c_str(), "aZ09-._~");
  assert_string_equal(percent_encoded("/?#&=%東").c_str(), "%2F%3F%23%26%3D%25%E6%9D%B1");
  assert_string_equal(in_groups_of_four("JBSWY3DPEH").c_str(), "JBSW Y3DP EH");
  assert_string_equal(in_groups_of_four("").c_str(), "");
}

void tables(void**) {
  assert_int_equal(columns_of("abc"), 3);
  assert_int_equal(columns_of("認証アプリ"), 10);
  assert_int_equal(columns_of("é"), 1);
  const std::vector<std::string> drawn = table({{"a", "認証", "x"}, {"bbb", "c", ""}});
  assert_string_equal(drawn[0].c_str(), "a    認証  x");
  assert_string_equal(drawn[1].c_str(), "bbb  c");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::every_style_draws_the_same),
      cmocka_unit_test(utmfa::a_white_margin_of_four_and_the_finder_patterns),
      cmocka_unit_test(utmfa::the_margin_gives_way_to_the_window),
      cmocka_unit_test(utmfa::what_does_not_fit_is_an_error),
      cmocka_unit_test(utmfa::uris),
      cmocka_unit_test(utmfa::tables),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

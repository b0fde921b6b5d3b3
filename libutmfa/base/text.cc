// SPDX-License-Identifier: Apache-2.0
// Pure functions on text. What comes from outside is checked byte by byte here, so that no other room has to.
#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/utf8.h"

namespace utmfa {
namespace {

constexpr std::string_view blanks = " \t\r\n";

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 4> units = {{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

bool within(char32_t point, char32_t first, char32_t last) { return point >= first && point <= last; }

// Characters that move the cursor, end the line, or change the order in which the rest is read.
bool unsafe(char32_t point) {
  return point < 0x20 || within(point, 0x7F, 0x9F) || point == 0x061C || within(point, 0x200E, 0x200F) ||
         within(point, 0x2028, 0x202E) || within(point, 0x2066, 0x2069) || point == 0xFEFF ||
         within(point, 0xFFF9, 0xFFFB) || within(point, 0xE0000, 0xE007F);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

char take_typed(std::string_view& text) {
  const Character character = first_character(text);
  text.remove_prefix(std::max<std::size_t>(character.length, 1));
  const char32_t point = character.point;
  if (character.length == 0) return '\0';
  if (point < 0x80) return static_cast<char>(point);
  if (within(point, 0xFF01, 0xFF5E)) return static_cast<char>(point - 0xFF01 + '!');
  if (point == 0xA0 || within(point, 0x2000, 0x200A) || point == 0x202F || point == 0x3000) return ' ';
  // U+30FC is what the key of the dash types in Japanese.
  if (within(point, 0x2010, 0x2015) || point == 0x2212 || point == 0x30FC || point == 0xFF70) return '-';
  return '\0';
}

bool ascii_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most) {
  if (!ascii_digits(text)) return std::nullopt;
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<std::int64_t> duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 1;
  for (const Unit& unit : units) {
    if (text.back() != unit.letter) continue;
    seconds = unit.seconds;
    text.remove_suffix(1);
    break;
  }
  const auto count = number(text, 0, std::numeric_limits<std::int64_t>::max() / seconds);
  if (!count) return std::nullopt;
  return *count * seconds;
}

std::string duration_text(std::int64_t seconds) {
  for (const Unit& unit : units) {
    if (seconds != 0 && seconds % unit.seconds == 0) return std::to_string(seconds / unit.seconds) + unit.letter;
  }
  return "0s";
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.length == 0 || character.point == 0) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

std::string cleaned(std::string_view text, std::size_t longest) {
  std::string clean;
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool keep = character.length != 0 && !unsafe(character.point);
    const std::string_view shown = keep ? text.substr(0, character.length) : "?";
    if (clean.size() + shown.size() > longest) break;
    clean += shown;
    text.remove_prefix(std::max<std::size_t>(character.length, 1));
  }
  return clean;
}

std::string filled(std::string_view pattern, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool place = i + 2 < pattern.size() && pattern[i] == '{' && pattern[i + 2] == '}';
    const std::size_t index = place ? static_cast<std::size_t>(pattern[i + 1] - '0') : parts.size();
    if (index >= parts.size()) {
      text += pattern[i];
      continue;
    }
    text += parts.begin()[index];
    i += 2;
  }
  return text;
}

}  // namespace utmfa

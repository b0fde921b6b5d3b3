// SPDX-License-Identifier: Apache-2.0
// East Asian Wide and Fullwidth as in Unicode's EastAsianWidth.txt, in few ranges: within them nobody writes anything else.
#include "base/width.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"

namespace utmfa {
namespace {

constexpr std::string_view ellipsis = "\xe2\x80\xa6";
constexpr std::size_t tail = 4;  // columns at the end that are kept

struct Range {
  char32_t first, last;
};
constexpr Range wide[] = {{0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
                          {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},  {0xFF00, 0xFF60},
                          {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
// Letters that stand over the one before.
constexpr Range none[] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

struct Piece {
  std::string_view bytes;
  std::size_t columns;
};

template <std::size_t count>
bool in(const Range (&ranges)[count], char32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [point](const Range& range) { return point >= range.first && point <= range.last; });
}

std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> list;
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    const std::size_t width = in(none, character.point) ? 0u : in(wide, character.point) ? 2u : 1u;
    list.push_back({text.substr(0, length), width});
    text.remove_prefix(length);
  }
  return list;
}

std::size_t columns(const std::vector<Piece>& list) {
  std::size_t sum = 0;
  for (const Piece& piece : list) sum += piece.columns;
  return sum;
}

}  // namespace

std::size_t columns(std::string_view text) { return columns(pieces(text)); }

std::string shortened(std::string_view text, std::size_t most_columns) {
  const std::vector<Piece> list = pieces(text);
  if (columns(list) <= most_columns) return std::string(text);
  std::size_t last = list.size(), end = 0;
  const std::size_t kept = most_columns > 3 * tail ? tail : most_columns / 3;
  while (last > 0 && end + list[last - 1].columns <= kept) end += list[--last].columns;
  std::string short_text;
  std::size_t width = end + 1;
  for (const Piece& piece : list) {
    if (width + piece.columns > most_columns) break;
    width += piece.columns;
    short_text += piece.bytes;
  }
  short_text += ellipsis;
  for (; last < list.size(); ++last) short_text += list[last].bytes;
  return short_text;
}

}  // namespace utmfa

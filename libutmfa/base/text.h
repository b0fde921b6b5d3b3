// SPDX-License-Identifier: Apache-2.0
// Small pure functions on text: strict numbers and durations, cleaning of text from outside, filling of {0}.
// Nothing here reads the locale or the environment.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

std::string_view trimmed(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);  // "a,,b" has three parts
// The first character of `text`, which must not be empty, is taken off and answered as the ASCII character that a person
// meant who typed it with an input method left on: full-width forms (U+FF01 to U+FF5E), any of the spaces, any of the
// dashes. '\0' for a character without such a form, and for each invalid byte.
char take_typed(std::string_view& text);
bool ascii_digits(std::string_view text);  // at least one, all 0-9
std::string lower_ascii(std::string_view text);

// The whole text is a decimal number within [least, most]; no sign, no space.
std::optional<std::int64_t> number(std::string_view text, std::int64_t least, std::int64_t most);

// Seconds: "90", "90s", "15m", "12h", "30d".
std::optional<std::int64_t> duration(std::string_view text);
std::string duration_text(std::int64_t seconds);  // the largest exact unit: 900 -> "15m"

bool valid_utf8(std::string_view text);  // strict: no overlong forms, no surrogates, no NUL
// Text from outside made safe to show or log: control, escape, bidi and invalid bytes become '?';
// at most `longest` bytes are kept, cut between characters.
std::string cleaned(std::string_view text, std::size_t longest);

// "{0} of {1}" filled with the parts in order; an unknown number stays as it is.
std::string filled(std::string_view pattern, std::initializer_list<std::string_view> parts);

}  // namespace utmfa

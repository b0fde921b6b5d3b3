// SPDX-License-Identifier: Apache-2.0
// One character of UTF-8 (RFC 3629 section 4). Overlong forms, surrogates and values above U+10FFFF are none.
#pragma once

#include <cstddef>
#include <string_view>

namespace utmfa {

struct Character {
  std::size_t length = 0;  // in bytes; 0 when the first byte starts none
  char32_t point = 0;
};
Character first_character(std::string_view text);  // of a text that is not empty

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// How wide a text is where letters have one width: a Japanese character takes two columns. For screens that cut what is
// too wide. Nothing here reads the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace utmfa {

std::size_t columns(std::string_view text);  // an invalid byte counts as one

// At most so many columns: what is too wide loses its middle, so that two texts that begin or end alike stay different.
std::string shortened(std::string_view text, std::size_t most_columns);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Tables on the terminal: columns as wide as their widest cell, where a Japanese character takes two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace utmfa {

std::size_t columns_of(std::string_view utf8);
// Each row as one line; cells are aligned to the left, two spaces apart, and the last is not padded.
std::vector<std::string> table(const std::vector<std::vector<std::string>>& rows);

}  // namespace utmfa

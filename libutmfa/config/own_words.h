// SPDX-License-Identifier: Apache-2.0
// An administrator's own words for the prompts of a service. They are text from a file of root's, and still bounded and
// clean: a greeter has room for little, and a place to fill that is misspelt must not reach the screen.
#pragma once

#include <map>
#include <string>

#include "config/tree.h"

namespace utmfa {

inline constexpr std::size_t longest_own_words = 100;  // bytes

Status read_own_words(const Source& source, const Node& node, std::map<std::string, OwnWords, std::less<>>& to);

}  // namespace utmfa

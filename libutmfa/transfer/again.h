// SPDX-License-Identifier: Apache-2.0
// What was rejected, in the form it came in, with the line and the reason: put right, it is imported again. Called by
// utmfa-admin import once the text has been read without an Error. The result has secrets.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace utmfa {

using Reasons = std::map<int, std::string>;  // by line

std::string csv_again(std::string_view text, const Reasons& reasons);
std::string json_again(std::string_view text, const Reasons& reasons);
// users.oath and the mappings of pam_u2f: the reason is a comment above the line.
std::string lines_again(std::string_view text, const Reasons& reasons);

}  // namespace utmfa

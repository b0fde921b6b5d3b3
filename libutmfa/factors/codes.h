// SPDX-License-Identifier: Apache-2.0
// Codes that a person copies from paper: 32 letters that are not taken for one another (no i l o u), stored only as
// salted scrypt hashes. Used by recovery.cc and pass.cc only.
#pragma once

#include "factors/factor.h"

namespace utmfa {

inline constexpr std::size_t salt_size = 16;
inline constexpr std::size_t code_hash_size = 16;

Result<Secret> new_code(Random& random, std::size_t length);
std::string grouped(std::string_view code, std::size_t group);  // "abcdefghjk", 5 -> "abcde-fghjk"
Result<Secret> code_hash(std::string_view code, std::string_view salt);

// What a person typed, made comparable (case, spaces, hyphens, o for 0, i and l for 1) and hashed with the salt that
// opens `stored`; Factor::prepare of both kinds. The same work whatever was typed.
Result<Secret> typed_code_hash(const Secret& stored, std::string_view answer);
std::string_view stored_hash(const Secret& stored, std::size_t index);
Status check_stored(const Method& method, const Secret& stored, std::size_t count);

}  // namespace utmfa

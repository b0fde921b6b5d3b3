// SPDX-License-Identifier: Apache-2.0
// What totp.cc and hotp.cc share: codes by liboath, the typed digits, seeds. What every kind uses when a method is made:
// the options that a person wished, checked against the kind's fields. transfer/ makes codes to find the last one used.
#pragma once

#include "factors/factor.h"

namespace utmfa {

inline constexpr std::size_t shortest_seed = 16;  // RFC 4226 R6: at least 128 bits
inline constexpr std::size_t longest_seed = 128;

Result<Secret> hotp_code(const Method& method, const Secret& seed, std::int64_t counter);
Result<Secret> totp_code(const Method& method, const Secret& seed, std::int64_t step);

// The answer without its spaces and the hyphens between its digits, full-width digits made ASCII; empty unless it then
// is exactly as many digits as the method's codes have.
Secret typed_digits(const Method& method, std::string_view answer);

// A waiting method with the wished options checked against the kind's fields, and the given seed or a new one.
Result<Made> make_oath(const Factor& factor, const Wish& wish, std::size_t seed_size, Random& random, Time now);

// The value of a wished option or the field's fallback, checked against its choices; "" = may be absent and is.
Result<std::string> wished(const Wish& wish, const FieldRule& rule);
// Every wished option is a field that people may choose, or in `others`.
Status known_options(const Wish& wish, std::span<const FieldRule> fields, std::string_view others);

}  // namespace utmfa

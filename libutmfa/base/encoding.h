// SPDX-License-Identifier: Apache-2.0
// base32 (RFC 4648, no padding when written), base64 (standard alphabet, padded) and hex. Strict when read:
// anything outside the alphabet is an error, except that base32 takes lower case, spaces, hyphens and padding,
// because people type it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

std::string base32(std::string_view bytes);
Result<Secret> from_base32(std::string_view text);
std::string base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);
// The alphabet of RFC 4648 section 5 without padding: what stands in one word of a line. One spelling for the same bytes.
std::string base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);
std::string hex(std::string_view bytes);
Result<Secret> from_hex(std::string_view text);

// Text from a file of secrets inside a message, where a name or a short word is expected: quoted, unless it could be a
// secret that stands in the wrong place (16 characters or more without a space); then only how long it is.
std::string shown_unless_secret(std::string_view text);

// A person's name (user, host) as one safe file name: [A-Za-z0-9_-] and inner dots stay, the rest is %XX;
// over 180 bytes the tail is replaced by '~' and its SHA-256. Injective, never ".", "..", hidden or with '/'.
std::string file_name(std::string_view name);

}  // namespace utmfa

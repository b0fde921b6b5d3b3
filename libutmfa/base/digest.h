// SPDX-License-Identifier: Apache-2.0
// SHA-256 of public bytes. The algorithm is fetched from OpenSSL once a program: a fetch costs more than the digest.
#pragma once

#include <array>
#include <string_view>

namespace utmfa {

std::array<unsigned char, 32> sha256(std::string_view bytes);

}  // namespace utmfa

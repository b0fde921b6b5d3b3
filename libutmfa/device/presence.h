// SPDX-License-Identifier: Apache-2.0
// Whether a security key can be here at all, by what the kernel shows of its devices: so that nobody waits for a program
// to start only to hear that there is none. It says `none` only where that is certain.
#pragma once

#include <string>

namespace utmfa {

enum class Presence { none, possible };
Presence key_presence(const std::string& classes = "/sys/class");

// The device of a key that is there and that we may not open; "" = there is none.
std::string key_shut_out(const std::string& classes = "/sys/class");

}  // namespace utmfa

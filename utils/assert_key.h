// SPDX-License-Identifier: Apache-2.0
// What utmfa-assert does with a security key of the person at this computer: it answers a challenge, or makes a
// credential that is registered elsewhere. Asks for the PIN where it is needed and says when the key is to be touched;
// what it answers is one line to be pasted. Whether that is worth anything is judged elsewhere.
#pragma once

#include <string>

#include "assertion/lines.h"
#include "base/result.h"

namespace utmfa {

Result<std::string> answered(const KeyChallenge& challenge);
Result<std::string> registered_key(const std::string& rp, KeyAlgorithm algorithm);
// For fido2-assert -G: client data hash, rp and credential, once for each.
std::string for_fido2_assert(const KeyChallenge& challenge);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Public keys of OpenSSH that live in a security key, as they stand in a .pub file and in SSH_AUTH_INFO_0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

// "TYPE BASE64" of a line that may have a comment behind. Code::refused: a key, but none of a security key.
Result<std::string> read_sk_key(std::string_view line);
// Those that sshd says it has verified, out of SSH_AUTH_INFO_0; other lines are left out.
std::vector<std::string> verified_sk_keys(std::string_view auth_info);
// What a sign-in hands to the judge of such a key. Nobody can type it: it begins as no challenge does.
std::string host_evidence(std::string_view sk_key);

}  // namespace utmfa

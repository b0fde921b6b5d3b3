// SPDX-License-Identifier: Apache-2.0
// Encrypted PSKC (RFC 6030 section 6): the key from a password (PBKDF2) or as it was handed over, values by AES in CBC
// mode with a MAC, or by AES key wrap. libpskc cannot do this. Every value is checked before it is opened. Called by
// pskc.cc; what is opened stands in the document as a plain value afterwards.
#pragma once

#include <optional>

#include "tokens/pskc_xml.h"

namespace utmfa {

// Done where nothing is encrypted too. Error: in words, with the line in front; the file is of no use then.
Status decrypt_pskc(xmlNode* container, const std::optional<Secret>& password, const std::string& path);

}  // namespace utmfa

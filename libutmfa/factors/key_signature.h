// SPDX-License-Identifier: Apache-2.0
// What a security key has signed, looked at: authenticator data (WebAuthn section 6.1) and the signature over it and the
// client data hash. OpenSSL alone; no library that speaks to keys. Used by fido.cc and by setup/, which registers them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "assertion/lines.h"
#include "base/result.h"

namespace utmfa {

struct AuthData {
  std::string rp_hash;  // 32 bytes
  unsigned char flags = 0;
  std::uint32_t counter = 0;

  bool touched() const { return (flags & 0x01) != 0; }   // UP
  bool verified() const { return (flags & 0x04) != 0; }  // UV: by PIN or fingerprint
};
// Code::invalid: too short, or longer than its flags say.
Result<AuthData> read_auth_data(std::string_view bytes);

// The key as the lines have it. Code::invalid: no such key. false: not signed by it.
Result<bool> signed_by(KeyAlgorithm algorithm, std::string_view public_key, std::string_view auth_data,
                       std::string_view client_data_hash, std::string_view signature);

// Everything but the counter: rp, touch, who touched, signature. "" = right, otherwise the reason for the log.
struct KeyProof {
  std::string_view rp, public_key, auth_data, client_data_hash, signature;
  KeyAlgorithm algorithm = KeyAlgorithm::es256;
  Verification verification = Verification::preferred;
};
Result<std::string_view> fault_of(const KeyProof& proof);

}  // namespace utmfa

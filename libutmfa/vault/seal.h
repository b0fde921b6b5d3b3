// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: AES-256-GCM under a key derived for each user (HKDF-SHA256 from the ring's key), bound to user,
// method id, kind and field by the additional data, so that a sealed value moved to another place does not open.
// Written form: v1:KEYID:BASE64(nonce 12 | ciphertext | tag 16). Only this file and key_ring.cc include openssl
// for sealing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

// The keys of one person, all ids of the ring: what a sign-in process is given. It opens this person's record only.
struct UserKeys {
  std::string active;                               // key id for new seals
  std::map<std::string, Secret, std::less<>> keys;  // key id -> 32 bytes
};

struct SealedPlace {
  std::string_view user, method, kind, field;
};

Result<std::string> seal(const UserKeys& keys, const SealedPlace& place, std::string_view secret, Random& random);
Result<Secret> unseal(const UserKeys& keys, const SealedPlace& place, std::string_view sealed);
std::string_view sealed_key_id(std::string_view sealed);  // "" when malformed

// HKDF-SHA256 of a ring key for one person; 32 bytes.
Result<Secret> user_key(const Secret& ring_key, std::string_view user);

// HMAC-SHA256 under the active key and a purpose; 32 bytes. Used to bind state files and remembered places.
Result<std::string> keyed_digest(const Secret& key, std::string_view purpose, std::string_view data);

// Every first use that costs (algorithm look-ups, liboath, the YAML parser), so that processes forked later pay none.
void warm_vault();

}  // namespace utmfa

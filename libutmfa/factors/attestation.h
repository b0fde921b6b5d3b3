// SPDX-License-Identifier: Apache-2.0
// Who made a security key, by what it signed when its credential was made (WebAuthn sections 8.2 and 8.6): for machines
// that take the keys of some makers only. Whoever brought it is not believed; it is looked at by the certificates that
// the administrator gives. Used by setup/ when a key is registered.
#pragma once

#include <string_view>

#include "assertion/lines.h"
#include "base/clock.h"
#include "base/result.h"

namespace utmfa {

struct Attestation {
  std::string_view format;       // "packed", "fido-u2f"; every other proves nothing here
  std::string_view certificate;  // of the batch, DER
  std::string_view auth_data, signature, client_data_hash;
  // What is to be registered, and must be what was signed.
  std::string_view rp, credential, public_key, aaguid;
  KeyAlgorithm algorithm = KeyAlgorithm::es256;
};
// "" = made by one of `roots` (PEM: the certificates that signed those of batches). Otherwise why not, for the person.
// An Error: there is no certificate in `roots`.
Result<std::string_view> attestation_fault(const Attestation& said, std::string_view roots, Time now);

}  // namespace utmfa

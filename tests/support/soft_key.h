// SPDX-License-Identifier: Apache-2.0
// A security key made of OpenSSL, as the verifier sees one: a credential, and answers to challenges with every fault. It
// signs with other calls than those that are tested. CTAP is not here.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string>

#include "assertion/lines.h"

namespace utmfa::test {

class SoftKey {
 public:
  explicit SoftKey(KeyAlgorithm algorithm, std::string rp = "utmfa", std::string id = "credential-one");
  ~SoftKey();
  SoftKey(const SoftKey&) = delete;
  SoftKey& operator=(const SoftKey&) = delete;

  KeyAlgorithm algorithm;
  std::string rp, id;
  std::string public_key;  // as the lines have it
  unsigned char flags = 0x01;
  std::uint32_t counter = 1;

  std::string auth_data() const;
  std::string sign(const std::string& auth_data, const std::string& hash) const;
  KeyAnswer answer(const std::string& hash) const;
  std::string answered(const KeyChallenge& challenge) const;  // the line
  std::string fido2_assert(const KeyChallenge& challenge) const;

 private:
  EVP_PKEY* key_ = nullptr;
};

}  // namespace utmfa::test

// SPDX-License-Identifier: Apache-2.0
#include "soft_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/digest.h"
#include "base/encoding.h"

namespace utmfa::test {
namespace {

std::string number_of(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  BN_free(number);
  return bytes;
}

std::string public_part(EVP_PKEY* key, KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::es256:
      return number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) + number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    case KeyAlgorithm::eddsa: {
      std::string bytes(32, '\0');
      std::size_t size = bytes.size();
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size);
      return bytes;
    }
    case KeyAlgorithm::rs256:
      return number_of(key, OSSL_PKEY_PARAM_RSA_N, 256) + number_of(key, OSSL_PKEY_PARAM_RSA_E, 3);
  }
  return {};
}

}  // namespace

SoftKey::SoftKey(KeyAlgorithm of, std::string the_rp, std::string the_id)
    : algorithm(of), rp(std::move(the_rp)), id(std::move(the_id)) {
  if (algorithm == KeyAlgorithm::es256) key_ = EVP_EC_gen("P-256");
  if (algorithm == KeyAlgorithm::eddsa) key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (algorithm == KeyAlgorithm::rs256) key_ = EVP_RSA_gen(2048U);
  public_key = public_part(key_, algorithm);
}

SoftKey::~SoftKey() { EVP_PKEY_free(key_); }

std::string SoftKey::auth_data() const {
  const std::array<unsigned char, 32> hash = sha256(rp);
  std::string data(reinterpret_cast<const char*>(hash.data()), hash.size());
  data += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(counter >> shift & 0xFF);
  return data;
}

std::string SoftKey::sign(const std::string& data, const std::string& hash) const {
  const std::string text = data + hash;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = algorithm == KeyAlgorithm::eddsa ? nullptr : EVP_sha256();
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context, nullptr, digest, nullptr, key_);
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

KeyAnswer SoftKey::answer(const std::string& hash) const {
  const std::string data = auth_data();
  return {credential_mark(id), data, sign(data, hash)};
}

std::string SoftKey::answered(const KeyChallenge& challenge) const {
  return *print_answer(answer(client_data_hash(challenge)));
}

std::string SoftKey::fido2_assert(const KeyChallenge& challenge) const {
  const std::string hash = client_data_hash(challenge), data = auth_data();
  std::string cbor = "\x58";
  cbor += static_cast<char>(data.size());
  return base64(hash) + "\n" + rp + "\n" + base64(cbor + data) + "\n" + base64(sign(data, hash)) + "\n";
}

}  // namespace utmfa::test

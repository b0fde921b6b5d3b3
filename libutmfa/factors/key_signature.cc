// SPDX-License-Identifier: Apache-2.0
#include "factors/key_signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>

#include "base/digest.h"
#include "base/freed.h"
#include "base/secret.h"

namespace utmfa {
namespace {

constexpr std::size_t hash_size = 32, fixed_size = 37;
constexpr unsigned char attested = 0x40, extended = 0x80;
constexpr std::size_t modulus_size = 256, exponent_size = 3, point_size = 64, edwards_size = 32;

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Key made(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return nullptr;
  return Key(key);
}

// OpenSSL refuses a point that is not on the curve.
Key on_the_curve(std::string_view point) {
  std::string whole = "\x04" + std::string(point);
  char group[] = "prime256v1";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, whole.data(), whole.size()),
                             OSSL_PARAM_construct_end()};
  return made("EC", parameters);
}

Key rsa(std::string_view modulus, std::string_view exponent) {
  const Number n(BN_bin2bn(bytes(modulus), static_cast<int>(modulus.size()), nullptr)),
      e(BN_bin2bn(bytes(exponent), static_cast<int>(exponent.size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  // A short modulus is padded with zeros, and can be factored.
  if (!n || !e || !builder || BN_num_bits(n.get()) < 2047 || BN_num_bits(e.get()) < 2 || BN_is_odd(e.get()) == 0)
    return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  return parameters ? made("RSA", parameters.get()) : nullptr;
}

Key key_of(KeyAlgorithm algorithm, std::string_view key) {
  switch (algorithm) {
    case KeyAlgorithm::es256: return key.size() == point_size ? on_the_curve(key) : nullptr;
    case KeyAlgorithm::eddsa:
      if (key.size() != edwards_size) return nullptr;
      return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()));
    case KeyAlgorithm::rs256:
      if (key.size() != modulus_size + exponent_size) return nullptr;
      return rsa(key.substr(0, modulus_size), key.substr(modulus_size));
  }
  return nullptr;
}

}  // namespace

Result<AuthData> read_auth_data(std::string_view data) {
  if (data.size() < fixed_size) return Error{Code::invalid, "authenticator data: too short"};
  AuthData read;
  read.rp_hash = data.substr(0, hash_size);
  read.flags = static_cast<unsigned char>(data[hash_size]);
  for (std::size_t i = hash_size + 1; i < fixed_size; ++i)
    read.counter = read.counter << 8 | static_cast<unsigned char>(data[i]);
  // What follows is covered by the signature and of no meaning to us; but nothing may follow that is not announced.
  const bool more = (read.flags & (attested | extended)) != 0;
  if (more != (data.size() > fixed_size)) return Error{Code::invalid, "authenticator data: its flags and size differ"};
  return read;
}

Result<bool> signed_by(KeyAlgorithm algorithm, std::string_view public_key, std::string_view auth_data,
                       std::string_view client_data_hash, std::string_view signature) {
  const Key key = key_of(algorithm, public_key);
  if (!key) return Error{Code::invalid, "this is no public key of a security key"};
  const DigestContext context(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm == KeyAlgorithm::eddsa ? nullptr : EVP_sha256();
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) != 1)
    return Error{Code::internal, "OpenSSL: a signature cannot be looked at"};
  const std::string text = std::string(auth_data) + std::string(client_data_hash);
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

Result<std::string_view> fault_of(const KeyProof& proof) {
  const Result<AuthData> data = read_auth_data(proof.auth_data);
  if (!data) return std::string_view("its authenticator data is malformed");
  const std::array<unsigned char, 32> rp = sha256(proof.rp);
  if (data->rp_hash != std::string_view(reinterpret_cast<const char*>(rp.data()), rp.size()))
    return std::string_view("it was made for another rp");
  if (!data->touched()) return std::string_view("nobody touched the key");
  if (proof.verification == Verification::required && !data->verified())
    return std::string_view("the key did not verify who touched it, and that is demanded");
  const Result<bool> right =
      signed_by(proof.algorithm, proof.public_key, proof.auth_data, proof.client_data_hash, proof.signature);
  if (!right) return right.error();
  return *right ? std::string_view() : std::string_view("it is not signed by the registered key");
}

}  // namespace utmfa

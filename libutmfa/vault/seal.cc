// SPDX-License-Identifier: Apache-2.0
// Sealing with OpenSSL. Algorithm objects are fetched once and kept: a fetch costs more than the sealing itself.
#include "vault/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

#include "base/encoding.h"
#include "base/formats.h"
#include "base/freed.h"

namespace utmfa {
namespace {

constexpr std::size_t key_size = 32, nonce_size = 12, tag_size = 16, digest_size = 32;
constexpr std::size_t longest_secret = 16384;
constexpr std::string_view user_key_info = "utmfa user key v1";

OSSL_PARAM sha256() {
  static char name[] = "SHA256";
  return OSSL_PARAM_construct_utf8_string("digest", name, 0);
}

// A context that has its digest already: a copy of it takes a key without fetching anything.
EVP_MAC_CTX* hmac_pattern() {
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  const OSSL_PARAM settings[] = {sha256(), OSSL_PARAM_construct_end()};
  if (context != nullptr && EVP_MAC_CTX_set_params(context, settings) != 1) return nullptr;
  return context;
}

struct Algorithms {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_MAC_CTX* hmac = hmac_pattern();
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
};

// Never freed: nothing runs at exit in a process that ends by _exit.
const Algorithms& algorithms() {
  static const Algorithms* const kept = new Algorithms;
  return *kept;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void append_with_length(std::string& out, std::string_view part) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((part.size() >> shift) & 0xff);
  out += part;
}

std::string additional_data(const SealedPlace& place, std::string_view key_id) {
  std::string data;
  for (std::string_view part : {place.user, place.method, place.kind, place.field, key_id})
    append_with_length(data, part);
  return data;
}

std::string shown(const SealedPlace& place) { return std::string(place.method) + "." + std::string(place.field); }

OSSL_PARAM octets(const char* name, std::string_view value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
}

enum class Direction : int { open = 0, close = 1 };

// A context with key, nonce and additional data taken in; null when OpenSSL refuses.
CipherContext begun(Direction direction, const Secret& key, std::string_view nonce, std::string_view data) {
  CipherContext context(EVP_CIPHER_CTX_new());
  int ignored = 0;
  const bool right =
      context && key.size() == key_size &&
      EVP_CipherInit_ex2(context.get(), algorithms().cipher, key.bytes(), bytes(nonce), static_cast<int>(direction),
                         nullptr) == 1 &&
      EVP_CipherUpdate(context.get(), nullptr, &ignored, bytes(data), static_cast<int>(data.size())) == 1;
  return right ? std::move(context) : nullptr;
}

Result<std::string> closed(const Secret& key, std::string_view nonce, std::string_view data, std::string_view secret) {
  const CipherContext context = begun(Direction::close, key, nonce, data);
  std::string out(nonce);
  out.resize(nonce_size + secret.size() + tag_size);
  int done = 0, rest = 0;
  const bool right =
      context &&
      EVP_CipherUpdate(context.get(), bytes(out) + nonce_size, &done, bytes(secret), static_cast<int>(secret.size())) ==
          1 &&
      EVP_CipherFinal_ex(context.get(), bytes(out) + nonce_size + done, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, bytes(out) + nonce_size + secret.size()) == 1;
  if (!right) return Error{Code::internal, "seal: OpenSSL failed"};
  return out;
}

// Empty where it does not open.
Secret opened(const Secret& key, std::string_view data, std::string& sealed) {
  const std::size_t size = sealed.size() - nonce_size - tag_size;
  const CipherContext context = begun(Direction::open, key, std::string_view(sealed).substr(0, nonce_size), data);
  Secret secret(size);
  int done = 0, rest = 0;
  const bool right =
      context &&
      EVP_CipherUpdate(context.get(), secret.bytes(), &done, bytes(sealed) + nonce_size, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, bytes(sealed) + nonce_size + size) == 1 &&
      EVP_CipherFinal_ex(context.get(), secret.bytes() + done, &rest) == 1;
  return right ? std::move(secret) : Secret();
}

}  // namespace

std::string_view sealed_key_id(std::string_view sealed) {
  constexpr std::string_view version = "v1:";
  if (sealed.substr(0, version.size()) != version) return {};
  const std::string_view rest = sealed.substr(version.size());
  const std::size_t colon = rest.find(':');
  return colon == std::string_view::npos ? std::string_view() : rest.substr(0, colon);
}

Result<std::string> seal(const UserKeys& keys, const SealedPlace& place, std::string_view secret, Random& random) {
  const auto key = keys.keys.find(keys.active);
  if (key == keys.keys.end()) return Error{Code::internal, "seal: no active key"};
  if (secret.empty() || secret.size() > longest_secret)
    return Error{Code::invalid, shown(place) + ": cannot be sealed"};
  const Result<Secret> nonce = random.bytes(nonce_size);
  if (!nonce) return nonce.error();
  const Result<std::string> packed = closed(key->second, nonce->view(), additional_data(place, key->first), secret);
  if (!packed) return packed.error();
  return "v1:" + key->first + ":" + base64(*packed);
}

Result<Secret> unseal(const UserKeys& keys, const SealedPlace& place, std::string_view sealed) {
  const std::string_view id = sealed_key_id(sealed);
  const std::string_view version = sealed.substr(0, 1) == "v" ? sealed.substr(1, sealed.find(':') - 1) : "";
  if (newer(formats::sealed_value, version)) return other_version(shown(place), formats::sealed_value, version);
  if (id.empty()) return Error{Code::corrupt, shown(place) + ": not a sealed value: expected v1:KEY:BASE64"};
  const auto key = keys.keys.find(id);
  if (key == keys.keys.end())
    return Error{Code::corrupt,
                 shown(place) + ": sealed with a key that the ring does not hold: restore its .key file"};
  Result<std::string> packed = from_base64(sealed.substr(id.size() + 4));
  if (!packed || packed->size() <= nonce_size + tag_size || packed->size() > longest_secret + nonce_size + tag_size)
    return Error{Code::corrupt, shown(place) + ": damaged sealed value"};
  Secret secret = opened(key->second, additional_data(place, id), *packed);
  if (secret.empty())
    return Error{Code::corrupt,
                 shown(place) + ": does not open: it was changed, or moved from another person or method"};
  return secret;
}

Result<Secret> user_key(const Secret& ring_key, std::string_view user) {
  const KdfContext context(EVP_KDF_CTX_new(algorithms().kdf));
  const std::string info = std::string(user_key_info) + std::string(user);
  const OSSL_PARAM settings[] = {sha256(), octets(OSSL_KDF_PARAM_KEY, ring_key.view()),
                                 octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  Secret key(key_size);
  if (!context || EVP_KDF_derive(context.get(), key.bytes(), key.size(), settings) != 1)
    return Error{Code::internal, "key derivation: OpenSSL failed"};
  return key;
}

Result<std::string> keyed_digest(const Secret& key, std::string_view purpose, std::string_view data) {
  const MacContext context(algorithms().hmac == nullptr ? nullptr : EVP_MAC_CTX_dup(algorithms().hmac));
  std::string start, digest(digest_size, '\0');
  append_with_length(start, purpose);
  std::size_t size = 0;
  const bool right = context && !key.empty() && EVP_MAC_init(context.get(), key.bytes(), key.size(), nullptr) == 1 &&
                     EVP_MAC_update(context.get(), bytes(start), start.size()) == 1 &&
                     EVP_MAC_update(context.get(), bytes(data), data.size()) == 1 &&
                     EVP_MAC_final(context.get(), bytes(digest), &size, digest.size()) == 1 && size == digest_size;
  if (!right) return Error{Code::internal, "keyed digest: OpenSSL failed"};
  return digest;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "factors/attestation.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

#include "base/digest.h"
#include "base/freed.h"
#include "factors/factor.h"
#include "factors/key_signature.h"

namespace utmfa {
namespace {

constexpr unsigned char attested = 0x40, extended = 0x80;
constexpr std::size_t aaguid_at = 37, aaguid_size = 16, coordinate = 32, modulus = 256, exponent = 3;
constexpr int version_3 = 2;  // as X.509 counts
constexpr std::string_view model_extension = "1.3.6.1.4.1.45724.1.1.4", unit = "Authenticator Attestation";

constexpr std::string_view unproven = UTMFA_MSG("it does not prove who made it");
constexpr std::string_view wrong = UTMFA_MSG("its proof of who made it is not right");
constexpr std::string_view other_model = UTMFA_MSG("its proof of who made it is that of another model");
constexpr std::string_view other_maker = UTMFA_MSG("it was made by nobody whose keys are taken");

using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using Text = std::unique_ptr<BIO, Freed<BIO_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string_view view(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

template <std::size_t size>
std::string literal(const char (&text)[size]) {
  return std::string(text, size - 1);
}

// The public key as COSE has it (RFC 9053). Its order is fixed (CTAP 2.1 section 8), so that it is compared, not read.
std::string cose(KeyAlgorithm algorithm, std::string_view key) {
  switch (algorithm) {
    case KeyAlgorithm::es256:
      if (key.size() != 2 * coordinate) return {};
      return literal("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20") + std::string(key.substr(0, coordinate)) +
             literal("\x22\x58\x20") + std::string(key.substr(coordinate));
    case KeyAlgorithm::eddsa:
      if (key.size() != coordinate) return {};
      return literal("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20") + std::string(key);
    case KeyAlgorithm::rs256:
      if (key.size() != modulus + exponent) return {};
      return literal("\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00") + std::string(key.substr(0, modulus)) +
             literal("\x21\x43") + std::string(key.substr(modulus));
  }
  return {};
}

// Whether the authenticator data speak of this credential and of nothing else.
bool about(const Attestation& said) {
  const Result<AuthData> data = read_auth_data(said.auth_data);
  const std::array<unsigned char, 32> rp = sha256(said.rp);
  const std::string key = cose(said.algorithm, said.public_key);
  if (!data || key.empty() || said.aaguid.size() != aaguid_size || said.credential.size() > longest_credential)
    return false;
  if (data->rp_hash != std::string_view(reinterpret_cast<const char*>(rp.data()), rp.size())) return false;
  if (!data->touched() || (data->flags & attested) == 0) return false;
  const char size[] = {static_cast<char>(said.credential.size() >> 8),
                       static_cast<char>(said.credential.size() & 0xff)};
  const std::string expected =
      std::string(said.aaguid) + std::string(size, sizeof size) + std::string(said.credential) + key;
  const std::string_view rest = said.auth_data.substr(aaguid_at);
  if (rest.substr(0, expected.size()) != expected) return false;
  return ((data->flags & extended) != 0) == (rest.size() > expected.size());
}

// Of U2F the head of the data is libfido2's own, and signed by nobody: touched, no counter, no model.
bool u2f_head(std::string_view auth_data) {
  const std::string head = "\x41" + std::string(4 + aaguid_size, '\0');
  return auth_data.substr(32, head.size()) == head;
}

// What the batch signed.
std::string message(const Attestation& said) {
  if (said.format == "packed") return std::string(said.auth_data) + std::string(said.client_data_hash);
  return literal("\0") + std::string(said.auth_data.substr(0, 32)) + std::string(said.client_data_hash) +
         std::string(said.credential) + "\x04" + std::string(said.public_key);
}

bool signed_by_batch(const Attestation& said, X509* batch) {
  EVP_PKEY* key = X509_get0_pubkey(batch);
  const DigestContext context(EVP_MD_CTX_new());
  if (key == nullptr || !context) return false;
  const EVP_MD* digest = EVP_PKEY_is_a(key, "ED25519") ? nullptr : EVP_sha256();
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  const std::string text = message(said);
  return EVP_DigestVerify(context.get(), bytes(said.signature), said.signature.size(), bytes(text), text.size()) == 1;
}

Certificate read_certificate(std::string_view der) {
  const unsigned char* at = bytes(der);
  Certificate read(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return read && at == bytes(der) + der.size() ? std::move(read) : nullptr;
}

// Section 8.2.1.
bool of_a_batch(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_organizationalUnitName, -1);
  if (at < 0 || view(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))) != unit) return false;
  return X509_get_version(certificate) == version_3 && X509_check_ca(certificate) == 0;
}

// Where the certificate names a model, it is this one.
bool of_model(X509* certificate, std::string_view aaguid) {
  const Object name(OBJ_txt2obj(model_extension.data(), 1));
  const int at = name ? X509_get_ext_by_OBJ(certificate, name.get(), -1) : -1;
  if (at < 0) return name != nullptr;
  X509_EXTENSION* extension = X509_get_ext(certificate, at);
  const std::string expected = literal("\x04\x10") + std::string(aaguid);
  return X509_EXTENSION_get_critical(extension) == 0 && view(X509_EXTENSION_get_data(extension)) == expected;
}

// None: there is none, or one that cannot be read.
std::vector<Certificate> certificates(std::string_view pem) {
  const Text text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Certificate> read;
  while (text && (read.empty() || read.back()))
    read.emplace_back(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  if (!read.empty()) read.pop_back();
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) read.clear();
  ERR_clear_error();
  return read;
}

// One at a time: makers have given several certificates the same name.
bool made_by(X509* maker, X509* batch, Time now) {
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_add_cert(store.get(), maker) != 1) return false;
  if (X509_STORE_CTX_init(context.get(), store.get(), batch, nullptr) != 1) return false;
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now));
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the administrator's word ends the chain
  return X509_verify_cert(context.get()) == 1;
}

}  // namespace

Result<std::string_view> attestation_fault(const Attestation& said, std::string_view roots, Time now) {
  const std::vector<Certificate> makers = certificates(roots);
  if (makers.empty()) return Error{Code::invalid, "fido.attestation: it holds no certificates, or damaged ones"};
  const bool packed = said.format == "packed", u2f = said.format == "fido-u2f";
  if ((!packed && !u2f) || said.certificate.empty()) return unproven;
  const Certificate batch = read_certificate(said.certificate);
  if (!batch || !about(said)) return wrong;
  if (u2f && (said.algorithm != KeyAlgorithm::es256 || !u2f_head(said.auth_data))) return wrong;
  if (packed && !of_a_batch(batch.get())) return wrong;
  if (!signed_by_batch(said, batch.get())) return wrong;
  if (packed && !of_model(batch.get(), said.aaguid)) return other_model;
  for (const Certificate& maker : makers)
    if (made_by(maker.get(), batch.get(), now)) return std::string_view();
  return other_maker;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Elements are looked up by their local name: vendors do not agree about the name spaces of XML Encryption.
#include "tokens/pskc_decrypt.h"

#include <libxml/tree.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::int64_t most_iterations = 10'000'000;  // seconds; more is a file that wants to stop us
constexpr std::size_t block = 16, most_salt = 1024;

// "http://www.w3.org/2001/04/xmlenc#aes128-cbc" -> "aes128-cbc"
std::string short_name(const xmlNode* element) {
  if (element == nullptr) return {};
  const std::string name = lower_ascii(attribute_of(element, "Algorithm"));
  return name.substr(name.find_last_of('#') + 1);
}

struct Cipher {
  std::string_view name;
  std::size_t key_size;
  const EVP_CIPHER* (*of)();
  enum class Way { cbc, wrap } way;
};
constexpr Cipher ciphers[] = {
    {"aes128-cbc", 16, EVP_aes_128_cbc, Cipher::Way::cbc},  {"aes192-cbc", 24, EVP_aes_192_cbc, Cipher::Way::cbc},
    {"aes256-cbc", 32, EVP_aes_256_cbc, Cipher::Way::cbc},  {"kw-aes128", 16, EVP_aes_128_wrap, Cipher::Way::wrap},
    {"kw-aes192", 24, EVP_aes_192_wrap, Cipher::Way::wrap}, {"kw-aes256", 32, EVP_aes_256_wrap, Cipher::Way::wrap},
};

const EVP_MD* digest_named(std::string_view name) {
  if (name == "hmac-sha1" || name == "hmacwithsha1") return EVP_sha1();
  if (name == "hmac-sha256" || name == "hmacwithsha256") return EVP_sha256();
  if (name == "hmac-sha384" || name == "hmacwithsha384") return EVP_sha384();
  if (name == "hmac-sha512" || name == "hmacwithsha512") return EVP_sha512();
  return nullptr;
}

struct FreedContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
  return out;
}

class Opener {
 public:
  Opener(xmlNode* container, const std::optional<Secret>& password, const std::string& path)
      : container_(container), password_(password), path_(path) {}

  Status all();

 private:
  Error wrong(const xmlNode* at, const std::string& what) const {
    return {Code::invalid, path_ + ":" + std::to_string(line_of(at)) + ": " + what};
  }
  Status find_key();
  Status derive(xmlNode* method);
  Status handed_over(const xmlNode* at);
  Status find_mac();
  Result<std::string> cipher_value(xmlNode* encrypted) const;
  Result<Secret> opened(xmlNode* encrypted, const std::string& value, const Cipher& cipher) const;
  Result<const Cipher*> cipher_of(xmlNode* encrypted) const;
  Status checked(const xmlNode* value, const std::string& bytes, const Cipher& cipher) const;
  Status open(xmlNode* value);

  xmlNode* container_;
  const std::optional<Secret>& password_;
  const std::string& path_;
  Secret key_, mac_key_;
  const EVP_MD* mac_ = nullptr;
};

// What the whole key container is sealed with stands before the packages; RFC 6030 has one key for all.
Status Opener::find_key() {
  const xmlNode* info = child_of(container_, "EncryptionKey");
  if (info == nullptr) return wrong(container_, "a value is encrypted, and there is no <EncryptionKey>");
  if (!password_) return wrong(info, "the file is encrypted: expected --password-file FILE with its password or key");
  if (xmlNode* derived = child_of(info, "DerivedKey"); derived != nullptr)
    return derive(child_of(derived, "KeyDerivationMethod"));
  if (child_of(info, "X509Data") != nullptr)
    return wrong(info, "encrypted for a certificate: expected a password or a key that was handed over");
  return handed_over(info);
}

// RFC 8018.
Status Opener::derive(xmlNode* method) {
  if (method == nullptr || short_name(method) != "pbkdf2")
    return wrong(method == nullptr ? container_ : method, "a way to derive the key that is not known: expected pbkdf2");
  xmlNode* parameters = child_of(method, "PBKDF2-params");
  xmlNode* salt = below(parameters, {"Salt", "Specified"});
  const xmlNode* count = below(parameters, {"IterationCount"});
  const xmlNode* length = below(parameters, {"KeyLength"});
  if (salt == nullptr || count == nullptr || length == nullptr)
    return wrong(method, "pbkdf2 without <Salt>, <IterationCount> or <KeyLength>");
  const auto iterations = number(text_of(count).view(), 1, most_iterations);
  if (!iterations) return wrong(count, "iteration count: expected 1 to " + std::to_string(most_iterations));
  const auto size = number(text_of(length).view(), 16, 32);
  if (!size) return wrong(length, "key length: expected 16, 24 or 32");
  const Result<std::string> bytes = from_base64(without_blanks(text_of(salt).view()));
  if (!bytes || bytes->empty() || bytes->size() > most_salt) return wrong(salt, "salt: expected base64");
  std::string prf = short_name(child_of(parameters, "PRF"));
  const EVP_MD* digest = prf.empty() ? EVP_sha1() : digest_named(prf);
  if (digest == nullptr) return wrong(parameters, "<PRF> " + shown(prf) + ": expected hmac-sha1 to hmac-sha512");
  key_ = Secret(static_cast<std::size_t>(*size));
  const int done =
      PKCS5_PBKDF2_HMAC(password_->view().data(), static_cast<int>(password_->size()),
                        reinterpret_cast<const unsigned char*>(bytes->data()), static_cast<int>(bytes->size()),
                        static_cast<int>(*iterations), digest, static_cast<int>(key_.size()), key_.bytes());
  if (done != 1) return Error{Code::internal, "pbkdf2: OpenSSL failed"};
  return Done{};
}

// The bytes themselves, as the vendor sent them on another way.
Status Opener::handed_over(const xmlNode* at) {
  Result<Secret> read = from_hex(password_->view());
  if (!read) {
    Result<std::string> bytes = from_base64(without_blanks(password_->view()));
    if (bytes) read = Secret(*bytes);
    if (bytes) wipe(*bytes);
  }
  if (!read || (read->size() != 16 && read->size() != 24 && read->size() != 32))
    return wrong(at,
                 "the file asks for a key that was handed over: expected 16, 24 or 32 bytes, in hexadecimal or "
                 "base64, in the file of --password-file");
  key_ = std::move(*read);
  return Done{};
}

Status Opener::find_mac() {
  xmlNode* method = child_of(container_, "MACMethod");
  if (method == nullptr) return Done{};
  mac_ = digest_named(short_name(method));
  if (mac_ == nullptr) return wrong(method, "a MAC that is not known: expected hmac-sha1 to hmac-sha512");
  xmlNode* sealed = child_of(method, "MACKey");
  if (sealed == nullptr) {  // an older form: the same key for both
    mac_key_ = key_.clone();
    return Done{};
  }
  const Result<std::string> value = cipher_value(sealed);
  if (!value) return value.error();
  const Result<const Cipher*> cipher = cipher_of(sealed);
  if (!cipher) return cipher.error();
  Result<Secret> key = opened(sealed, *value, **cipher);
  if (!key) return key.error();
  mac_key_ = std::move(*key);
  return Done{};
}

Result<std::string> Opener::cipher_value(xmlNode* encrypted) const {
  const xmlNode* value = below(encrypted, {"CipherData", "CipherValue"});
  if (value == nullptr) return wrong(encrypted, "encrypted without a <CipherValue>");
  const Secret text = text_of(value);
  Result<std::string> bytes = from_base64(without_blanks(text.view()));
  if (!bytes || bytes->empty()) return wrong(value, "<CipherValue>: expected base64");
  return bytes;
}

Result<const Cipher*> Opener::cipher_of(xmlNode* encrypted) const {
  const std::string name = short_name(child_of(encrypted, "EncryptionMethod"));
  const auto found =
      std::find_if(std::begin(ciphers), std::end(ciphers), [&](const Cipher& each) { return each.name == name; });
  if (found == std::end(ciphers))
    return wrong(encrypted, "encrypted by " + shown(name) +
                                ": expected aes128-cbc to aes256-cbc or kw-aes128 to "
                                "kw-aes256");
  if (found->key_size != key_.size())
    return wrong(encrypted, name + " with a key of " + std::to_string(key_.size()) + " bytes: expected " +
                                std::to_string(found->key_size));
  return static_cast<const Cipher*>(found);
}

Result<Secret> Opener::opened(xmlNode* encrypted, const std::string& value, const Cipher& cipher) const {
  const bool cbc = cipher.way == Cipher::Way::cbc;
  const std::size_t front = cbc ? block : 0;
  const bool shaped =
      cbc ? value.size() >= 2 * block && value.size() % block == 0 : value.size() >= 24 && value.size() % 8 == 0;
  if (!shaped) return wrong(encrypted, "a <CipherValue> of a length that " + std::string(cipher.name) + " never has");
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
  const std::unique_ptr<EVP_CIPHER_CTX, FreedContext> context(EVP_CIPHER_CTX_new());
  Secret plain(value.size() + block);
  int done = 0, rest = 0;
  if (context && !cbc) EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const bool right =
      context && EVP_DecryptInit_ex(context.get(), cipher.of(), nullptr, key_.bytes(), cbc ? bytes : nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_DecryptUpdate(context.get(), plain.bytes(), &done, bytes + front, static_cast<int>(value.size() - front)) ==
          1 &&
      EVP_DecryptFinal_ex(context.get(), plain.bytes() + done, &rest) == 1;
  std::size_t size = static_cast<std::size_t>(std::max(done + rest, 0));
  // XML Encryption 5.2: the last byte says how many were added; the others may be anything.
  const std::size_t padding = cbc && right && size > 0 ? plain.bytes()[size - 1] : 0;
  if (!right || (cbc && (padding < 1 || padding > block || padding > size)))
    return wrong(encrypted, "the password is not right, or the file is damaged");
  return Secret(plain.view().substr(0, size - padding));
}

Status Opener::checked(const xmlNode* value, const std::string& bytes, const Cipher& cipher) const {
  const xmlNode* told = child_of(value, "ValueMAC");
  if (cipher.way == Cipher::Way::wrap && (told == nullptr || mac_ == nullptr)) return Done{};  // it checks itself
  if (told == nullptr || mac_ == nullptr)
    return wrong(value, std::string(cipher.name) + " without a MAC: a changed secret would not be noticed");
  const Result<std::string> expected = from_base64(without_blanks(text_of(told).view()));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(mac_, mac_key_.bytes(), static_cast<int>(mac_key_.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size) == nullptr)
    return Error{Code::internal, "hmac: OpenSSL failed"};
  if (!expected || !equal(*expected, {reinterpret_cast<const char*>(digest), size}))
    return wrong(told, "the MAC does not fit: the password is not right, or the file is damaged");
  return Done{};
}

// <EncryptedValue> and <ValueMAC> make place for a <PlainValue>, at the same line.
Status Opener::open(xmlNode* value) {
  xmlNode* encrypted = child_of(value, "EncryptedValue");
  if (encrypted == nullptr) return Done{};
  if (name_of(value) != "Secret")
    return wrong(value, "<" + cleaned(name_of(value), 40) + "> is encrypted: expected that of the <Secret> only");
  const Result<const Cipher*> cipher = cipher_of(encrypted);
  if (!cipher) return cipher.error();
  const Result<std::string> bytes = cipher_value(encrypted);
  if (!bytes) return bytes.error();
  if (Status right = checked(value, *bytes, **cipher); !right) return right;
  const Result<Secret> plain = opened(encrypted, *bytes, **cipher);
  if (!plain) return plain.error();
  if (child_of(value, "PlainValue") != nullptr) return wrong(value, "a plain value and an encrypted one: expected one");
  std::string text = base64(plain->view());
  const xmlChar* name = reinterpret_cast<const xmlChar*>("PlainValue");
  xmlNode* opened_value = xmlNewChild(value, value->ns, name, reinterpret_cast<const xmlChar*>(text.c_str()));
  wipe(text);
  if (opened_value == nullptr) return Error{Code::internal, "libxml2: out of memory"};
  opened_value->line = encrypted->line;
  drop(encrypted);
  if (xmlNode* mac = child_of(value, "ValueMAC"); mac != nullptr) drop(mac);
  return Done{};
}

bool any_encrypted(const std::vector<xmlNode*>& values) {
  return std::any_of(values.begin(), values.end(),
                     [](const xmlNode* each) { return child_of(each, "EncryptedValue") != nullptr; });
}

std::vector<xmlNode*> values_of(const xmlNode* container) {
  std::vector<xmlNode*> values;
  for (xmlNode* package : children_of(container))
    for (const xmlNode* key : children_of(package))
      if (const xmlNode* data = child_of(key, "Data"); data != nullptr)
        for (xmlNode* value : children_of(data)) values.push_back(value);
  return values;
}

Status Opener::all() {
  const std::vector<xmlNode*> values = values_of(container_);
  if (any_encrypted(values)) {
    if (Status key = find_key(); !key) return key;
    if (Status mac = find_mac(); !mac) return mac;
    for (xmlNode* value : values)
      if (Status done = open(value); !done) return done;
  }
  for (const std::string_view over : {"EncryptionKey", "MACMethod"})
    if (xmlNode* node = child_of(container_, over); node != nullptr) drop(node);
  return Done{};
}

}  // namespace

Status decrypt_pskc(xmlNode* container, const std::optional<Secret>& password, const std::string& path) {
  return Opener(container, password, path).all();
}

}  // namespace utmfa

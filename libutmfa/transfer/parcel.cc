// SPDX-License-Identifier: Apache-2.0
// The file: a line "utmfa-parcel 1 scrypt LOG2N SALT", then nonce, ciphertext and tag; the line is the additional data.
// Inside: for each person a line "TEXTSIZE STATESIZE", the method file and the state's record.
#include "transfer/parcel.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "base/encoding.h"
#include "base/formats.h"
#include "base/text.h"
#include "base/yaml.h"
#include "factors/factor.h"
#include "vault/state_file.h"

namespace utmfa {
namespace {

constexpr std::string_view magic = "utmfa-parcel";
constexpr std::string_view key_id = "parcel";
constexpr std::size_t salt_size = 16, nonce_size = 12, tag_size = 16, key_size = 32;
constexpr std::size_t longest_head = 128, most_people = 1000000;
// 128 MiB and half a second; a file may ask for more or less, but not so much that opening it harms the machine.
constexpr int usual_cost = 17, least_cost = 14, greatest_cost = 20;
constexpr std::uint64_t scrypt_r = 8, scrypt_p = 1;

struct Freed {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Freed>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error crypto_error() { return {Code::internal, "parcel: OpenSSL refused"}; }

Result<Secret> stretched(std::string_view passphrase, std::string_view salt, int cost) {
  Secret key(key_size);
  const std::uint64_t n = std::uint64_t{1} << cost;
  const int done = EVP_PBE_scrypt(passphrase.data(), passphrase.size(), octets(salt), salt.size(), n, scrypt_r,
                                  scrypt_p, 256 * n * scrypt_r, key.bytes(), key.size());
  if (done != 1) return Error{Code::unavailable, "scrypt: there is not enough memory"};
  return key;
}

struct Head {
  std::string line;  // with its end
  int cost = 0;
  std::string salt;
};

Result<Head> head_of(std::string_view bytes, const std::string& path) {
  const Error foreign{Code::invalid, path + ": not a parcel of utmfa-admin export"};
  const std::size_t end = bytes.substr(0, longest_head).find('\n');
  if (end == bytes.npos) return foreign;
  const std::vector<std::string_view> words = split(bytes.substr(0, end), ' ');
  if (words[0] != magic || words.size() < 2) return foreign;
  if (!number(words[1], formats::parcel.version, formats::parcel.version))
    return other_version(path, formats::parcel, words[1]);
  if (words.size() != 5 || words[2] != "scrypt") return foreign;
  const auto cost = number(words[3], least_cost, greatest_cost);
  const Result<std::string> salt = from_base64(words[4]);
  if (!cost || !salt || salt->size() != salt_size) return foreign;
  return Head{std::string(bytes.substr(0, end + 1)), static_cast<int>(*cost), *salt};
}

Result<std::string> encrypted(const Secret& key, std::string_view head, std::string_view text, Random& random) {
  const Result<Secret> nonce = random.bytes(nonce_size);
  if (!nonce) return nonce.error();
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string out(nonce->view());
  out.resize(nonce_size + text.size() + tag_size);
  int size = 0;
  const bool done =
      cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.bytes(), nonce->bytes()) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, octets(head), static_cast<int>(head.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), octets(out) + nonce_size, &size, octets(text), static_cast<int>(text.size())) ==
          1 &&
      EVP_EncryptFinal_ex(cipher.get(), octets(out) + nonce_size + text.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_size, octets(out) + nonce_size + text.size()) == 1;
  if (!done) return crypto_error();
  return out;
}

Result<std::string> decrypted(const Secret& key, std::string_view head, std::string_view bytes,
                              const std::string& path) {
  if (bytes.size() < nonce_size + tag_size) return Error{Code::invalid, path + ": cut short"};
  const std::string_view nonce = bytes.substr(0, nonce_size);
  const std::string_view sealed = bytes.substr(nonce_size, bytes.size() - nonce_size - tag_size);
  std::string tag(bytes.substr(bytes.size() - tag_size)), out(sealed.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool read =
      cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.bytes(), octets(nonce)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, octets(head), static_cast<int>(head.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), octets(out), &size, octets(sealed), static_cast<int>(sealed.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1;
  if (!read) return crypto_error();
  unsigned char rest[EVP_MAX_BLOCK_LENGTH];
  if (EVP_DecryptFinal_ex(cipher.get(), rest, &size) == 1) return out;
  return Error{Code::refused, path + ": the passphrase is not right, or the file was changed"};
}

}  // namespace

Status seal_over(MethodFile& file, const UserKeys& from, const UserKeys& to, Random& random) {
  for (Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr) return Error{Code::internal, method.id + ": unknown kind"};
    for (const FieldRule& rule : factor->fields) {
      const auto found = method.fields.find(rule.key);
      if (rule.type != FieldType::sealed || found == method.fields.end()) continue;
      const SealedPlace place{file.user, method.id, method.kind, rule.key};
      const Result<Secret> secret = unseal(from, place, found->second);
      if (!secret) return secret.error();
      Result<std::string> sealed = seal(to, place, secret->view(), random);
      if (!sealed) return sealed.error();
      found->second = std::move(*sealed);
    }
  }
  return Done{};
}

Result<Parcel> Parcel::empty(std::string_view passphrase, Random& random) {
  if (passphrase.size() < shortest_passphrase)
    return Error{Code::refused, "the passphrase is too short: at least 12 bytes are expected"};
  const Result<Secret> salt = random.bytes(salt_size);
  if (!salt) return salt.error();
  Result<Secret> key = stretched(passphrase, salt->view(), usual_cost);
  if (!key) return key.error();
  std::string head(magic);
  head += " " + std::to_string(formats::parcel.version) + " scrypt " + std::to_string(usual_cost) + " " +
          base64(salt->view()) + "\n";
  return Parcel(std::move(head), std::move(*key));
}

Result<UserKeys> Parcel::keys_for(std::string_view user) const {
  Result<Secret> key = user_key(key_, user);
  if (!key) return key.error();
  UserKeys keys;
  keys.active = key_id;
  keys.keys.emplace(key_id, std::move(*key));
  return keys;
}

Status Parcel::add(const MethodFile& file, const State& state, const UserKeys& keys, Random& random) {
  const Result<UserKeys> ours = keys_for(file.user);
  if (!ours) return ours.error();
  Packed packed{file, state};
  if (Status sealed = seal_over(packed.file, keys, *ours, random); !sealed) return sealed;
  people_.push_back(std::move(packed));
  return Done{};
}

Result<std::string> Parcel::bytes(Random& random) const {
  std::string text;
  for (const Packed& each : people_) {
    const std::string file = print_method_file(each.file, kind_rules()), state = print_state(each.state);
    text += std::to_string(file.size()) + " " + std::to_string(state.size()) + "\n" + file + state;
  }
  if (text.size() > INT_MAX) return Error{Code::refused, "too many people for one parcel: divide them"};
  const Result<std::string> sealed = encrypted(key_, head_, text, random);
  if (!sealed) return sealed.error();
  return head_ + *sealed;
}

Status Parcel::read_people(std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const std::string where = path + ": person " + std::to_string(people_.size() + 1);
    const std::size_t end = std::min(text.find('\n'), longest_head);
    const std::vector<std::string_view> sizes = split(text.substr(0, end), ' ');
    const auto file_size = number(sizes[0], 1, longest_method_file);
    const auto state_size = sizes.size() == 2 ? number(sizes[1], 1, state_file_size) : std::nullopt;
    if (end >= text.size() || !file_size || !state_size || people_.size() == most_people)
      return Error{Code::invalid, where + ": malformed"};
    text.remove_prefix(end + 1);
    const auto first = static_cast<std::size_t>(*file_size), second = static_cast<std::size_t>(*state_size);
    if (text.size() < first + second) return Error{Code::invalid, where + ": cut short"};
    Result<MethodFile> file = parse_method_file(text.substr(0, first), where, kind_rules());
    if (!file) return file.error();
    Result<State> state = parse_state(text.substr(first, second), where);
    if (!state) return state.error();
    people_.push_back({std::move(*file), std::move(*state)});
    text.remove_prefix(first + second);
  }
  return Done{};
}

Result<Parcel> Parcel::open(std::string_view bytes, std::string_view passphrase, const std::string& path) {
  Result<Head> head = head_of(bytes, path);
  if (!head) return head.error();
  if (bytes.size() > INT_MAX) return Error{Code::invalid, path + ": longer than any parcel"};
  Result<Secret> key = stretched(passphrase, head->salt, head->cost);
  if (!key) return key.error();
  const Result<std::string> text = decrypted(*key, head->line, bytes.substr(head->line.size()), path);
  if (!text) return text.error();
  Parcel parcel(std::move(head->line), std::move(*key));
  if (Status read = parcel.read_people(*text, path); !read) return read.error();
  return parcel;
}

}  // namespace utmfa

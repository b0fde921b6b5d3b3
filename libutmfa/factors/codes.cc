// SPDX-License-Identifier: Apache-2.0
// Paper codes: made, shown, read back, hashed.
#include "factors/codes.h"

#include <openssl/evp.h>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
static_assert(alphabet.size() == 32);
constexpr std::size_t longest_typed = 64;

// 16 MiB and about 50 ms an answer; a code has 50 bits already, this keeps a stolen key and file expensive.
constexpr std::uint64_t scrypt_n = 1 << 14, scrypt_r = 8, scrypt_p = 1, scrypt_memory = 64 << 20;

char read_letter(char typed) {
  const char letter = typed >= 'A' && typed <= 'Z' ? static_cast<char>(typed - 'A' + 'a') : typed;
  if (letter == 'o') return '0';
  if (letter == 'i' || letter == 'l') return '1';
  return alphabet.find(letter) == std::string_view::npos ? '?' : letter;  // never NUL: HMAC takes no notice of it
}

}  // namespace

Result<Secret> new_code(Random& random, std::size_t length) {
  Result<Secret> code = random.bytes(length);
  if (!code) return code.error();
  for (std::size_t i = 0; i < length; ++i) code->data()[i] = alphabet[code->bytes()[i] % alphabet.size()];
  return code;
}

std::string grouped(std::string_view code, std::size_t group) {
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i > 0 && i % group == 0) text += '-';
    text += code[i];
  }
  return text;
}

Result<Secret> code_hash(std::string_view code, std::string_view salt) {
  Secret hash(code_hash_size);
  const int done = EVP_PBE_scrypt(code.data(), code.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                                  salt.size(), scrypt_n, scrypt_r, scrypt_p, scrypt_memory, hash.bytes(), hash.size());
  if (done != 1) return Error{Code::internal, "scrypt: failed"};
  return hash;
}

Result<Secret> typed_code_hash(const Secret& stored, std::string_view answer) {
  Secret typed(longest_typed);
  std::size_t count = 0;
  while (!answer.empty()) {
    const char each = take_typed(answer);
    if (each != ' ' && each != '-' && count < longest_typed) typed.data()[count++] = read_letter(each);
  }
  return code_hash(typed.view().substr(0, count), stored.view().substr(0, salt_size));
}

std::string_view stored_hash(const Secret& stored, std::size_t index) {
  return stored.view().substr(salt_size + index * code_hash_size, code_hash_size);
}

Status check_stored(const Method& method, const Secret& stored, std::size_t count) {
  if (stored.size() == salt_size + count * code_hash_size) return Done{};
  return Error{Code::corrupt, method.id + ": the sealed codes have the wrong size: register it again"};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// base32, base64, hex, and names as file names. Read values go into a Secret where they may be one, and no copy of
// their bytes is left behind.
#include "base/encoding.h"

#include <openssl/sha.h>
#include <cstdlib>

#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::string_view base32_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view hex_letters = "0123456789abcdef";
constexpr std::size_t longest_file_name = 180;

// `bits` per letter, most significant bit first; the last letter is filled up with zeros.
std::string spelled(std::string_view bytes, std::string_view letters, unsigned bits) {
  std::string text;
  unsigned held = 0, count = 0;
  for (const char byte : bytes) {
    held = (held << 8 | static_cast<unsigned char>(byte)) & 0xFFFF;
    for (count += 8; count >= bits; count -= bits) text += letters[held >> (count - bits) & (letters.size() - 1)];
  }
  if (count > 0) text += letters[held << (bits - count) & (letters.size() - 1)];
  return text;
}

// Bytes out of letters' values; what is left in `held` at the end are the bits that fill up the last letter.
class Bits {
 public:
  Bits(char* to, unsigned bits) : to_(to), bits_(bits) {}
  void add(std::size_t value) {
    held_ = (held_ << bits_ | static_cast<unsigned>(value)) & 0xFFFF;
    count_ += bits_;
    if (count_ < 8) return;
    count_ -= 8;
    to_[size_++] = static_cast<char>(held_ >> count_ & 0xFF);
  }
  std::size_t size() const { return size_; }
  unsigned spare_count() const { return count_; }
  unsigned spare() const { return held_ & ((1u << count_) - 1); }

 private:
  char* to_;
  unsigned bits_, held_ = 0, count_ = 0;
  std::size_t size_ = 0;
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Error not_written_so(std::string_view form, std::string_view expected) {
  return {Code::invalid, std::string(form) + ": malformed: expected " + std::string(expected)};
}

bool plain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  // Without a digest there is no right name, and any other name could mean somebody else or nobody.
  if (!SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest)) std::abort();
  return hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace

std::string base32(std::string_view bytes) { return spelled(bytes, base32_letters, 5); }

Result<Secret> from_base32(std::string_view text) {
  constexpr std::string_view expected = "letters A to Z and digits 2 to 7";
  Secret room(text.size());
  Bits bits(room.data(), 5);
  bool padding = false;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    padding = padding || c == '=';
    const std::size_t value = base32_letters.find(upper(c));
    if (padding ? c != '=' : value == base32_letters.npos) return not_written_so("base32", expected);
    if (!padding) bits.add(value);
  }
  // Five or more spare bits are a whole letter that belongs to no byte: one was left out. Fewer may be anything,
  // because services hand out secrets made of random letters, and phones take them so.
  if (bits.spare_count() >= 5) return not_written_so("base32", "one letter more or one fewer");
  return Secret(room.view().substr(0, bits.size()));
}

std::string base64(std::string_view bytes) {
  std::string text = spelled(bytes, base64_letters, 6);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const std::size_t end = text.find('=');
  const std::string_view letters = text.substr(0, end), padding = text.substr(letters.size());
  if (text.size() % 4 != 0 || (padding != "" && padding != "=" && padding != "==")) {
    return not_written_so("base64", "padding to a multiple of four letters");
  }
  std::string bytes(letters.size(), '\0');
  Bits bits(bytes.data(), 6);
  for (const char c : letters) {
    const std::size_t value = base64_letters.find(c);
    if (value == base64_letters.npos) return not_written_so("base64", "the standard alphabet");
    bits.add(value);
  }
  if (bits.spare() != 0 || bits.spare_count() != 2 * padding.size())
    return not_written_so("base64", "unused bits zero");
  bytes.resize(bits.size());
  return bytes;
}

std::string base64url(std::string_view bytes) { return spelled(bytes, base64url_letters, 6); }

Result<std::string> from_base64url(std::string_view text) {
  std::string bytes(text.size(), '\0');
  Bits bits(bytes.data(), 6);
  for (const char c : text) {
    const std::size_t value = base64url_letters.find(c);
    if (value == base64url_letters.npos) return not_written_so("base64url", "letters, digits, - and _");
    bits.add(value);
  }
  if (bits.spare() != 0 || bits.spare_count() == 6) return not_written_so("base64url", "whole bytes");
  bytes.resize(bits.size());
  return bytes;
}

std::string hex(std::string_view bytes) { return spelled(bytes, hex_letters, 4); }

Result<Secret> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return not_written_so("hex", "an even number of digits");
  Secret secret(text.size() / 2);
  Bits bits(secret.data(), 4);
  for (const char c : text) {
    const std::size_t value = hex_letters.find(lower(c));
    if (value == hex_letters.npos) return not_written_so("hex", "digits 0 to 9 and a to f");
    bits.add(value);
  }
  return secret;
}

std::string shown_unless_secret(std::string_view text) {
  constexpr std::size_t shortest_secret = 16;  // 80 bits in base32, the least that any app makes
  if (text.size() < shortest_secret || text.find(' ') != text.npos) return shown(text);
  return "a word of " + std::to_string(text.size()) + " characters";
}

std::string file_name(std::string_view name) {
  if (name.empty()) return "%";  // no other name gives a '%' without two digits
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool inner_dot = name[i] == '.' && i > 0 && i + 1 < name.size();
    if (plain(name[i]) || inner_dot)
      text += name[i];
    else
      text += '%' + hex(name.substr(i, 1));
  }
  if (text.size() <= longest_file_name) return text;
  const std::size_t kept = longest_file_name - 1 - 2 * SHA256_DIGEST_LENGTH;
  return text.substr(0, kept) + '~' + sha256_hex(std::string_view(text).substr(kept));
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The lines of fido2-assert(1), for whoever has libfido2's own tools and nothing of ours.
#include "assertion/lines.h"
#include "base/encoding.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_text = 4096, hash_size = 32, least_auth_data = 37, most_auth_data = 256,
                      most_signature = 512;

Error wrong(std::string_view what) { return {Code::invalid, "this is not right: " + std::string(what)}; }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trimmed(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

// A byte string of CBOR (RFC 8949 section 3.1) with its length in the first byte or in the next.
Result<std::string> unwrapped(const std::string& cbor) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(cbor[at])); };
  std::size_t head = 1, size = 0;
  if (cbor.size() > 2 && byte(0) == 0x58) {
    head = 2;
    size = byte(1);
  } else if (cbor.size() > 3 && byte(0) == 0x59) {
    head = 3;
    size = byte(1) << 8 | byte(2);
  }
  if (size < least_auth_data || size > most_auth_data || cbor.size() != head + size)
    return wrong("its third word is no authenticator data");
  return cbor.substr(head);
}

}  // namespace

bool is_fido2_assert(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text.substr(0, longest_text));
  if (words.empty()) return false;
  const Result<std::string> hash = from_base64(words[0]);
  return hash && hash->size() == hash_size;
}

Result<Fido2Assert> parse_fido2_assert(std::string_view text) {
  if (text.size() > longest_text) return wrong("it is too long");
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() < 4 || words.size() > 7) return wrong("four words of fido2-assert are expected");
  Result<std::string> hash = from_base64(words[0]), data = from_base64(words[2]), signature = from_base64(words[3]);
  if (!hash || hash->size() != hash_size) return wrong("its first word is no SHA-256");
  if (words[1].size() > longest_rp) return wrong("its second word is no rp");
  if (!data) return wrong("its third word is no base64");
  if (!signature || signature->empty() || signature->size() > most_signature)
    return wrong("its fourth word is no signature");
  Result<std::string> raw = unwrapped(*data);
  if (!raw) return raw.error();
  return Fido2Assert{std::move(*hash), std::string(words[1]), std::move(*raw), std::move(*signature)};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a line that somebody pasted. What is read has one spelling, and is written back as it came.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "assertion/lines.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) kept += c;
  return kept;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string line = without_spaces(text);
  if (const auto challenge = utmfa::parse_challenge(text)) demand(*utmfa::print_challenge(*challenge) == line);
  if (const auto answer = utmfa::parse_answer(text)) demand(*utmfa::print_answer(*answer) == line);
  if (const auto key = utmfa::parse_registration(text)) {
    demand(*utmfa::print_registration(*key) == line);
    demand(utmfa::registration_hash(*key).size() == 32);
  }
  if (const auto pasted = utmfa::parse_fido2_assert(text)) {
    demand(utmfa::is_fido2_assert(text));
    demand(pasted->hash.size() == 32 && pasted->auth_data.size() >= 37 && pasted->auth_data.size() <= 256);
    demand(!pasted->signature.empty());
  }
  return 0;
}

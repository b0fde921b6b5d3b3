// SPDX-License-Identifier: Apache-2.0
// Any text at all as a .pub file, and as SSH_AUTH_INFO_0. What is taken is one spelling, and read again as itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "factors/sk_key.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto key = utmfa::read_sk_key(text)) {
    demand(*utmfa::read_sk_key(*key) == *key && key->size() <= 1024);
    demand(key->substr(0, 3) == "sk-" && key->find_first_of("\n\r\t") == key->npos);
  }
  const std::vector<std::string> keys = utmfa::verified_sk_keys(text);
  demand(keys.size() <= 8);
  for (const std::string& each : keys) demand(text.find("publickey " + each) != text.npos);
  return 0;
}

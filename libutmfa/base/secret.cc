// SPDX-License-Identifier: Apache-2.0
// Wiping and comparing of secret bytes. Nothing here may return early because of what the bytes are.
#include "base/secret.h"

#include <cstring>

namespace utmfa {

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

void Secret::wipe() {
  if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char different = 0;  // volatile, so that no compiler ends the loop at the first difference
  for (std::size_t i = 0; i < a.size(); ++i) {
    different = static_cast<unsigned char>(different | (a[i] ^ b[i]));
  }
  return different == 0;
}

void wipe(std::string& text) {
  text.resize(text.capacity());  // what a longer value left behind goes too
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace utmfa

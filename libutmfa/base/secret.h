// SPDX-License-Identifier: Apache-2.0
// Bytes that are wiped when they go: keys, seeds, answers. Move-only, so that a copy is always a visible clone().
// A Secret cannot be printed, logged or compared with ==; equal() takes the same time whatever differs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace utmfa {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(std::size_t size) : bytes_(size) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  Secret clone() const { return Secret(view()); }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  char* data() { return bytes_.data(); }
  const unsigned char* bytes() const { return reinterpret_cast<const unsigned char*>(bytes_.data()); }
  unsigned char* bytes() { return reinterpret_cast<unsigned char*>(bytes_.data()); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  void wipe();

 private:
  std::vector<char> bytes_;
};

// Constant time for equal lengths; the lengths themselves are not secret.
bool equal(std::string_view a, std::string_view b);
void wipe(std::string& text);

}  // namespace utmfa

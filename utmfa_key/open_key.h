// SPDX-License-Identifier: Apache-2.0
// One key, opened for as long as this lives, and what it says of itself.
#pragma once

#include <fido.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/key.h"

namespace utmfa {

template <auto function>
struct Freed {
  template <typename T>
  void operator()(T* held) const {
    function(&held);
  }
};
using Assertion = std::unique_ptr<fido_assert_t, Freed<fido_assert_free>>;
using NewCredential = std::unique_ptr<fido_cred_t, Freed<fido_cred_free>>;

inline const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
inline std::string copied(const unsigned char* bytes, std::size_t size) {
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes), size);
}

class OpenKey {
 public:
  enum class State { open, busy, failed };
  explicit OpenKey(const std::string& path);
  ~OpenKey();
  OpenKey(const OpenKey&) = delete;
  OpenKey& operator=(const OpenKey&) = delete;

  State state() const { return state_; }
  fido_dev_t* device() const { return device_; }
  KeyNews about() const;  // whether a PIN is set and a finger is known
  // Nobody touches anything for it.
  bool has(const Credential& credential) const;
  // What libfido2 said, in our words. `waited` tells a key that was not touched from one that was pulled out.
  enum class Waited { whole_time, less };
  KeyNews ended(int code, Waited waited) const;

 private:
  fido_dev_t* device_ = nullptr;
  State state_ = State::failed;
};

std::vector<std::string> key_paths();

}  // namespace utmfa

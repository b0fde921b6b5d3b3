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

// libfido2 frees through the address of the pointer.
template <auto function>
struct FreedThrough {
  template <typename T>
  void operator()(T* held) const {
    function(&held);
  }
};
using Assertion = std::unique_ptr<fido_assert_t, FreedThrough<fido_assert_free>>;
using NewCredential = std::unique_ptr<fido_cred_t, FreedThrough<fido_cred_free>>;

inline const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
inline std::string copied(const unsigned char* bytes, std::size_t size) {
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes), size);
}

class OpenKey {
 public:
  explicit OpenKey(const std::string& path);
  ~OpenKey();
  OpenKey(const OpenKey&) = delete;
  OpenKey& operator=(const OpenKey&) = delete;

  bool opened() const { return opened_; }
  const KeyNews& fault() const { return fault_; }  // why it is not
  fido_dev_t* device() const { return device_; }
  KeyNews about() const;  // whether a PIN is set and a finger is known
  // done: it is here. foreign: it is not. Otherwise why that could not be seen. Nobody touches anything for it.
  KeyNews has(const Credential& credential) const;
  // What libfido2 said, in our words. `waited` tells a key that was not touched from one that does not answer.
  enum class Waited { whole_time, less };
  KeyNews ended(int code, Waited waited) const;

 private:
  KeyEnd lost(Waited waited) const;
  std::string path_;
  fido_dev_t* device_ = nullptr;
  bool opened_ = false;
  KeyNews fault_;
};

std::vector<std::string> key_paths();

}  // namespace utmfa

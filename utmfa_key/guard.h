// SPDX-License-Identifier: Apache-2.0
// A key that waits for a touch goes on waiting, and refuses everybody else, when the program that asked dies without a
// word. So somebody stands by who outlives it, knows the channel, and tells the key to stop.
#pragma once

#include <fido.h>
#include <sys/types.h>

#include "base/file.h"

namespace utmfa {

// For as long as it lives. U2F has nothing to be cancelled: the key forgets by itself within a second.
class Guard {
 public:
  explicit Guard(fido_dev_t* device);
  ~Guard();  // all is well: whoever stood by has ended when this returns
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Descriptor line_;
  pid_t pid_ = -1;
};

}  // namespace utmfa

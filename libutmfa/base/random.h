// SPDX-License-Identifier: Apache-2.0
// The Random port: bytes from the system's generator. An error is never replaced by weaker bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

class Random {
 public:
  virtual Result<Secret> bytes(std::size_t count) = 0;

 protected:
  ~Random() = default;
};

class SystemRandom final : public Random {
 public:
  Result<Secret> bytes(std::size_t count) override;
};

}  // namespace utmfa

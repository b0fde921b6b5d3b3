// SPDX-License-Identifier: Apache-2.0
// The security keys of this machine for root's own utilities: the program that talks to them, started for each question.
#pragma once

#include "config/config.h"
#include "device/key.h"

namespace utmfa {

class LocalKeys final : public SecurityKey {
 public:
  explicit LocalKeys(const FidoRules& rules) : rules_(rules) {}
  Result<KeyNews> ask(const KeyWish& wish) override;

 private:
  const FidoRules& rules_;
};

}  // namespace utmfa

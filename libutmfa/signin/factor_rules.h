// SPDX-License-Identifier: Apache-2.0
// What the configuration says to the factors, for everybody who opens a vault. Said once: a rule of a new kind that was
// forgotten in one of the programs would have its default there.
#pragma once

#include "config/config.h"
#include "factors/factor.h"

namespace utmfa {

inline FactorRules factor_rules(const Config& config) { return {config.totp_window, config.hotp_window}; }

}  // namespace utmfa

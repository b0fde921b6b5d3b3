// SPDX-License-Identifier: Apache-2.0
// The rows of the table in factor.cc, each defined in its kind's own file. Included by factors/ only.
#pragma once

#include "factors/factor.h"

namespace utmfa {

extern const Factor totp_factor;
extern const Factor hotp_factor;
extern const Factor recovery_factor;
extern const Factor phone_factor;
extern const Factor push_factor;
extern const Factor fido_factor;
extern const Factor pass_factor;

}  // namespace utmfa

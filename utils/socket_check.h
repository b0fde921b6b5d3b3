// SPDX-License-Identifier: Apache-2.0
// Whether a verifier answers on a socket, and not systemd alone, which takes connections for one that does not come up.
// Called by status, prometheus, the doctor and `service enable`.
#pragma once

#include <string>

#include "base/result.h"

namespace utmfa {

Status verifier_answers(const std::string& path);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Whether a verifier listens on a socket: connects and goes away without a word. Called by status and the doctor.
#pragma once

#include <string>

#include "base/result.h"

namespace utmfa {

Status somebody_listens(const std::string& path);

}  // namespace utmfa

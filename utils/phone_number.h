// SPDX-License-Identifier: Apache-2.0
// A telephone number as a person types it, made one of E.164. For utmfa-enroll alone: the library behind it is large,
// and the verifier takes nothing but the result.
#pragma once

#include <string>

#include "base/result.h"

namespace utmfa {

// "090-1234-5678" in region JP -> "+819012345678". What follows "ext." is no part of it.
Result<std::string> telephone_number(const std::string& text, const std::string& region);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// JSON to standard output. Called by every verb that lists.
#pragma once

#include "setup/json.h"

namespace utmfa {

Status print(const Json& json);

}  // namespace utmfa

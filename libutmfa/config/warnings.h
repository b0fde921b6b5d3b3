// SPDX-License-Identifier: Apache-2.0
// What a configuration says that cannot be meant: it parses, it is obeyed, and the administrator is told. For
// config.cc only.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace utmfa {

std::vector<std::string> warnings(const Config& config);

}  // namespace utmfa

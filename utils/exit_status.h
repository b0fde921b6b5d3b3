// SPDX-License-Identifier: Apache-2.0
// How an Error becomes words on standard error and the exit status of a program; the same in all of them.
#pragma once

#include <string_view>

#include "base/result.h"

namespace utmfa {

enum Exit { exit_done = 0, exit_refused = 1, exit_usage = 2, exit_unavailable = 3 };
int exit_status(std::string_view program, const Status& status);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Which machine this is, and whether whoever runs the program sits at it.
#pragma once

#include <string>

#include "policy/plan.h"

namespace utmfa {

std::string machine_name();
std::string ssh_connection();  // "" = not by ssh, as far as the environment tells
Origin origin_of_session();

}  // namespace utmfa

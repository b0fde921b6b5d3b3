// SPDX-License-Identifier: Apache-2.0
// What well-known services are whatever `default` says of the rest: sshd closes the door past the question, what runs
// without a person asks nobody, and a screen locker with one field is known to have one. For config.cc, and for the doctor,
// who does not look for their PAM files; a section of the file comes after this and can say otherwise.
#pragma once

#include <string_view>

#include "config/config.h"

namespace utmfa {

bool is_built_in(std::string_view name);
// As `inherited`, with what is built in for that name.
Service built_in_service(std::string_view name, const Service& inherited);
// The services that are there whatever the file says.
void add_built_in(Config& config);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// How one person's registration is shown, as text and as JSON. Called by utmfa-enroll list and utmfa-admin show.
#pragma once

#include <string>
#include <vector>

#include "desk.h"
#include "json.h"

namespace utmfa {

Json json_of(const Registered& registered, Time now);
std::vector<std::string> listed(const Registered& registered, Time now);
std::string moment(Time time, Time now);  // "today 09:12", "2026-11-22"

}  // namespace utmfa

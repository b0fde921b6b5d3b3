// SPDX-License-Identifier: Apache-2.0
// How one person's registration is shown, as text and as JSON. Called by the acts of setup/ and by utmfa-admin show.
#pragma once

#include <string>
#include <vector>

#include "setup/json.h"
#include "setup/setup.h"

namespace utmfa {

Json json_of(const Registered& registered, Time now);
// `command` is how this person's utmfa-enroll is called.
std::vector<std::string> listed(const Registered& registered, const std::string& command, Time now);
std::string shown_status(Registration status);
std::string shown_kind(std::string_view kind);  // in people's words
std::string moment(Time time, Time now);        // "today 09:12", "2026-11-22"

}  // namespace utmfa

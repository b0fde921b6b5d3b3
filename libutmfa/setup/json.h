// SPDX-License-Identifier: Apache-2.0
// JSON of the utilities and of a person's own acts: keys stay in the order in which they were said, text that is not
// UTF-8 is replaced and never ends the program. Called by every verb that lists.
#pragma once

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace utmfa {

using Json = nlohmann::ordered_json;

Result<std::string> printed(const Json& json);
Json json_time(Time time);              // null where it never happened
Json json_text(std::string_view text);  // null where it is empty

}  // namespace utmfa

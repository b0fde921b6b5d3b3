// SPDX-License-Identifier: Apache-2.0
// The one place where JSON is written; the library's exceptions end here.
#include "setup/json.h"

namespace utmfa {

Result<std::string> printed(const Json& json) {
  try {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
  } catch (const std::exception& error) {
    return Error{Code::internal, std::string("JSON: ") + error.what()};
  }
}

Json json_time(Time time) { return time == 0 ? Json(nullptr) : Json(iso_time(time)); }

Json json_text(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace utmfa

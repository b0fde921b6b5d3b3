// SPDX-License-Identifier: Apache-2.0
// Printed whole or not at all.
#include "json.h"

#include "terminal.h"

namespace utmfa {

Status print(const Json& json) {
  const Result<std::string> text = printed(json);
  if (!text) return text.error();
  show(*text);
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The one place where errno becomes words. strerrordesc_np gives the untranslated text, so that a log reads the
// same whatever locale the program runs in.
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace utmfa {

Error os_error(const std::string& subject, const std::string& what) {
  const int number = errno;
  const char* reason = strerrordesc_np(number);
  return {Code::os, subject + ": " + what + ": " + (reason ? reason : "error " + std::to_string(number))};
}

}  // namespace utmfa

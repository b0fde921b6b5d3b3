// SPDX-License-Identifier: Apache-2.0
#include "where.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

namespace utmfa {

std::string machine_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return cleaned(name, sizeof name);
}

std::string ssh_connection() {
  const char* value = secure_getenv("SSH_CONNECTION");
  return value == nullptr ? std::string() : cleaned(value, 255);
}

Origin origin_of_session() { return origin_of({}, {}, ssh_connection()); }

}  // namespace utmfa

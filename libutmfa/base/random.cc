// SPDX-License-Identifier: Apache-2.0
// getrandom(2): blocks until the kernel's generator is seeded, then cannot run dry.
#include "base/random.h"

#include <sys/random.h>
#include <cerrno>

namespace utmfa {

Result<Secret> SystemRandom::bytes(std::size_t count) {
  Secret secret(count);
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = getrandom(secret.bytes() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return os_error("random", "cannot read the system's random source");
    have += static_cast<std::size_t>(got);
  }
  return secret;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Runs the tests of one program, with the argument `nobody` as a user without any privilege.
#include <grp.h>
#include <unistd.h>

#include <cstring>

#include "tests.h"

int main(int count, char** words) {
  constexpr int skipped = 77;
  constexpr unsigned nobody = 65534;
  if (count == 2 && std::strcmp(words[1], "nobody") == 0) {
    if (geteuid() != 0) return skipped;
    if (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0) return 1;
  }
  return all_tests();
}

// SPDX-License-Identifier: Apache-2.0
// What stands between us and a program of somebody else's: a child of ours that starts the program, ends it with all
// that it started when we say so or are gone, and tells how it ended. For run.cc only.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <vector>

#include "gateway/run.h"

namespace utmfa {

// Made before fork(): after it nothing may be allocated, because other threads may have held a lock then.
struct Prepared {
  const char* path = nullptr;
  std::vector<char*> words, environment;  // null at their end
  const Whom* whom = nullptr;             // null: stay who we are
  struct Limit {
    __rlimit_resource_t what;
    rlim_t most;
  };
  std::vector<Limit> limits;
  int input = -1, output = -1, complaint = -1, report = -1, control = -1;  // all above 9
};

// How the program ended, over the control socket.
struct Ended {
  int code = 0;  // CLD_EXITED and others, as waitid(2) has it
  int number = 0;
};

// In the child: never returns. `report` gets the errno of a program that could not be started, or is closed.
[[noreturn]] void mind(const Prepared& prepared);

}  // namespace utmfa

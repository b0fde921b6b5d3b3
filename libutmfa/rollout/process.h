// SPDX-License-Identifier: Apache-2.0
// Processes and time as the kernel counts them, by which a sign-in is known to have begun after a change: a process is
// its number and its start, and no clock that somebody could set is asked. Used by the broker and by utmfa-admin.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace utmfa {

struct Process {
  pid_t id = 0;
  std::int64_t started = 0;  // milliseconds since the machine was started, rounded down to the kernel's tick
  pid_t parent = 0;

  friend bool operator==(const Process& a, const Process& b) { return a.id == b.id && a.started == b.started; }
};

Result<Process> process(pid_t id);
// Whether it began at this moment (milliseconds since the machine was started) or later. One that began in the same tick of
// the kernel counts: its start is rounded down, and must not look older.
bool began_after(const Process& process, std::int64_t moment);
// The process and all above it, the nearest first, as far as they can be told.
std::vector<Process> with_ancestors(pid_t id);

std::int64_t since_boot();  // milliseconds, suspended time with them
Result<std::string> boot_id();

}  // namespace utmfa

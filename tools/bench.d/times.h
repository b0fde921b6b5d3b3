// SPDX-License-Identifier: Apache-2.0
// What login tells runner about one sign-in, in nanoseconds of the monotonic clock.
#pragma once

struct times {
  long long start;   // before pam_start
  long long prompt;  // the first question; 0 = none was asked
  long long end;     // after pam_end
};

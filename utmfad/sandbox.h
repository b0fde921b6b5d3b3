// SPDX-License-Identifier: Apache-2.0
// What the verifier's processes take away from themselves, in two steps because user names are looked up in between:
// leave_root() once, in the nursery that all sign-in processes are forked from (user utmfa, a list of system calls, no
// writing, no programs), and close_world() in each of them as soon as it holds its record (no new descriptor of any
// kind, no process, no file system). Nothing of it can be taken back.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace utmfa {

struct SandboxUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

enum class Landlock { present, absent };

Result<SandboxUser> sandbox_user(const std::string& name);
Landlock landlock_of_kernel();
Status leave_root(const SandboxUser& user);
Status close_world();

// The broker's own part: no core dumps, a small bounding set of capabilities.
Status drop_capabilities();

}  // namespace utmfa

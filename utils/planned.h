// SPDX-License-Identifier: Apache-2.0
// The plan that a sign-in of somebody would get now, from the same files and by the same function as the verifier's.
// Called by explain, and before a service is switched on for people who might be locked out.
#pragma once

#include <string>

#include "desk.h"
#include "policy/plan.h"
#include "vault/file_vault.h"

namespace utmfa {

struct Planned {
  SignIn who;
  MethodFile file;
  Account account;
  Plan plan;
};

// Groups are looked up here; the rest of `who` is as given.
Result<Planned> planned(Desk& desk, SignIn who);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// One change of one person's registration, while the lock of his state is held: the method file first and the state
// after it, so that a cut between the two never forgets what was used; the first registration of all the other way
// round, so that no method file ever stands without a state. Used by both registrars and by batches.
#pragma once

#include <functional>
#include <optional>

#include "setup/registrar.h"

namespace utmfa {

struct LockedPlace {
  const std::string& user;
  StateFile& state;                                   // locked, and read
  std::function<Status(std::string_view text)> save;  // of the method file; "" takes it away
};

MethodFile nobody(const std::string& user);

// `before`: absent = there is no method file. `state`: what reading it under the lock gave.
Status change_locked(const LockedPlace& place, const std::optional<MethodFile>& before, Result<State> state,
                     const Edit& edit);

}  // namespace utmfa

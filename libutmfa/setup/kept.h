// SPDX-License-Identifier: Apache-2.0
// What reset, terminate and remove took away, in kept/: the method file as it was, and beside it the state, so that what
// comes back brings no used code with it. Copies older than registration.keep go. Called by the desk's verbs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "setup/setup.h"

namespace utmfa {

struct Kept {
  std::string id;  // "1764547200.reset.1"
  Time when = 0;
  std::string why;  // reset, terminate, remove
  MethodFile file;
  std::optional<State> state;  // absent: whoever kept it could not read it, and everything counts as used
};

// Inside the change that takes something away, so that nothing is used between the copy and the change.
Status keep(const Directories& directories, const Registered& registered, std::string_view why, Time now);

// The newest first. `problems`: copies that cannot be read.
Result<std::vector<Kept>> kept_of(const Directories& directories, const std::string& user,
                                  std::vector<std::string>& problems);

// Copies made before `oldest` go; how many went.
Result<int> prune_kept(const Directories& directories, Time oldest);

struct Restoring {
  const std::vector<Kept>& all;  // every copy of this person: what is newer tells what was used since
  const UserKeys& keys;
  Random& random;
  FactorRules rules;
  Time now = 0;
};
struct Restored {
  std::vector<std::string> back;   // ids
  std::vector<std::string> spent;  // of these, those that have to be registered again or have no codes left
};
// Everything of the copy that is not there comes back; the person's status with it where he has none, or had ended.
Result<Restored> restore(Registered& registered, const Kept& copy, const Restoring& with);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Who was let in at a service while a change of it waits to be confirmed: the broker notes the process that asked and
// the one above it (sshd asks from a process of its own), and `utmfa-admin service confirm` looks whether it runs below
// one of them. Nothing is written where no change waits, and nobody is let in or kept out by any of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rollout/process.h"

namespace utmfa {

struct Witness {
  std::string user;
  Process asked, above;
};

// Below the data directory: changes that wait, and what was seen since.
std::string rollout_directory(const std::string& data);
std::string pending_name(std::string_view service);  // of the file that says that a change waits
std::string witness_name(std::string_view service);

struct Asker {
  Process asked, above;
};
// Looked at while it waits for its answer, with which sshd's own process ends. Absent where no change of any service waits.
std::optional<Asker> asker_of_now(const std::string& data, pid_t asked);
// Done as well where no change of that service waits.
Status bear_witness(const std::string& data, const std::string& service, const std::string& user, const Asker& asker);
Result<std::vector<Witness>> witnesses(const std::string& data, const std::string& service);

}  // namespace utmfa

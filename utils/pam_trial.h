// SPDX-License-Identifier: Apache-2.0
// A real sign-in through PAM, with the conversation on this terminal: the same module, verifier and dialogue that sshd
// will use. Called to test methods; decides nothing.
#pragma once

#include <string>

#include "base/result.h"

namespace utmfa {

struct Trial {
  std::string service, user;
  std::string prefer;     // method to be asked first; "" = the default
  std::string directory;  // of PAM services; "" = the system's
};

// Done: PAM granted it. Refused: it did not, or the person stopped. Unavailable: it could not be tried.
Status try_sign_in(const Trial& trial);

}  // namespace utmfa

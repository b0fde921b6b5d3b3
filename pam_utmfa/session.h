// SPDX-License-Identifier: Apache-2.0
// A verifier of our own, for root where none listens (a container, a rescue shell): `PROGRAM --session` with the line
// as descriptor 3. Called by the line only. The host must not notice: no SIGCHLD, no child left to wait for.
#pragma once

namespace utmfa {

// False with errno set: the program is not one that only root can change, or it could not be started.
bool start_verifier(const char* program, int line);

}  // namespace utmfa

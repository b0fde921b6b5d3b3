// SPDX-License-Identifier: Apache-2.0
// The nursery: a process of its own image, without keys and without rights, that forks a sign-in process whenever the
// broker asks for one. What all of them need is done here once: libraries initialised, catalogues read, root left, the
// system-call filter loaded. It holds the listening sockets and its channel to the broker, nothing else.
#pragma once

#include "listening.h"
#include "settings.h"

namespace utmfa {

// For the broker: starts the nursery (this program anew, utmfad --nursery) and returns the channel to it.
struct NurseryStart {
  Descriptor channel;
  pid_t pid = -1;
};
Result<NurseryStart> start_nursery(const Settings& settings, const Listening& listening, const Descriptor& connection);

// In the nursery: channel, root's and everybody's socket (or a connection in place of root's) stand at 3, 4 and 5.
// Serves until the broker closes the channel and every process forked here has ended.
int nursery(const Settings& settings);

}  // namespace utmfa

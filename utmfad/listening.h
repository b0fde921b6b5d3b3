// SPDX-License-Identifier: Apache-2.0
// The two sockets: handed over by systemd (LISTEN_FDS), or bound here. root.sock is for root's programs, user.sock for
// everybody else.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace utmfa {

struct Listening {
  Descriptor root, user;
  Descriptor lock;      // held while we own sockets that we bound
  std::string run_dir;  // "" = not ours to remove
};

Result<Listening> open_sockets(const std::string& run_dir);
void remove_sockets(const Listening& listening);

// sd_notify(3), as its manual describes the protocol; nothing happens without NOTIFY_SOCKET.
void notify(const char* state);

}  // namespace utmfa

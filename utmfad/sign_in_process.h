// SPDX-License-Identifier: Apache-2.0
// The process that decides one sign-in. It is forked by the nursery, without rights, before anyone comes; it learns who
// asks, gets one person's record from the broker and closes the world to itself; then it judges, and ends. It never
// returns.
#pragma once

#include <sys/types.h>

#include "peer.h"
#include "record.h"
#include "settings.h"

namespace utmfa {

struct SignInProcess {
  ConfigFile& config;
  const Seen& name_service;  // nsswitch.conf, as it was when what it names was loaded
  pid_t nursery;             // whose child this is
  Descriptor channel;        // to the broker
  Descriptor listening;      // where to accept; closed when `connection` is given
  Descriptor connection;     // --session: already connected
  Peer peer = {};            // who came, by the kernel's word
};

[[noreturn]] void decide_one_sign_in(SignInProcess process);

}  // namespace utmfa

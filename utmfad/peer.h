// SPDX-License-Identifier: Apache-2.0
// Who stands at the other end of a connection, by the kernel's word alone. Used by the broker on descriptors that come
// from sign-in processes, which it does not believe.
#pragma once

#include <sys/types.h>

#include "base/file.h"

namespace utmfa {

// Refused unless `connection` is one that was accepted at the listening socket `door`. A listening socket itself would
// tell the uid that called listen(), root, and any other socket whoever made it.
Status came_in_at(const Descriptor& door, const Descriptor& connection);

// Refused unless it is a connection at all: for a sign-in whose connection was there from the start.
Status is_connection(const Descriptor& connection);

struct Peer {
  uid_t uid = 0;
  pid_t pid = 0;
};
Result<Peer> peer_of(const Descriptor& connection);
Result<uid_t> peer_uid(const Descriptor& connection);

}  // namespace utmfa

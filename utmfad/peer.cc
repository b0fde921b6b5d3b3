// SPDX-License-Identifier: Apache-2.0
// SO_ACCEPTCONN, getsockname(2) and SO_PEERCRED of unix(7).
#include "peer.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace utmfa {
namespace {

std::string socket_name(int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return std::string(reinterpret_cast<const char*>(&address), size);
}

}  // namespace

Status is_connection(const Descriptor& connection) {
  int listens = 1;
  socklen_t size = sizeof listens;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens != 0)
    return Error{Code::refused, "open: not a connection"};
  return Done{};
}

Status came_in_at(const Descriptor& door, const Descriptor& connection) {
  if (Status is = is_connection(connection); !is) return is;
  const std::string name = socket_name(connection.get());
  if (name.empty() || name != socket_name(door.get()))
    return Error{Code::refused, "open: the connection came in at another door"};
  return Done{};
}

Result<uid_t> peer_uid(const Descriptor& connection) {
  const Result<Peer> peer = peer_of(connection);
  if (!peer) return peer.error();
  return peer->uid;
}

Result<Peer> peer_of(const Descriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return os_error("connection", "SO_PEERCRED");
  return Peer{peer.uid, peer.pid};
}

}  // namespace utmfa

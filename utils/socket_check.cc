// SPDX-License-Identifier: Apache-2.0
// One connection that says nothing.
#include "socket_check.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {

Status somebody_listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{Code::invalid, path + ": is too long for a socket"};
  path.copy(address.sun_path, path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return os_error(path, "no socket can be made");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_error(path, "cannot be reached");
  return Done{};
}

}  // namespace utmfa

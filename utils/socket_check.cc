// SPDX-License-Identifier: Apache-2.0
// One connection at which it is said at once that nothing will be said: who accepts it ends it.
#include "socket_check.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr int longest_answer = 5;  // seconds: systemd may have to start it first

Status ended_by_the_other(int socket, const std::string& path) {
  if (shutdown(socket, SHUT_WR) != 0) return os_error(path, "cannot be reached");
  pollfd line{socket, POLLIN, 0};
  int ready;
  do ready = poll(&line, 1, longest_answer * 1000);
  while (ready < 0 && errno == EINTR);
  if (ready == 0)
    return Error{Code::unavailable, path + ": took a connection, and did not answer within " +
                                        std::to_string(longest_answer) + " seconds"};
  char nothing;
  if (ready < 0 || recv(socket, &nothing, sizeof nothing, 0) < 0) return os_error(path, "cannot be reached");
  return Done{};
}

}  // namespace

Status verifier_answers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{Code::invalid, path + ": is too long for a socket"};
  path.copy(address.sun_path, path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return os_error(path, "no socket can be made");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_error(path, "cannot be reached");
  return ended_by_the_other(socket.get(), path);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Connects, sends and receives. Nothing of the host may change: no signal is raised, descriptors 0 to 2 stay as they
// are (a host may have closed them), and ours are closed on exec.
#include "line.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "session.h"

namespace utmfa {
namespace {

long long monotonic_milliseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

}  // namespace

Line::~Line() {
  if (fd_ >= 0) close(fd_);
}

bool Line::open(const Arguments& arguments) {
  const bool root = geteuid() == 0;
  if (connect_to(arguments, root ? "/root.sock" : "/user.sock")) return true;
  if (!root || !arguments.verifier || (errno != ENOENT && errno != ECONNREFUSED)) return false;
  return start_session(arguments);
}

// Descriptors 0 to 2 belong to the host even when they are closed: what it writes there must not reach the verifier.
bool Line::take(int fd, unsigned timeout) {
  fd_ = fd;
  timeout_ = timeout;
  if (fd >= 0 && fd <= STDERR_FILENO) {
    fd_ = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
  }
  const timeval longest = {static_cast<time_t>(timeout), 0};
  return fd_ >= 0 && setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest) == 0 &&
         setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0;
}

bool Line::connect_to(const Arguments& arguments, std::string_view name) {
  sockaddr_un address;
  address.sun_family = AF_UNIX;
  static_assert(longest_run_dir + sizeof "/root.sock" <= sizeof address.sun_path);
  std::memcpy(address.sun_path, arguments.run_dir.data(), arguments.run_dir.size());
  std::memcpy(address.sun_path + arguments.run_dir.size(), name.data(), name.size());
  address.sun_path[arguments.run_dir.size() + name.size()] = '\0';
  if (!take(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), arguments.timeout)) return false;
  int done;
  do done = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (done != 0 && errno == EINTR);
  return done == 0;
}

bool Line::start_session(const Arguments& arguments) {
  close(fd_);
  fd_ = -1;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const bool started = start_verifier(arguments.verifier, ends[1]);
  const int reason = errno;
  close(ends[1]);
  const bool taken = take(ends[0], arguments.timeout);
  if (!started) errno = reason;
  return started && taken;
}

bool Line::send(const wire::Writer& frame) const {
  if (!frame.fits()) return false;
  const std::string_view bytes = frame.frame();
  ssize_t sent;
  do sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

// A host whose timer interrupts us again and again must not wait for ever: no second wait starts after the limit.
// ECONNRESET is said once, before what a verifier left behind that closed without having read our last frame.
std::string_view Line::receive() {
  const long long start = monotonic_milliseconds();
  ssize_t got;
  do got = recv(fd_, bytes_, sizeof bytes_, MSG_TRUNC);
  while (got < 0 && (errno == EINTR || errno == ECONNRESET) && monotonic_milliseconds() - start < timeout_ * 1000LL);
  if (got <= 0 || static_cast<std::size_t>(got) > sizeof bytes_) return {};
  return {bytes_, static_cast<std::size_t>(got)};
}

const char* Line::c_string(std::string_view text) {
  char* start = bytes_ + (text.data() - bytes_);
  if (std::memchr(start, '\0', text.size())) return nullptr;
  start[text.size()] = '\0';
  return start;
}

}  // namespace utmfa

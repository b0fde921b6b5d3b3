// SPDX-License-Identifier: Apache-2.0
// Activation by systemd (sd_listen_fds(3): descriptors from 3 on, names in LISTEN_FDNAMES) and our own binding.
#include "listening.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr int backlog = 512;

Status named(Listening& listening, std::string_view socket_name, int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (socket_name == "root")
    listening.root = Descriptor(fd);
  else if (socket_name == "user")
    listening.user = Descriptor(fd);
  else
    return Error{Code::invalid, "LISTEN_FDNAMES: unexpected socket: expected root and user (FileDescriptorName=)"};
  return Done{};
}

Result<Listening> activated(std::string_view count_text) {
  const auto count = number(count_text, 1, 2);
  const char* names = secure_getenv("LISTEN_FDNAMES");
  if (!count || names == nullptr) return Error{Code::invalid, "LISTEN_FDS: expected two sockets with LISTEN_FDNAMES"};
  Listening listening;
  int fd = 3;
  for (std::string_view each : split(names, ':'))
    if (Status taken = named(listening, each, fd++); !taken) return taken.error();
  if (!listening.root) return Error{Code::invalid, "LISTEN_FDNAMES: root: missing"};
  return listening;
}

Result<Descriptor> bound(const std::string& path, mode_t mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{Code::invalid, path + ": too long for a socket"};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  Descriptor fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return os_error(path, "socket");
  (void)unlink(path.c_str());  // left over: the lock says that nobody serves it
  const mode_t before = umask(0777 & ~mode);
  const int done = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (done != 0) return os_error(path, "bind");
  if (listen(fd.get(), backlog) != 0) return os_error(path, "listen");
  return fd;
}

}  // namespace

Result<Listening> open_sockets(const std::string& run_dir) {
  const char* pid = secure_getenv("LISTEN_PID");
  const char* count = secure_getenv("LISTEN_FDS");
  if (pid != nullptr && count != nullptr && number(pid, 1, 1 << 30) == getpid()) return activated(count);
  Listening listening;
  if (Status made = make_directory(run_dir, 0755); !made) return made.error();
  listening.lock = Descriptor(open((run_dir + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!listening.lock) return os_error(run_dir + "/lock", "open");
  if (flock(listening.lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{Code::conflict, run_dir + ": another utmfad serves these sockets"};
  Result<Descriptor> root = bound(run_dir + "/root.sock", 0600);
  if (!root) return root.error();
  Result<Descriptor> user = bound(run_dir + "/user.sock", 0666);
  if (!user) return user.error();
  listening.root = std::move(*root);
  listening.user = std::move(*user);
  listening.run_dir = run_dir;
  return listening;
}

void remove_sockets(const Listening& listening) {
  if (listening.run_dir.empty()) return;
  (void)unlink((listening.run_dir + "/root.sock").c_str());
  (void)unlink((listening.run_dir + "/user.sock").c_str());
}

void notify(const char* state) {
  const char* path = secure_getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';
  const Descriptor fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  (void)sendto(fd.get(), state, std::strlen(state), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Which descriptors pass for a connection at a door, and which do not: a sign-in process that was taken over will try.
#include "../../utmfad/peer.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "support/check.h"

namespace utmfa {
namespace {

// Two doors in a directory of their own, as the broker has them.
struct Doors {
  std::string directory;
  Descriptor root, user;

  Doors() {
    char pattern[] = "/tmp/utmfa-peer-XXXXXX";
    directory = mkdtemp(pattern);
    root = listening("root.sock");
    user = listening("user.sock");
  }
  ~Doors() {
    (void)unlink((directory + "/root.sock").c_str());
    (void)unlink((directory + "/user.sock").c_str());
    (void)rmdir(directory.c_str());
  }
  sockaddr_un address(const char* name) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const std::string path = directory + "/" + name;
    std::memcpy(to.sun_path, path.c_str(), path.size());
    return to;
  }
  Descriptor listening(const char* name) const {
    const sockaddr_un to = address(name);
    Descriptor fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    assert_int_equal(bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    assert_int_equal(listen(fd.get(), 8), 0);
    return fd;
  }
  Descriptor called(const char* name) const {
    const sockaddr_un to = address(name);
    Descriptor fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    assert_int_equal(connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return fd;
  }
};

Descriptor accepted(const Descriptor& door) { return Descriptor(accept4(door.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

void a_connection_passes_at_its_own_door(void**) {
  const Doors doors;
  const Descriptor caller = doors.called("user.sock");
  const Descriptor connection = accepted(doors.user);
  assert_true(static_cast<bool>(came_in_at(doors.user, connection)));
  assert_true(static_cast<bool>(is_connection(connection)));
  const Result<uid_t> peer = peer_uid(connection);
  assert_true(static_cast<bool>(peer));
  assert_int_equal(*peer, geteuid());
  assert_false(static_cast<bool>(came_in_at(doors.root, connection)));
}

void nothing_else_passes(void**) {
  const Doors doors;
  const Descriptor caller = doors.called("user.sock");
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const Descriptor one(ends[0]), other(ends[1]);
  const Descriptor file(dup(STDERR_FILENO));
  assert_false(static_cast<bool>(came_in_at(doors.user, doors.user)));  // it listens: its peer would be who listens
  assert_false(static_cast<bool>(is_connection(doors.user)));
  assert_false(static_cast<bool>(came_in_at(doors.user, caller)));  // the caller's own end
  assert_false(static_cast<bool>(came_in_at(doors.user, one)));
  assert_false(static_cast<bool>(came_in_at(doors.user, file)));
  assert_false(static_cast<bool>(came_in_at(doors.user, Descriptor())));
  assert_false(static_cast<bool>(is_connection(Descriptor())));
  assert_false(static_cast<bool>(peer_uid(file)));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_connection_passes_at_its_own_door),
      cmocka_unit_test(utmfa::nothing_else_passes),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

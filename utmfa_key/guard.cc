// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace utmfa {
namespace {

constexpr int line_at = 3;  // of the program: the guard must not keep it open

// A byte: all is well. The end of the line without one: the talker is dead, and what it asked still stands.
[[noreturn]] void stand_by(int line, fido_dev_t* device) {
  (void)prctl(PR_SET_NAME, "utmfa-key-guard");
  (void)close(line_at);
  char word;
  ssize_t got;
  do got = read(line, &word, 1);
  while (got < 0 && errno == EINTR);
  if (got == 0) (void)fido_dev_cancel(device);
  _exit(0);
}

}  // namespace

// Without one the key is asked all the same: it gives up by itself, later.
Guard::Guard(fido_dev_t* device) {
  int ends[2];
  if (!fido_dev_is_fido2(device) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  const Descriptor theirs(ends[0]);
  line_ = Descriptor(ends[1]);
  pid_ = fork();
  if (pid_ == 0) {
    line_ = Descriptor();
    stand_by(theirs.get(), device);
  }
}

Guard::~Guard() {
  if (pid_ < 0) return;
  (void)send(line_.get(), "", 1, MSG_NOSIGNAL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace utmfa

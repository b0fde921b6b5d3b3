// SPDX-License-Identifier: Apache-2.0
// Starting a program from inside somebody else's process. fork() would copy a large host and run its handlers, and
// posix_spawn() sends it SIGCHLD; so: clone() with shared memory, twice, the caller waiting until the program runs.
// The first child ends at once, so that the program belongs to init and there is nobody left for the host to reap.
#include "session.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

namespace utmfa {
namespace {

constexpr int line_in_program = 3;
constexpr int last_signal = 64;
constexpr int waited_for = CLONE_VM | CLONE_VFORK;  // with exit signal 0: the host hears nothing

struct Start {
  const char* program;
  int line;
  int failed;  // errno of the program's start
};

// Only root may be able to put a program here: each directory and the program itself, no symbolic links.
bool trusted(const char* program) {
  char path[PATH_MAX];
  const std::size_t length = std::strlen(program);
  if (length >= sizeof path) return false;
  std::memcpy(path, program, length + 1);
  for (char* end = path; end; end = std::strchr(end + 1, '/')) {
    if (end != path) *end = '\0';
    struct stat status;
    if (lstat(end == path ? "/" : path, &status) != 0) return false;
    const mode_t others_write = status.st_mode & S_ISVTX ? 0 : S_IWGRP | S_IWOTH;
    if (status.st_uid != 0 || (status.st_mode & others_write) != 0 || !S_ISDIR(status.st_mode)) {
      errno = EPERM;
      return false;
    }
    if (end != path) *end = '/';
  }
  struct stat status;
  if (lstat(path, &status) != 0) return false;
  const bool good = S_ISREG(status.st_mode) && status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (!good) errno = EPERM;
  return good;
}

// Raw system calls where libc keeps a state that we share with the host. A zeroed action is the default one.
void forget_the_host() {
  constexpr unsigned long nothing[8] = {};
  for (int number = 1; number <= last_signal; ++number) {
    syscall(SYS_rt_sigaction, number, nothing, nullptr, static_cast<std::size_t>(last_signal / CHAR_BIT));
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, nullptr, static_cast<std::size_t>(last_signal / CHAR_BIT));
  syscall(SYS_chdir, "/");
}

// su and its like have the caller's real uid: a verifier that he could signal would be his.
bool wholly_root() {
  return syscall(SYS_setgroups, 0, nullptr) == 0 && syscall(SYS_setresgid, 0, 0, 0) == 0 &&
         syscall(SYS_setresuid, 0, 0, 0) == 0;
}

bool only_the_line_is_open(int line) {
  if (dup2(line, line_in_program) < 0 || fcntl(line_in_program, F_SETFD, 0) != 0) return false;
  if (syscall(SYS_close_range, line_in_program + 1, ~0u, 0) != 0) return false;
  for (int fd = 0; fd < line_in_program; ++fd) close(fd);
  return open("/dev/null", O_RDWR) == 0 && dup2(0, 1) == 1 && dup2(0, 2) == 2;
}

int run(void* argument) {
  auto* start = static_cast<Start*>(argument);
  forget_the_host();
  if (only_the_line_is_open(start->line) && wholly_root()) {
    const char* const words[] = {start->program, "--session", nullptr};
    const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", nullptr};
    execve(start->program, const_cast<char* const*>(words), const_cast<char* const*>(environment));
  }
  start->failed = errno;
  _exit(1);
}

int leave_to_init(void* argument) {
  alignas(16) char stack[8192];
  auto* start = static_cast<Start*>(argument);
  if (clone(run, stack + sizeof stack, waited_for, start) < 0) start->failed = errno;
  _exit(0);
}

}  // namespace

bool start_verifier(const char* program, int line) {
  if (!trusted(program)) return false;
  sigset_t all, before;
  sigfillset(&all);
  // A handler of the host must not run in the child, which shares its memory.
  if (sigprocmask(SIG_SETMASK, &all, &before) != 0) return false;
  alignas(16) char stack[16384];
  Start start = {program, line, 0};
  const pid_t child = clone(leave_to_init, stack + sizeof stack, waited_for, &start);
  if (child < 0)
    start.failed = errno;
  else
    while (waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = start.failed;
  return start.failed == 0;
}

}  // namespace utmfa

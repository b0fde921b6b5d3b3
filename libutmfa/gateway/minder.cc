// SPDX-License-Identifier: Apache-2.0
// System calls only, between fork() and exec() and beside a program that runs. Nothing here can tell an error but by
// the report and by what the other end notices: that we are gone.
#include "gateway/minder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace utmfa {
namespace {

constexpr int most_sweeps = 1000;

void usual_signals() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int each = 1; each < NSIG; ++each) (void)sigaction(each, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool limited(const Prepared& prepared) {
  for (const Prepared::Limit& each : prepared.limits) {
    const rlimit limit{each.most, each.most};
    if (setrlimit(each.what, &limit) != 0) return false;
  }
  return true;
}

bool became(const Whom& whom) {
  return setgroups(0, nullptr) == 0 && setresgid(whom.gid, whom.gid, whom.gid) == 0 &&
         setresuid(whom.uid, whom.uid, whom.uid) == 0;
}

// From here on it is the program: in a session of its own, with three descriptors.
[[noreturn]] void start(const Prepared& prepared) {
  constexpr int report = 3;
  usual_signals();
  (void)umask(077);
  const bool ready = setsid() >= 0 && dup2(prepared.input, 0) == 0 && dup2(prepared.output, 1) == 1 &&
                     dup2(prepared.complaint, 2) == 2 && dup2(prepared.report, report) == report &&
                     fcntl(report, F_SETFD, FD_CLOEXEC) == 0 && close_range(4, ~0U, 0) == 0 && chdir("/") == 0 &&
                     limited(prepared) && (prepared.whom == nullptr || became(*prepared.whom)) &&
                     prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;  // forgotten when the user changes: so after it
  if (ready) (void)execve(prepared.path, prepared.words.data(), prepared.environment.data());
  const int why = errno;
  (void)!write(report, &why, sizeof why);
  _exit(127);
}

// What left the program's session came to us as its parents ended, so that nobody else can have taken these numbers.
void sweep() {
  for (int round = 0; round < most_sweeps; ++round) {
    char text[4096];
    const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (list < 0) return;  // a kernel without this list: only the session was ended
    const ssize_t size = read(list, text, sizeof text - 1);
    (void)close(list);
    if (size <= 0) return;
    pid_t pid = 0;
    for (ssize_t i = 0; i < size; ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        pid = pid * 10 + (text[i] - '0');
        continue;
      }
      if (pid > 1) (void)kill(pid, SIGKILL);
      if (pid > 1) (void)waitpid(pid, nullptr, 0);
      pid = 0;
    }
  }
}

}  // namespace

void mind(const Prepared& prepared) {
  sigset_t all;
  sigfillset(&all);
  (void)sigprocmask(SIG_SETMASK, &all, nullptr);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;  // whoever started us may ignore it, and then nothing could be waited for
  (void)sigaction(SIGCHLD, &usual, nullptr);
  if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) _exit(1);
  const pid_t program = fork();
  if (program == 0) start(prepared);
  if (program < 0) {
    const int why = errno;
    (void)!write(prepared.report, &why, sizeof why);
    _exit(1);
  }
  if (dup2(prepared.control, 0) != 0) _exit(1);
  (void)close_range(1, ~0U, 0);
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, program, 0));
  pollfd due[] = {{0, POLLIN, 0}, {handle, POLLIN, 0}};
  while (handle >= 0 && poll(due, 2, -1) < 0 && errno == EINTR) {
  }
  siginfo_t about{};
  if (due[1].revents == 0) (void)kill(program, SIGKILL);
  (void)waitid(P_PID, static_cast<id_t>(program), &about, WEXITED | WNOWAIT);
  (void)kill(-program, SIGKILL);  // before its number is free again
  (void)waitpid(program, nullptr, 0);
  const Ended ended{about.si_code, about.si_status};
  (void)send(0, &ended, sizeof ended, MSG_NOSIGNAL);
  sweep();
  _exit(0);
}

}  // namespace utmfa

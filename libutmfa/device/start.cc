// SPDX-License-Identifier: Apache-2.0
#include "device/start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "gateway/run.h"

namespace utmfa {
namespace {

constexpr int line_at = 3;

struct Person {
  uid_t uid;
  std::vector<gid_t> groups;  // the first is the primary one
};

// The groups too: a rule of udev may give the devices to one.
Result<std::optional<Person>> person_of(const std::string& name) {
  if (geteuid() != 0) return std::optional<Person>();
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr || entry->pw_uid == 0)
    return Error{Code::unavailable, "fido.user: there is no user " + name + " (systemd-sysusers makes it)"};
  Person person{entry->pw_uid, std::vector<gid_t>(64)};
  int count = static_cast<int>(person.groups.size());
  if (getgrouplist(name.c_str(), entry->pw_gid, person.groups.data(), &count) < 0)
    return Error{Code::unavailable, "fido.user: " + name + " is in too many groups"};
  person.groups.resize(static_cast<std::size_t>(count));
  return std::optional(std::move(person));
}

bool became(const Person& person) {
  const gid_t gid = person.groups.front();
  return setgroups(person.groups.size(), person.groups.data()) == 0 && setresgid(gid, gid, gid) == 0 &&
         setresuid(person.uid, person.uid, person.uid) == 0 && setuid(0) != 0;
}

// In the child. The memory is the parent's; nothing is allocated.
[[noreturn]] void become(const char* path, const std::optional<Person>& person, int line) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction fallback {};
  fallback.sa_handler = SIG_DFL;
  (void)sigaction(SIGCHLD, &fallback, nullptr);
  const int nowhere = open("/dev/null", O_RDWR);
  const int high = fcntl(line, F_DUPFD, 16);
  for (int fd = 0; fd < line_at; ++fd)
    if (nowhere < 0 || dup2(nowhere, fd) < 0) _exit(1);
  if (high < 0 || dup2(high, line_at) != line_at) _exit(1);
  close_range(line_at + 1, ~0U, 0);
  if (person && !became(*person)) _exit(1);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
  const char* const words[] = {"utmfa-key", nullptr};
  const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", nullptr};
  execve(path, const_cast<char* const*>(words), const_cast<char* const*>(environment));
  _exit(1);
}

}  // namespace

Result<Descriptor> start_key_program(const KeyProgram& program, std::string_view frame) {
  if (Status good = check_program(program.path); !good) return Error{Code::unavailable, good.error().what};
  const Result<std::optional<Person>> person = person_of(program.user);
  if (!person) return person.error();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os_error("utmfa-key", "socketpair");
  Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  // Before there is anybody to read it: a program that does not start leaves a closed line, and no signal.
  if (send(ours.get(), frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    return os_error("utmfa-key", "send");
  const pid_t pid = fork();
  if (pid < 0) return os_error("utmfa-key", "fork");
  if (pid == 0) become(program.path.c_str(), *person, theirs.get());
  return ours;
}

}  // namespace utmfa

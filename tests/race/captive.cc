// SPDX-License-Identifier: Apache-2.0
// captive PID ATTEMPT [DESCRIPTOR]: plays a sign-in process that was taken over. Stops the process, makes it do one system call of the
// table below with its own rights, and prints "ATTEMPT did RESULT" (negative: the errno it got) or "ATTEMPT killed
// SIGNAL". `captive` alone lists the attempts, first those that must work (they prove that the method does). Called by
// tests/race/confined.py. x86-64 only; exit status 77 elsewhere.
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#ifndef __x86_64__
int main() { return 77; }
#else
namespace {

struct Attempt {
  const char* name;
  bool allowed;  // it must work
  long call;
  const char* text;  // put into the captive's stack; its address replaces argument `at`
  int at;            // -1: no text
  bool parent;       // argument 0 (or 1 for ptrace) is the pid of its parent, the broker
  unsigned long long arguments[6];
};

const Attempt attempts[] = {
    {"clock", true, SYS_clock_gettime, "0123456789abcdef", 1, false, {0}},
    {"ask-broker-for-another", true, SYS_write, "1 open\nuser=6:hanako\nunknown=1:0\n", 1, false, {0, 0, 33}},
    {"own-record-lookup", false, SYS_openat, "/var/lib/utmfa/methods/taro.yaml", 1, false, {0xffffff9c}},
    {"other-record", false, SYS_openat, "/var/lib/utmfa/methods/hanako.yaml", 1, false, {0xffffff9c}},
    {"other-state-write", false, SYS_openat, "/var/lib/utmfa/state/hanako", 1, false, {0xffffff9c, 0, 2}},
    {"sealing-key", false, SYS_openat, "/etc/utmfa/keys/active", 1, false, {0xffffff9c}},
    {"public-file", false, SYS_openat, "/etc/passwd", 1, false, {0xffffff9c}},
    {"public-file-old-call", false, SYS_open, "/etc/passwd", 0, false, {0}},
    {"new-file", false, SYS_openat, "/tmp/captive", 1, false, {0xffffff9c, 0, 0101, 0600}},
    {"own-memory-file", false, SYS_openat, "/proc/self/mem", 1, false, {0xffffff9c, 0, 2}},
    {"unix-socket", false, SYS_socket, nullptr, -1, false, {1, 1, 0}},
    {"inet-socket", false, SYS_socket, nullptr, -1, false, {2, 1, 0}},
    {"netlink-socket", false, SYS_socket, nullptr, -1, false, {16, 3, 0}},
    {"program", false, SYS_execve, "/bin/true", 0, false, {0}},
    {"program-by-descriptor", false, SYS_execveat, "/bin/true", 1, false, {0xffffff9c}},
    {"fork", false, SYS_fork, nullptr, -1, false, {0}},
    {"thread", false, SYS_clone, nullptr, -1, false, {0x11}},
    {"signal-broker", false, SYS_kill, nullptr, -1, true, {0, 0}},
    {"trace-broker", false, SYS_ptrace, nullptr, -1, true, {16, 0}},
    {"be-root", false, SYS_setuid, nullptr, -1, false, {0}},
    {"be-dumpable", false, SYS_prctl, nullptr, -1, false, {4, 1}},
    {"namespace", false, SYS_unshare, nullptr, -1, false, {0x10000000}},
    {"mount", false, SYS_mount, "tmpfs", 0, false, {0}},
    {"ring", false, SYS_io_uring_setup, "0123456789abcdef0123456789abcdef", 1, false, {1}},
    {"program-filter", false, SYS_bpf, "0123456789abcdef", 1, false, {5, 0, 16}},
    {"remove-file", false, SYS_unlink, "/tmp/not-there", 0, false, {0}},
    {"code-page", false, SYS_mmap, nullptr, -1, false, {0, 4096, 7, 0x22, 0xffffffffffffffffULL, 0}},
};

int fail(const char* what) {
  std::perror(what);
  return 1;
}

const Attempt* attempt_named(std::string_view name) {
  for (const Attempt& each : attempts)
    if (name == each.name) return &each;
  return nullptr;
}

unsigned long long parent_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  char line[512] = {};
  const bool read = std::fgets(line, sizeof line, file) != nullptr;
  std::fclose(file);
  const char* after = read ? std::strrchr(line, ')') : nullptr;  // ") S PPID"
  return after != nullptr && std::strlen(after) > 4 ? std::strtoull(after + 4, nullptr, 10) : 0;
}

bool put_text(pid_t pid, unsigned long long at, const char* text) {
  for (std::size_t i = 0; i <= std::strlen(text); i += 8) {
    char word[8] = {};
    for (std::size_t j = 0; j < 8 && i + j < std::strlen(text); ++j) word[j] = text[i + j];
    long value = 0;
    std::memcpy(&value, word, sizeof value);
    if (ptrace(PTRACE_POKEDATA, pid, reinterpret_cast<void*>(at + i), reinterpret_cast<void*>(value)) != 0)
      return false;
  }
  return true;
}

// The captive stands behind the system call in which it waited: the instruction before is the one to use again.
user_regs_struct prepared(const Attempt& attempt, pid_t pid, const user_regs_struct& now, unsigned long long text_at) {
  unsigned long long arguments[6];
  std::memcpy(arguments, attempt.arguments, sizeof arguments);
  if (attempt.at >= 0) arguments[attempt.at] = text_at;
  if (attempt.parent) arguments[attempt.call == SYS_ptrace ? 1 : 0] = parent_of(pid);
  user_regs_struct regs = now;
  regs.rip = now.rip - 2;
  regs.orig_rax = ~0ULL;  // nothing to restart
  regs.rax = static_cast<unsigned long long>(attempt.call);
  regs.rdi = arguments[0];
  regs.rsi = arguments[1];
  regs.rdx = arguments[2];
  regs.r10 = arguments[3];
  regs.r8 = arguments[4];
  regs.r9 = arguments[5];
  return regs;
}

int report(const Attempt& attempt, pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, __WALL) != pid) return fail("waitpid");
  if (WIFSIGNALED(status) || (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSYS)) {
    std::printf("%s killed %d\n", attempt.name, WIFSIGNALED(status) ? WTERMSIG(status) : SIGSYS);
    return 0;
  }
  user_regs_struct regs{};
  if (!WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, pid, nullptr, &regs) != 0) return fail("no result");
  std::printf("%s did %lld\n", attempt.name, static_cast<long long>(regs.rax));
  return 0;
}

int hold(const Attempt& attempt, pid_t pid) {
  if (ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0) return fail("ptrace attach");
  int status = 0;
  if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) return fail("wait for the stop");
  user_regs_struct now{};
  if (ptrace(PTRACE_GETREGS, pid, nullptr, &now) != 0) return fail("registers");
  const long before = ptrace(PTRACE_PEEKTEXT, pid, reinterpret_cast<void*>(now.rip - 2), nullptr);
  if ((before & 0xffff) != 0x050f) {
    std::fputs("the process does not wait in a system call\n", stderr);
    return 1;
  }
  const unsigned long long text_at = (now.rsp - 1024) & ~15ULL;
  if (attempt.at >= 0 && !put_text(pid, text_at, attempt.text)) return fail("write to the stack");
  user_regs_struct regs = prepared(attempt, pid, now, text_at);
  if (ptrace(PTRACE_SETREGS, pid, nullptr, &regs) != 0) return fail("set registers");
  if (ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0) return fail("step");
  const int result = report(attempt, pid);
  kill(pid, SIGKILL);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Attempt& each : attempts) std::printf("%s %s\n", each.name, each.allowed ? "allowed" : "forbidden");
    return 0;
  }
  const Attempt* named = argc == 3 || argc == 4 ? attempt_named(argv[2]) : nullptr;
  const long pid = std::strtol(argv[1], nullptr, 10);
  if (named == nullptr || pid <= 1) return 2;
  Attempt attempt = *named;
  if (argc == 4) attempt.arguments[0] = std::strtoull(argv[3], nullptr, 10);
  return hold(attempt, static_cast<pid_t>(pid));
}
#endif

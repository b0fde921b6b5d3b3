// SPDX-License-Identifier: Apache-2.0
// User, capabilities, resource limits, Landlock and system-call filter of the verifier's processes.
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/file.h"

namespace utmfa {
namespace {

// What looking up a name, judging a code and talking over the sockets need. The calls that open or connect are for the
// name service; close_world() ends them by leaving no room for another descriptor.
constexpr int allowed[] = {SCMP_SYS(read),
                           SCMP_SYS(write),
                           SCMP_SYS(pread64),
                           SCMP_SYS(pwrite64),
                           SCMP_SYS(lseek),
                           SCMP_SYS(fdatasync),
                           SCMP_SYS(flock),
                           SCMP_SYS(fstat),
                           SCMP_SYS(newfstatat),
                           SCMP_SYS(statx),
                           SCMP_SYS(close),
                           SCMP_SYS(recvfrom),
                           SCMP_SYS(recvmsg),
                           SCMP_SYS(sendto),
                           SCMP_SYS(sendmsg),
                           SCMP_SYS(sendmmsg),
                           SCMP_SYS(poll),
                           SCMP_SYS(ppoll),
                           SCMP_SYS(accept4),
                           SCMP_SYS(socketpair),
                           SCMP_SYS(connect),
                           SCMP_SYS(getsockopt),
                           SCMP_SYS(setsockopt),
                           SCMP_SYS(getsockname),
                           SCMP_SYS(getpeername),
                           SCMP_SYS(access),
                           SCMP_SYS(faccessat),
                           SCMP_SYS(faccessat2),
                           SCMP_SYS(readlink),
                           SCMP_SYS(readlinkat),
                           SCMP_SYS(stat),
                           SCMP_SYS(lstat),
                           SCMP_SYS(getdents64),
                           SCMP_SYS(fstatfs),
                           SCMP_SYS(brk),
                           SCMP_SYS(munmap),
                           SCMP_SYS(mremap),
                           SCMP_SYS(madvise),
                           SCMP_SYS(futex),
                           SCMP_SYS(getrandom),
                           SCMP_SYS(getpid),
                           SCMP_SYS(gettid),
                           SCMP_SYS(getuid),
                           SCMP_SYS(geteuid),
                           SCMP_SYS(getgid),
                           SCMP_SYS(getegid),
                           SCMP_SYS(uname),
                           SCMP_SYS(clock_gettime),
                           SCMP_SYS(gettimeofday),
                           SCMP_SYS(clock_nanosleep),
                           SCMP_SYS(nanosleep),
                           SCMP_SYS(restart_syscall),
                           SCMP_SYS(rt_sigreturn),
                           SCMP_SYS(rt_sigprocmask),
                           SCMP_SYS(rt_sigaction),
                           SCMP_SYS(wait4),
                           SCMP_SYS(getppid),
                           SCMP_SYS(pidfd_open),
                           SCMP_SYS(alarm),
                           SCMP_SYS(set_robust_list),
                           SCMP_SYS(rseq),
                           SCMP_SYS(landlock_create_ruleset),
                           SCMP_SYS(landlock_restrict_self),
#ifdef __SANITIZE_ADDRESS__
                           SCMP_SYS(sigaltstack),  // asked by the sanitizer before a function that does not return
#endif
                           SCMP_SYS(exit),
                           SCMP_SYS(exit_group)};

// A process that tries these is not ours any more.
constexpr int deadly[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
                          SCMP_SYS(process_vm_writev)};

constexpr scmp_datum_t new_namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct Argument {
  int call;
  scmp_arg_cmp right;
};

Status add_rules(scmp_filter_ctx filter) {
  const Argument arguments[] = {
      // Memory yes, programs no: whatever has code was loaded before.
      {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
      {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
      {SCMP_SYS(open), {1, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}},
      {SCMP_SYS(openat), {2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}},
      // No F_SETOWN, F_SETSIG or O_ASYNC: they send signals to others.
      {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_GETFD, 0}},
      {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_SETFD, 0}},
      {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_GETFL, 0}},
      {SCMP_SYS(fcntl), {1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0}},
      // Processes yes, worlds of their own no; and only the kinds of sockets that a name service uses.
      {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, new_namespaces, 0}},
      {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_UNIX, 0}},
      {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET, 0}},
      {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET6, 0}},
      {SCMP_SYS(prlimit64), {0, SCMP_CMP_EQ, 0, 0}},
  };
  int failed = 0;
  for (const int each : allowed) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, each, 0);
  for (const int each : deadly) failed |= seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, each, 0);
  for (const Argument& each : arguments)
    failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, each.call, 1, &each.right);
  // Two conditions at once: the flags of a descriptor without O_ASYNC, routing's netlink, the one signal of prctl.
  const scmp_arg_cmp pairs[][2] = {
      {{1, SCMP_CMP_EQ, F_SETFL, 0}, {2, SCMP_CMP_MASKED_EQ, O_ASYNC, 0}},
      {{0, SCMP_CMP_EQ, AF_NETLINK, 0}, {2, SCMP_CMP_EQ, NETLINK_ROUTE, 0}},
      {{0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0}, {1, SCMP_CMP_EQ, SIGKILL, 0}},
  };
  failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2, pairs[0]);
  failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, pairs[1]);
  failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 2, pairs[2]);
  failed |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree instead of a long row
  if (failed != 0) return Error{Code::os, "seccomp: rule not accepted"};
  return Done{};
}

// What is not named fails with EPERM: a library that tries something else gets an error, not a kill.
Status load_filter() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return Error{Code::os, "seccomp: not available"};
  Status loaded = add_rules(filter);
  if (loaded && seccomp_load(filter) != 0) loaded = Error{Code::os, "seccomp: filter not loaded"};
  seccomp_release(filter);
  return loaded;
}

// Landlock ABI 1: everything that it can handle is denied but reading files and directories.
constexpr __u64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr __u64 handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

Status landlock(__u64 denied) {
  landlock_ruleset_attr rules{};
  rules.handled_access_fs = denied;
  const Descriptor ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0)));
  if (!ruleset) return os_error("landlock", "create");
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return os_error("landlock", "restrict");
  return Done{};
}

Status limit(int what, rlim_t most) {
  const rlimit value = {most, most};
  if (setrlimit(static_cast<__rlimit_resource>(what), &value) != 0) return os_error("sandbox", "setrlimit");
  return Done{};
}

}  // namespace

Result<SandboxUser> sandbox_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr || entry->pw_uid == 0)
    return Error{Code::not_found, "user " + name + ": missing: create the system user \"" + name +
                                      "\" (useradd --system --no-create-home --shell /usr/sbin/nologin " + name + ")"};
  return SandboxUser{entry->pw_uid, entry->pw_gid};
}

Landlock landlock_of_kernel() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi >= 1 ? Landlock::present : Landlock::absent;
}

Status leave_root(const SandboxUser& user) {
  if (setgroups(0, nullptr) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0)
    return os_error("sandbox", "leave root");
  if (setuid(0) == 0) return Error{Code::internal, "sandbox: root came back"};
  // Nobody outlives the broker: it could neither audit nor be counted.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return os_error("sandbox", "PR_SET_PDEATHSIG");
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return os_error("sandbox", "PR_SET_DUMPABLE");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_error("sandbox", "PR_SET_NO_NEW_PRIVS");
  if (Status set = limit(RLIMIT_FSIZE, 8192); !set) return set;
  if (landlock_of_kernel() == Landlock::present)
    if (Status denied = landlock(handled & ~reading); !denied) return denied;
  return load_filter();
}

// RLIMIT_NOFILE 0, as OpenSSH's rlimit sandbox has it: the descriptors that are open go on, no new one can be made.
Status close_world() {
  if (landlock_of_kernel() == Landlock::present)
    if (Status closed = landlock(handled); !closed) return closed;
  if (Status none = limit(RLIMIT_NPROC, 0); !none) return none;
  return limit(RLIMIT_NOFILE, 0);
}

Status drop_capabilities() {
  if (Status set = limit(RLIMIT_CORE, 0); !set) return set;
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return os_error("utmfad", "PR_SET_DUMPABLE");
  constexpr std::array<unsigned, 4> kept = {CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_CHOWN};
  __u32 mask = 0;
  for (const unsigned each : kept) mask |= 1U << each;
  for (int each = 0; prctl(PR_CAPBSET_READ, each) >= 0; ++each)
    if (each >= 32 || (mask & (1U << each)) == 0)
      if (prctl(PR_CAPBSET_DROP, each) != 0 && errno != EPERM) return os_error("utmfad", "PR_CAPBSET_DROP");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct have[2] = {};
  if (syscall(SYS_capget, &header, have) != 0) return os_error("utmfad", "capget");
  __user_cap_data_struct data[2] = {{have[0].permitted & mask, have[0].permitted & mask, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, data) != 0) return os_error("utmfad", "capset");
  return Done{};
}

}  // namespace utmfa

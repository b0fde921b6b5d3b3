// SPDX-License-Identifier: Apache-2.0
// systemd-run --on-active, or posix_spawn of ourselves in a session of its own.
#include "service/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <climits>
#include <vector>

#include "process.h"

namespace utmfa {
namespace {

constexpr const char* systemd_run = "/usr/bin/systemd-run";

bool systemd_runs() {  // sd_booted(3)
  struct stat about {};
  return lstat("/run/systemd/system", &about) == 0 && S_ISDIR(about.st_mode);
}

Result<std::string> ourselves() {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return os_error("/proc/self/exe", "cannot be read");
  path.resize(static_cast<std::size_t>(size));
  return path;
}

bool timer_of_systemd(const Pending& pending, const std::string& program, const std::string& data) {
  if (!systemd_runs()) return false;
  const std::string seconds = std::to_string(pending.left() / 1000 + 1);
  const Result<Ran> ran = run_program(
      systemd_run,
      {"--quiet", "--collect", "--unit=utmfa-service-" + pending.service + "-" + std::to_string(pending.began),
       "--on-active=" + seconds, "--timer-property=AccuracySec=1s", program, "--data-dir", data, "service", "revert",
       "--due"},
      Errors::with_output);
  return ran && ran->status == 0;
}

Status own_process(const Pending& pending, const std::string& program, const std::string& data) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  std::vector<std::string> words = {program, "--data-dir", data, "service", "await", pending.service};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string search = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language = "LC_ALL=C.UTF-8";
  char* environment[] = {search.data(), language.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  errno = failed;
  if (failed != 0) return os_error(program, "cannot be started");
  return Done{};
}

}  // namespace

Status start_watch(const Pending& pending, const std::string& data) {
  const Result<std::string> program = ourselves();
  if (!program) return program.error();
  if (timer_of_systemd(pending, *program, data)) return Done{};
  return own_process(pending, *program, data);
}

Status wait_until_over(const std::string& service, const std::string& data) {
  for (;;) {
    std::int64_t left = 0;
    {
      const Result<Changes> changes = Changes::open(data, Hold::none);
      if (!changes) return changes.error();
      const Result<std::optional<Pending>> pending = changes->pending(service);
      left = pending && *pending ? (*pending)->left() : 0;
    }
    if (left == 0) return Done{};
    const Descriptor timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
    itimerspec when{};
    when.it_value = {left / 1000, left % 1000 * 1000000 + 1};
    if (!timer || timerfd_settime(timer.get(), 0, &when, nullptr) != 0) return os_error("service", "timer");
    std::uint64_t rang = 0;
    if (::read(timer.get(), &rang, sizeof rang) < 0 && errno != EINTR) return os_error("service", "timer");
  }
}

}  // namespace utmfa

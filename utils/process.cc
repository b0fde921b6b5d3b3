// SPDX-License-Identifier: Apache-2.0
// posix_spawn and one pipe.
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace utmfa {
namespace {

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

Result<std::string> all_from(int fd, const std::string& path) {
  std::string output;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(path, "cannot be read");
    if (got == 0) return output;
    if (output.size() + static_cast<std::size_t>(got) > longest_output)
      return Error{Code::unavailable, path + ": says too much"};
    output.append(buffer, static_cast<std::size_t>(got));
  }
}

int ended(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<Ran> run_program(const std::string& path, const std::vector<std::string>& words, Errors errors) {
  if (access(path.c_str(), X_OK) != 0) return Error{Code::not_found, path + ": is not there"};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return os_error(path, "pipe");
  Descriptor from(ends[0]), to(ends[1]);
  Actions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), to.get(), STDOUT_FILENO);
  if (errors == Errors::with_output) posix_spawn_file_actions_adddup2(actions.get(), to.get(), STDERR_FILENO);
  std::vector<std::string> said = words;
  said.insert(said.begin(), path);
  std::vector<char*> arguments;
  for (std::string& word : said) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string search = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language = "LC_ALL=C.UTF-8";
  char* environment[] = {search.data(), language.data(), nullptr};
  pid_t child = 0;
  errno = posix_spawn(&child, path.c_str(), actions.get(), nullptr, arguments.data(), environment);
  if (errno != 0) return os_error(path, "cannot be started");
  to = Descriptor();
  Result<std::string> output = all_from(from.get(), path);
  from = Descriptor();
  const int status = ended(child);
  if (!output) return output.error();
  return Ran{status, std::move(*output)};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Our side: what the program may be, its limits, and the loop that reads until it has ended or its time is over.
#include "gateway/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "gateway/minder.h"

namespace utmfa {
namespace {

constexpr std::int64_t longest_farewell_ms = 5000;  // for the minder to end everything
constexpr rlim_t longest_file = 16U << 20, most_descriptors = 256;

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

struct Ends {
  Descriptor ours, theirs;
};

// Above 9, so that the child can lay out 0 to 3 without stepping on one.
Descriptor high(int fd) {
  const Descriptor low(fd);
  return Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 10));
}

enum class Direction { to_them, from_them };

Result<Ends> made_pipe(Direction direction) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return os_error("gateway", "pipe");
  Descriptor reading = high(ends[0]), writing = high(ends[1]);
  if (!reading || !writing) return os_error("gateway", "pipe");
  const int ours = direction == Direction::to_them ? writing.get() : reading.get();
  if (fcntl(ours, F_SETFL, O_NONBLOCK) != 0) return os_error("gateway", "pipe");
  if (direction == Direction::to_them) return Ends{std::move(writing), std::move(reading)};
  return Ends{std::move(reading), std::move(writing)};
}

Result<Ends> made_control() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os_error("gateway", "socketpair");
  Ends control{high(ends[0]), high(ends[1])};
  if (!control.ours || !control.theirs) return os_error("gateway", "socketpair");
  return control;
}

// Reads what is there. Longer than the limit: false.
struct Stream {
  Descriptor from;
  std::string text;
  bool read_some() {
    char bytes[16384];
    for (;;) {
      const ssize_t got = ::read(from.get(), bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return true;
      if (got <= 0) {
        from = Descriptor();
        return true;
      }
      text.append(bytes, static_cast<std::size_t>(got));
      if (text.size() > longest_program_output) return false;
    }
  }
};

class Running {
 public:
  Running(Stream output, Stream complaint, Descriptor control, std::int64_t deadline)
      : output_(std::move(output)), complaint_(std::move(complaint)), control_(std::move(control)),
        deadline_(deadline) {}

  // Until the minder has closed the control socket: everything has ended then. false: it never did.
  bool watch() {
    while (control_) {
      const std::int64_t left = deadline_ - monotonic_ms();
      if (left <= 0 && stopped_) return false;
      if (left <= 0) stop(Ending::too_slow);
      pollfd due[] = {{control_.get(), POLLIN, 0}, {output_.from.get(), POLLIN, 0}, {complaint_.from.get(), POLLIN, 0}};
      if (poll(due, 3, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000))) < 0 && errno != EINTR) return false;
      if (due[1].revents != 0) read_from(output_);
      if (due[2].revents != 0) read_from(complaint_);
      if (due[0].revents != 0) hear();
    }
    if (output_.from) read_from(output_);
    if (complaint_.from) read_from(complaint_);
    return true;
  }

  ProgramRun result() {
    output_.text.resize(std::min(output_.text.size(), longest_program_output));
    complaint_.text.resize(std::min(complaint_.text.size(), longest_program_output));
    ProgramRun run{ending_, ended_.number, std::move(output_.text), std::move(complaint_.text)};
    if (ending_ == Ending::exited && ended_.code != CLD_EXITED) run.ending = Ending::killed;
    return run;
  }

 private:
  void stop(Ending why) {
    if (stopped_) return;
    stopped_ = true;
    ending_ = why;
    (void)shutdown(control_.get(), SHUT_WR);
    deadline_ = monotonic_ms() + longest_farewell_ms;
  }

  void read_from(Stream& stream) {
    if (stream.read_some()) return;
    stream.from = Descriptor();
    if (control_) return stop(Ending::too_much);
    if (!stopped_) ending_ = Ending::too_much;
  }

  void hear() {
    if (recv(control_.get(), &ended_, sizeof ended_, 0) != sizeof ended_) control_ = Descriptor();
  }

  Stream output_, complaint_;
  Descriptor control_;
  std::int64_t deadline_;
  bool stopped_ = false;
  Ending ending_ = Ending::exited;
  Ended ended_;
};

std::vector<Prepared::Limit> limits_of(const Program& program) {
  const auto seconds = static_cast<rlim_t>(program.time_limit_ms / 1000 + 1);
  std::vector<Prepared::Limit> limits = {{RLIMIT_CORE, 0},
                                         {RLIMIT_CPU, seconds},
                                         {RLIMIT_DATA, program.memory},
                                         {RLIMIT_FSIZE, longest_file},
                                         {RLIMIT_NOFILE, most_descriptors}};
  if (program.whom) limits.push_back({RLIMIT_NPROC, program.processes});
  return limits;
}

// Asked when everything has ended: a disk that hangs must not hold us while the program is read from it.
Status could_start(int report, const std::string& path) {
  int why = 0;
  ssize_t got;
  do got = ::read(report, &why, sizeof why);
  while (got < 0 && errno == EINTR);
  if (got == 0 || (got < 0 && errno == EAGAIN)) return Done{};
  errno = got == sizeof why ? why : EIO;
  return os_error(path, "cannot be started");
}

// Its own child by its own handle, so that no other child of the program is touched. One that does not end is killed.
void reap(pid_t minder, int handle, bool ended) {
  if (!ended && handle >= 0) (void)syscall(SYS_pidfd_send_signal, handle, SIGKILL, nullptr, 0);
  while (waitpid(minder, nullptr, 0) < 0 && errno == EINTR) {
  }
}

struct Plumbing {
  Ends input, output, complaint, report, control;
};

Result<Plumbing> laid() {
  Result<Ends> input = made_pipe(Direction::to_them), output = made_pipe(Direction::from_them),
               complaint = made_pipe(Direction::from_them), report = made_pipe(Direction::from_them);
  Result<Ends> control = made_control();
  for (const Result<Ends>* each : {&input, &output, &complaint, &report, &control})
    if (!*each) return each->error();
  return Plumbing{std::move(*input), std::move(*output), std::move(*complaint), std::move(*report),
                  std::move(*control)};
}

}  // namespace

Status check_program(const std::string& path) {
  if (path.empty() || path.front() != '/') return Error{Code::invalid, path + ": is not an absolute path"};
  const std::size_t slash = path.rfind('/');
  const Result<Descriptor> directory = open_directory(path.substr(0, std::max<std::size_t>(slash, 1)), Privacy::open);
  if (!directory) return directory.error();
  const Result<Descriptor> file =
      open_file(directory->get(), path.substr(slash + 1), path, Privacy::open, Access::read);
  if (!file) return file.error();
  struct stat about {};
  if (fstat(file->get(), &about) != 0) return os_error(path, "cannot be examined");
  if ((about.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return Error{Code::refused, path + ": is not executable"};
  return Done{};
}

Result<ProgramRun> run_program_as(const Program& program, std::string_view input) {
  if (Status good = check_program(program.words.front()); !good) return good.error();
  Result<Plumbing> plumbing = laid();
  if (!plumbing) return plumbing.error();
  const ssize_t wrote = ::write(plumbing->input.ours.get(), input.data(), input.size());
  if (wrote != static_cast<ssize_t>(input.size())) return Error{Code::invalid, "the message does not fit a pipe"};
  plumbing->input.ours = Descriptor();

  std::vector<std::string> words = program.words;
  std::string search = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language = "LANG=C.UTF-8";
  Prepared prepared;
  prepared.path = words.front().c_str();
  for (std::string& word : words) prepared.words.push_back(word.data());
  prepared.words.push_back(nullptr);
  prepared.environment = {search.data(), language.data(), nullptr};
  prepared.whom = program.whom ? &*program.whom : nullptr;
  prepared.limits = limits_of(program);
  prepared.input = plumbing->input.theirs.get();
  prepared.output = plumbing->output.theirs.get();
  prepared.complaint = plumbing->complaint.theirs.get();
  prepared.report = plumbing->report.theirs.get();
  prepared.control = plumbing->control.theirs.get();

  const std::int64_t deadline = monotonic_ms() + program.time_limit_ms;
  const pid_t minder = fork();
  if (minder == 0) mind(prepared);
  if (minder < 0) return os_error("gateway", "fork");
  const Descriptor handle(static_cast<int>(syscall(SYS_pidfd_open, minder, 0)));
  for (Ends* each : {&plumbing->input, &plumbing->output, &plumbing->complaint, &plumbing->report, &plumbing->control})
    each->theirs = Descriptor();
  Running running({std::move(plumbing->output.ours), {}}, {std::move(plumbing->complaint.ours), {}},
                  std::move(plumbing->control.ours), deadline);
  const bool ended = running.watch();
  reap(minder, handle.get(), ended);
  if (Status started = could_start(plumbing->report.ours.get(), program.words.front()); !started)
    return started.error();
  return running.result();
}

}  // namespace utmfa

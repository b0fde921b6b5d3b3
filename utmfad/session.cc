// SPDX-License-Identifier: Apache-2.0
// By reading alone: getutxline(3) locks the file, and logind's library would be one more in every sign-in process; what
// sd_session_is_remote(3) answers is the line REMOTE= of the session's file.
#include "session.h"

#include <fcntl.h>
#include <unistd.h>
#include <utmp.h>

#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_note = 65536, most_terminals = 4096;

std::string note(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Result<std::string> text = file ? contents(file.get(), path, longest_note) : std::string();
  return text ? *text : std::string();
}

// A control group of "session-3.scope" is in session 3.
std::string_view session_in(std::string_view line) {
  constexpr std::string_view before = "/session-", behind = ".scope";
  const std::size_t at = line.find(before), end = line.find(behind, at == line.npos ? 0 : at);
  if (at == line.npos || end == line.npos) return {};
  const std::string_view id = line.substr(at + before.size(), end - at - before.size());
  return id.find_first_of("/.") == id.npos ? id : std::string_view();
}

bool remote_by_session(pid_t program, const SessionNotes& notes) {
  const std::string groups = note(notes.processes + "/" + std::to_string(program) + "/cgroup");
  for (const std::string_view line : split(groups, '\n')) {
    const std::string_view id = session_in(line);
    if (id.empty()) continue;
    const std::string session = note(notes.sessions + "/" + std::string(id));
    for (const std::string_view each : split(session, '\n'))
      if (each == "REMOTE=1") return true;
  }
  return false;
}

template <std::size_t size>
std::string_view field(const char (&bytes)[size]) {
  return {bytes, strnlen(bytes, size)};
}

// Displays of this machine and windows of a multiplexer tell nothing of where the person is.
bool names_a_host(std::string_view host) {
  return !host.empty() && host.front() != ':' && host.substr(0, 5) != "tmux(";
}

bool remote_by_terminal(std::string_view tty, const SessionNotes& notes) {
  constexpr std::string_view devices = "/dev/";
  if (tty.substr(0, devices.size()) == devices) tty.remove_prefix(devices.size());
  const Descriptor file(::open(notes.terminals.c_str(), O_RDONLY | O_CLOEXEC));
  if (tty.empty() || !file) return false;
  utmp entry{};
  for (std::size_t i = 0; i < most_terminals; ++i) {
    if (::read(file.get(), &entry, sizeof entry) != static_cast<ssize_t>(sizeof entry)) return false;
    if (entry.ut_type == USER_PROCESS && field(entry.ut_line) == tty && names_a_host(field(entry.ut_host))) return true;
  }
  return false;
}

}  // namespace

Session session_of(pid_t program, std::string_view tty, const SessionNotes& notes) {
  const bool remote = remote_by_terminal(tty, notes) || remote_by_session(program, notes);
  return remote ? Session::remote : Session::not_known;
}

}  // namespace utmfa

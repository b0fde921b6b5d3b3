// SPDX-License-Identifier: Apache-2.0
// Sessions of people at other machines, by what sshd and logind note; and everything else, which tells nothing.
#include <sys/stat.h>
#include <utmp.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "../../utmfad/session.h"
#include "support/check.h"

namespace {

using utmfa::Session;
using utmfa::SessionNotes;

struct Machine {
  std::filesystem::path top;
  SessionNotes notes;

  Machine() {
    char name[] = "/tmp/utmfa-session-XXXXXX";
    assert_non_null(mkdtemp(name));
    top = name;
    for (const char* each : {"proc/7", "sessions"}) std::filesystem::create_directories(top / each);
    notes = {top / "proc", top / "sessions", top / "utmp"};
  }
  ~Machine() { std::filesystem::remove_all(top); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void written(const char* path, const std::string& text) const { std::ofstream(top / path) << text; }
  void terminal(const char* line, const char* host, short type = USER_PROCESS) const {
    utmp entry{};
    entry.ut_type = type;
    std::strncpy(entry.ut_line, line, sizeof entry.ut_line - 1);
    std::strncpy(entry.ut_host, host, sizeof entry.ut_host - 1);
    std::ofstream(top / "utmp", std::ios::binary | std::ios::app)
        .write(reinterpret_cast<const char*>(&entry), sizeof entry);
  }
  Session of(const char* tty = "") const { return session_of(7, tty, notes); }
};

void nothing_is_noted(void**) {
  const Machine machine;
  for (const char* tty : {"", "pts/1", "/dev/pts/1"}) assert_true(machine.of(tty) == Session::not_known);
}

void terminals(void**) {
  const Machine machine;
  machine.terminal("pts/0", "");
  machine.terminal("pts/1", "192.0.2.7");
  machine.terminal("pts/2", ":0");
  machine.terminal("pts/3", "tmux(4711).%0");
  machine.terminal("pts/4", "192.0.2.7", DEAD_PROCESS);
  machine.terminal("pts/5", "192.0.2.7 via mosh [12]");
  for (const char* tty : {"pts/1", "/dev/pts/1", "pts/5"}) assert_true(machine.of(tty) == Session::remote);
  for (const char* tty : {"pts/0", "pts/2", "pts/3", "pts/4", "pts/11", "pts/", ""})
    assert_true(machine.of(tty) == Session::not_known);
  machine.written("utmp", "cut off");
  assert_true(machine.of("pts/1") == Session::not_known);
}

void sessions(void**) {
  const Machine machine;
  machine.written("sessions/3", "UID=1000\nREMOTE=1\nTYPE=tty\n");
  machine.written("sessions/4", "UID=1000\nREMOTE=0\nTYPE=x11\n");
  machine.written("sessions/c1", "REMOTE=1\n");
  const auto in = [&](const std::string& group) {
    machine.written("proc/7/cgroup", group);
    return machine.of();
  };
  for (const char* remote : {"0::/user.slice/user-1000.slice/session-3.scope\n", "0::/session-c1.scope\n",
                             "1:name=systemd:/session-3.scope\n0::/\n", "0::/session-3.scope/below\n"})
    assert_true(in(remote) == Session::remote);
  for (const char* other :
       {"0::/user.slice/session-4.scope\n", "0::/session-5.scope\n", "0::/system.slice/ssh.service\n", "",
        "0::/session-.scope\n", "0::/session-../3.scope\n", "0::/session-3\n"})
    assert_true(in(other) == Session::not_known);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(nothing_is_noted), cmocka_unit_test(terminals),
                              cmocka_unit_test(sessions)};
  return cmocka_run_group_tests_name("session", tests, nullptr, nullptr);
}

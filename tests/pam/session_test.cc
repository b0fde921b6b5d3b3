// SPDX-License-Identifier: Apache-2.0
// The verifier that the module starts itself for root: when, from where, in what state, and that the host does not
// notice. The program is a stand-in of root's in a directory of root's. Without privilege: that it is never started.
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fake_verifier.h"
#include "host.h"
#include "support/check.h"
#include "tests.h"

namespace {

using utmfa::test::FakeVerifier;
using utmfa::test::Host;
using utmfa::test::House;
using utmfa::test::Peer;

// A house with the stand-in, and a PAM file that names it.
struct Place {
  Place() {
    std::filesystem::create_directory(directory);
    std::filesystem::copy_file(STAND_IN, program);
    assert_int_equal(chmod(program.c_str(), 0755), 0);
  }
  House house{""};
  std::string directory = house.path() + "/libexec", program = directory + "/stand_in";
  std::string report = program + ".report";

  int authenticate(const std::string& verifier) const {
    std::ofstream(house.pam_dir() + "/test", std::ios::trunc)
        << "auth [success=ok default=die] " MODULE " run-dir=" << house.run_dir() << " timeout=5 verifier=" << verifier
        << '\n';
    Host host(house);
    return host.authenticate();
  }
  int authenticate() const { return authenticate(program); }
  bool started() const { return std::filesystem::exists(report); }
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

volatile sig_atomic_t children_heard_of = 0;

// A host with everything that must not be handed on.
int authenticate_as_su(const Place& place) {
  const gid_t groups[] = {4, 5};
  if (setgroups(2, groups) != 0 || setresgid(65534, 0, 0) != 0 || setresuid(65534, 0, 0) != 0) return -1;
  struct sigaction counting {};
  counting.sa_handler = [](int) { children_heard_of = children_heard_of + 1; };
  sigaction(SIGCHLD, &counting, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  raise(SIGUSR1);
  setenv("LD_PRELOAD", "/nowhere.so", 1);
  if (dup2(open("/etc/passwd", O_RDONLY), 200) != 200 || chdir("/tmp") != 0) return -1;
  const int code = place.authenticate();
  if (children_heard_of != 0) return -2;
  if (waitpid(-1, nullptr, WNOHANG | __WALL) != -1) return -3;
  sigset_t now;
  sigprocmask(SIG_SETMASK, nullptr, &now);
  if (!sigismember(&now, SIGUSR1) || sigismember(&now, SIGTERM)) return -4;
  struct sigaction action {};
  sigaction(SIGCHLD, nullptr, &action);
  return action.sa_handler == counting.sa_handler ? code : -5;
}

void it_starts_clean_and_unnoticed(void**) {
  if (geteuid() != 0) skip();
  const Place place;
  const pid_t child = fork();
  if (child == 0) _exit(authenticate_as_su(place));
  int status = -1;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  const std::string
      report = text_of(place.report),
      expected =
          "words 2 --session\nfd 0 /dev/null\nfd 1 /dev/null\nfd 2 /dev/null\nfd 3 socket\n"
          "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\ncwd /\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n"
          "SigPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nparent ";
  assert_string_equal(report.substr(0, expected.size()).c_str(), expected.c_str());
  assert_true(std::stoi(report.substr(expected.size())) != child);
}

void it_starts_only_where_nobody_listens(void**) {
  if (geteuid() != 0) skip();
  const Place place;
  {
    FakeVerifier verifier(place.house.run_dir(), [](Peer& peer) {
      peer.hear("hello");
      peer.say("result", {{"code", "denied"}});
    });
    assert_int_equal(place.authenticate(), PAM_AUTH_ERR);
    assert_true(verifier.as_expected());
    assert_false(place.started());
  }
  assert_int_equal(place.authenticate("none"), PAM_AUTHINFO_UNAVAIL);
  assert_false(place.started());
  assert_int_equal(place.authenticate(), PAM_SUCCESS);
  assert_true(place.started());
  std::filesystem::remove(place.report);
  std::filesystem::remove(place.house.run_dir());  // nor is there a directory
  assert_int_equal(place.authenticate(), PAM_SUCCESS);
  assert_true(place.started());
}

// A socket whose verifier has died.
void it_starts_where_the_verifier_is_dead(void**) {
  if (geteuid() != 0) skip();
  const Place place;
  { std::ofstream(utmfa::test::socket_path(place.house.run_dir())) << ""; }  // refuses connections as a dead one does
  assert_int_equal(place.authenticate(), PAM_SUCCESS);
  assert_true(place.started());
}

void it_starts_only_what_root_alone_can_change(void**) {
  if (geteuid() != 0) skip();
  const Place place;
  const auto refused = [&](const std::string& verifier) {
    assert_int_equal(place.authenticate(verifier), PAM_AUTHINFO_UNAVAIL);
    assert_false(place.started());
  };
  for (const mode_t mode : {0775u, 0757u, 0777u}) {
    assert_int_equal(chmod(place.program.c_str(), mode), 0);
    refused(place.program);
    assert_int_equal(chmod(place.program.c_str(), 0755), 0);
    assert_int_equal(chmod(place.directory.c_str(), mode), 0);
    refused(place.program);
    assert_int_equal(chmod(place.directory.c_str(), 0755), 0);
  }
  for (const std::string& path : {place.program, place.directory, place.house.path()}) {
    assert_int_equal(chown(path.c_str(), 65534, 0), 0);
    refused(place.program);
    assert_int_equal(chown(path.c_str(), 0, 0), 0);
  }
  std::filesystem::create_symlink("stand_in", place.directory + "/link");
  std::filesystem::create_symlink("libexec", place.house.path() + "/way");
  refused(place.directory + "/link");
  refused(place.house.path() + "/way/stand_in");
  refused(place.directory + "/nothing");
  refused(place.directory);
  assert_int_equal(chmod(place.program.c_str(), 0644), 0);
  refused(place.program);  // not a program
  assert_int_equal(chmod(place.program.c_str(), 0755), 0);
  assert_int_equal(place.authenticate(), PAM_SUCCESS);
}

void one_that_ends_at_once_grants_nothing(void**) {
  if (geteuid() != 0) skip();
  const Place place;
  for (const char* program : {"/usr/bin/true", "/usr/bin/false"})
    assert_int_equal(place.authenticate(program), PAM_AUTHINFO_UNAVAIL);
}

void nobody_else_starts_one(void**) {
  if (geteuid() == 0) skip();
  const Place place;
  for (const std::string& program : {place.program, std::string("/usr/bin/true")}) {
    (void)utmfa::test::logged();
    assert_int_equal(place.authenticate(program), PAM_AUTHINFO_UNAVAIL);
    const std::string said = utmfa::test::logged().back();  // why nobody could be reached, not why nobody could start
    assert_true(said.ends_with(": No such file or directory"));
  }
  assert_false(place.started());
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(it_starts_clean_and_unnoticed),
      cmocka_unit_test(it_starts_only_where_nobody_listens),
      cmocka_unit_test(it_starts_where_the_verifier_is_dead),
      cmocka_unit_test(it_starts_only_what_root_alone_can_change),
      cmocka_unit_test(one_that_ends_at_once_grants_nothing),
      cmocka_unit_test(nobody_else_starts_one),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

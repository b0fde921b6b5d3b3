// SPDX-License-Identifier: Apache-2.0
// Nothing of the host is ours: whatever the outcome, its descriptors, signals, directory, umask, locale, environment
// and children are afterwards what they were.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fake_verifier.h"
#include "host.h"
#include "support/check.h"
#include "tests.h"

extern char** environ;

namespace {

using utmfa::test::FakeVerifier;
using utmfa::test::Host;
using utmfa::test::House;
using utmfa::test::Peer;
using utmfa::test::Reply;
using utmfa::test::Script;
using utmfa::test::Turn;

const std::string alone = "auth [success=ok default=die] MODULE RUN verifier=none timeout=1\n";

// All that a module could have changed, as text.
std::string state_of_the_host() {
  std::ostringstream text;
  for (int fd = 0; fd < 256; ++fd) {
    if (const int flags = fcntl(fd, F_GETFD); flags >= 0) {
      struct stat status {};
      fstat(fd, &status);
      text << "fd " << fd << ' ' << flags << ' ' << fcntl(fd, F_GETFL) << ' ' << status.st_ino << '\n';
    }
  }
  for (int number = 1; number < 65; ++number) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) == 0)
      text << "signal " << number << ' ' << reinterpret_cast<void*>(action.sa_handler) << ' ' << action.sa_flags
           << '\n';
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* key :
         {"Umask", "SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "Threads", "Uid", "Gid", "Groups"})
      if (line.starts_with(key)) text << line << '\n';
  }
  for (char** variable = environ; *variable; ++variable) text << *variable << '\n';
  itimerval timer{};
  getitimer(ITIMER_REAL, &timer);
  text << std::filesystem::current_path() << ' ' << setlocale(LC_ALL, nullptr) << ' ' << timer.it_value.tv_sec << '\n';
  text << "children " << waitpid(-1, nullptr, WNOHANG | __WALL) << '\n';
  return text.str();
}

// The whole life of a handle, so that what libpam itself opens is closed again.
int signed_in(const House& house, const std::vector<Turn>& turns) {
  Host host(house);
  host.turns.assign(turns.begin(), turns.end());
  return host.authenticate();
}

void unchanged(const House& house, const Script& script, const std::vector<Turn>& turns, int code) {
  const std::string before = state_of_the_host();
  {
    FakeVerifier verifier(house.run_dir(), script);
    assert_int_equal(signed_in(house, turns), code);
    assert_true(verifier.as_expected());
  }
  assert_string_equal(state_of_the_host().c_str(), before.c_str());
}

void after_every_outcome_the_host_is_as_before(void**) {
  const House house(alone);
  const auto ending = [](const std::string& word) {
    return [word](Peer& peer) {
      peer.hear("hello");
      peer.say("prompt", {{"echo", "hidden"}, {"text", "Code: "}});
      peer.hear("answer");
      peer.say("result", {{"code", word}, {"text", "That is all."}});
    };
  };
  const std::vector<Turn> typed = {{Reply::answer, "492039"}};
  (void)signed_in(house, {});  // libpam's own first time
  unchanged(house, ending("granted"), typed, PAM_SUCCESS);
  unchanged(house, ending("denied"), typed, PAM_AUTH_ERR);
  unchanged(house, ending("locked"), typed, PAM_AUTH_ERR);
  unchanged(house, ending("unavailable"), typed, PAM_AUTHINFO_UNAVAIL);
  unchanged(house, ending("nonsense"), typed, PAM_AUTHINFO_UNAVAIL);
  unchanged(
      house, [](Peer& peer) { peer.hear("hello"); }, {}, PAM_AUTHINFO_UNAVAIL);
  unchanged(
      house, [](Peer& peer) { peer.hear("hello"), peer.say("garbage"); }, {}, PAM_AUTHINFO_UNAVAIL);
  unchanged(
      house, [](Peer& peer) { peer.hear("hello"), peer.hear_the_end(); }, {}, PAM_AUTHINFO_UNAVAIL);
  const auto left = [](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", {{"echo", "hidden"}, {"text", "Code: "}});
    peer.hear("goodbye");
  };
  for (const Reply reply : {Reply::failure, Reply::no_responses, Reply::null_text})
    unchanged(house, left, {{reply, ""}}, PAM_CONV_ERR);
  const std::string before = state_of_the_host();
  assert_int_equal(signed_in(house, {}), PAM_AUTHINFO_UNAVAIL);  // nobody listens
  assert_string_equal(state_of_the_host().c_str(), before.c_str());
}

void a_closed_line_raises_no_signal(void**) {
  const House house(alone);
  std::signal(SIGPIPE, SIG_DFL);  // it would end this program
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", {{"echo", "hidden"}, {"text", "Code: "}});
  });
  Host host(house);
  bool closed = false;
  host.before_each = [&] { closed = verifier.as_expected(); };
  host.turns = {{Reply::answer, "492039"}};
  assert_int_equal(host.authenticate(), PAM_AUTHINFO_UNAVAIL);
  assert_true(closed);
}

// A host that has closed 0, 1 and 2 and writes to them must not write to the verifier.
void descriptors_0_to_2_are_not_taken(void**) {
  const House house(alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", {{"echo", "hidden"}, {"text", "Code: "}});
    peer.hear("answer", {{"text", "492039"}});
    peer.say("result", {{"code", "granted"}});
  });
  const pid_t child = fork();
  if (child == 0) {
    for (int fd = 0; fd < 3; ++fd) close(fd);
    const pam_conv conversation = {[](int, const pam_message**, pam_response** responses, void*) {
                                     for (int fd = 0; fd < 3; ++fd)
                                       if (write(fd, "x", 1) != -1) return PAM_CONV_ERR;
                                     *responses = static_cast<pam_response*>(calloc(1, sizeof(pam_response)));
                                     (*responses)->resp = strdup("492039");
                                     return PAM_SUCCESS;
                                   },
                                   nullptr};
    pam_handle_t* pam = nullptr;
    if (pam_start_confdir("test", "taro", &conversation, house.pam_dir().c_str(), &pam) != PAM_SUCCESS) _exit(100);
    const int code = pam_authenticate(pam, 0);
    for (int fd = 0; fd < 3; ++fd)
      if (fcntl(fd, F_GETFD) != -1) _exit(101);
    _exit(code);
  }
  int status = -1;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  assert_true(verifier.as_expected());
}

int interruptions[2];

// A host with a busy timer: the verifier answers only after it has been interrupted many times.
void interruptions_are_no_answer(void**) {
  const House house(alone);
  assert_int_equal(pipe2(interruptions, O_CLOEXEC), 0);
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { (void)!write(interruptions[1], "", 1); };
  sigaction(SIGALRM, &action, &before);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    char byte;
    for (int count = 0; count < 20;) count += read(interruptions[0], &byte, 1) == 1;
    peer.say("result", {{"code", "granted"}});
  });
  const itimerval often = {{0, 2000}, {0, 2000}}, never = {};
  Host host(house);
  setitimer(ITIMER_REAL, &often, nullptr);
  const int code = host.authenticate();
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  assert_int_equal(code, PAM_SUCCESS);
  assert_true(verifier.as_expected());
  for (const int fd : interruptions) close(fd);
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(after_every_outcome_the_host_is_as_before),
      cmocka_unit_test(a_closed_line_raises_no_signal),
      cmocka_unit_test(descriptors_0_to_2_are_not_taken),
      cmocka_unit_test(interruptions_are_no_answer),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

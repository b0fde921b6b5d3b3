// SPDX-License-Identifier: Apache-2.0
// A verifier that is absent, dead, silent, wild or of another version: always PAM_AUTHINFO_UNAVAIL, always one line in
// the log, and never a word of what it said.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "fake_verifier.h"
#include "host.h"
#include "support/check.h"
#include "tests.h"

namespace {

using utmfa::test::FakeVerifier;
using utmfa::test::Fields;
using utmfa::test::Host;
using utmfa::test::House;
using utmfa::test::logged;
using utmfa::test::Peer;
using utmfa::test::Reply;
using utmfa::test::Script;

const std::string alone = "auth [success=ok default=die] MODULE RUN verifier=none timeout=1\n";

void refused(const House& house, const Script& script, const char* what) {
  FakeVerifier verifier(house.run_dir(), script);
  Host host(house);
  host.turns.assign(300, {Reply::answer, "1"});
  if (const int code = host.authenticate(); code != PAM_AUTHINFO_UNAVAIL) fail_msg("%s: %d", what, code);
  assert_true(verifier.as_expected());
  const std::vector<std::string> lines = logged();
  assert_int_equal(lines.size(), 1);
  assert_true(lines[0].find("the verifier did not answer as it must") != std::string::npos);
}

const std::string frames[] = {
    "",  // an empty packet is the end of the line
    "\n",
    "1",
    "1 result",
    "1 result\n",
    "1 result\ncode=7:granted",
    "1 result\ncode=7:granted\nx",
    "1 result\ncode=6:granted\n",
    "1 result\ncode=8:granted\n",
    "1 result\ncode=07:granted\n",
    "1 result\ncode=7:GRANTED\n",
    "1 result\ncode=8:granted \n",
    "1 result\ncode=0:\n",
    "1 result\ncode=3:yes\n",
    "1 result\ncode=1:0\n",
    "2 result\ncode=7:granted\n",
    "1  result\ncode=7:granted\n",
    "01 result\ncode=7:granted\n",
    "1 RESULT\ncode=7:granted\n",
    "1 hello\ncode=7:granted\n",
    "1 answer\ntext=1:1\n",
    "1 prompt\n",
    "1 prompt\necho=5:shown\n",
    "1 prompt\ntext=6:Code: \n",
    "1 prompt\necho=3:yes\ntext=6:Code: \n",
    std::string("1 prompt\necho=5:shown\ntext=3:a\0b\n", 34),
    "1 tell\ntext=1:x\n",
    "1 tell\nstyle=4:info\n",
    "1 tell\nstyle=4:loud\ntext=1:x\n",
    std::string("1 tell\nstyle=4:info\ntext=1:\0\n", 30),
    "1 choose\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=1:0\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=1:1\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=1:2\nitem1=1:a\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=1:2\nitem1=1:a\nitem3=1:c\n",
    "1 choose\nprompt=1:p\ncount=1:1\nitem1=1:a\n",
    "1 choose\ntitle=1:t\ncount=1:1\nitem1=1:a\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=2:33\nitem1=1:a\n",
    "1 choose\ntitle=1:t\nprompt=1:p\ncount=2:-1\nitem1=1:a\n",
    std::string("1 choose\ntitle=1:\0\nprompt=1:p\ncount=1:1\nitem1=1:a\n", 50),
    std::string("1 choose\ntitle=1:t\nprompt=1:p\ncount=1:1\nitem1=1:\0\n", 50),
    std::string("1 choose\ntitle=1:t\nprompt=1:\0\ncount=1:1\nitem1=1:a\n", 50),
    std::string("1 result\ncode=6:denied\ntext=1:\0\n", 32),
    std::string(100, '\0'),
    std::string(16384, 'x'),
    "1 result\ncode=7:granted\nx=" + std::string(20000, 'x'),
};

void what_is_no_frame_is_no_result(void**) {
  const House house(alone);
  for (const std::string& frame : frames) {
    const auto first = [&](Peer& peer) {
      peer.hear("hello");
      peer.say(frame);
      peer.hear_the_end();
    };
    refused(house, first, ("first: " + frame).c_str());
    const auto later = [&](Peer& peer) {
      peer.hear("hello");
      peer.say("prompt", {{"echo", "shown"}, {"text", "Code: "}});
      peer.hear("answer", {{"text", "1"}});
      peer.say(frame);
      peer.hear_the_end();
    };
    refused(house, later, ("later: " + frame).c_str());
  }
}

void too_long_a_packet_is_not_read_in_part(void**) {
  const House house(alone);
  const std::string longest = "1 result\ncode=7:granted\nk=16351:" + std::string(16351, 'x') + "\n";
  assert_int_equal(longest.size(), 16384);
  const std::string more = longest + "k=0:\n";  // cut where a buffer of 16 KiB ends, it would be a frame
  refused(
      house, [&](Peer& peer) { peer.hear("hello"), peer.say(more); }, "one field more");
  Host host(house);
  FakeVerifier verifier(house.run_dir(), [&](Peer& peer) { peer.hear("hello"), peer.say(longest); });
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

void a_verifier_that_dies(void**) {
  const House house(alone);
  refused(
      house, [](Peer&) {}, "before hello");
  refused(
      house, [](Peer& peer) { peer.hear("hello"); }, "after hello");
  refused(
      house,
      [](Peer& peer) {
        peer.hear("hello");
        peer.say("prompt", {{"echo", "shown"}, {"text", "Code: "}});
      },
      "at the prompt");
  refused(
      house,
      [](Peer& peer) {
        peer.hear("hello");
        peer.say("prompt", {{"echo", "shown"}, {"text", "Code: "}});
        peer.hear("answer");
      },
      "after the answer");
}

void a_verifier_that_is_silent(void**) {
  const House house(alone);
  refused(
      house,
      [](Peer& peer) {
        peer.hear("hello");
        peer.hear_the_end();
      },
      "silent");
}

void a_verifier_that_never_comes_to_an_end(void**) {
  const House house(alone);
  const auto tells = [](int count) {
    return [count](Peer& peer) {
      peer.hear("hello");
      for (int i = 0; i < count; ++i) peer.say("tell", {{"style", "info"}, {"text", "x"}});
      peer.say("result", {{"code", "granted"}});
    };
  };
  refused(house, tells(256), "257 frames");
  FakeVerifier verifier(house.run_dir(), tells(255));
  Host host(house);
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

void nothing_is_granted_at_another_door(void**) {
  const House house("account [success=ok default=die] MODULE RUN verifier=none\n");
  for (const char* frame : {"1 result\ncode=7:granted\n", "1 prompt\necho=5:shown\ntext=1:x\n",
                            "1 choose\ntitle=1:t\nprompt=1:p\ncount=1:1\nitem1=1:a\n"}) {
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) { peer.hear("hello"), peer.say(frame); });
    Host host(house);
    host.turns = {{Reply::answer, "1"}};
    assert_int_equal(host.account(), PAM_AUTHINFO_UNAVAIL);
    assert_true(host.seen.empty());
    assert_true(verifier.as_expected());
  }
}

void unreachable(const House& house, const char* reason) {
  (void)logged();
  Host host(house);
  assert_int_equal(host.authenticate(), PAM_AUTHINFO_UNAVAIL);
  const std::vector<std::string> lines = logged();
  assert_int_equal(lines.size(), 1);
  assert_true(lines[0].find("cannot reach the verifier in " + house.run_dir() + ": " + reason) != std::string::npos);
}

// A socket that was bound here and is not served.
class Bound {
 public:
  Bound(const std::string& path, int type) : fd_(socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {AF_UNIX, ""};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    assert_int_equal(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  // Listens, takes nobody, and has no room left for one more.
  void fill() {
    assert_int_equal(listen(fd_, 0), 0);
    sockaddr_un address = {AF_UNIX, ""};
    socklen_t length = sizeof address;
    assert_int_equal(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    do waiting_.push_back(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (connect(waiting_.back(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }
  ~Bound() {
    close(fd_);
    for (const int fd : waiting_) close(fd);
  }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  int fd_;
  std::vector<int> waiting_;
};

void a_verifier_that_has_no_room(void**) {
  const House house(alone);
  Bound crowded(utmfa::test::socket_path(house.run_dir()), SOCK_SEQPACKET);
  crowded.fill();
  unreachable(house, "Resource temporarily unavailable");
}

void a_verifier_that_is_not_there(void**) {
  const House house(alone);
  const std::string path = utmfa::test::socket_path(house.run_dir());
  unreachable(house, "No such file or directory");
  { const Bound nobody(path, SOCK_SEQPACKET); }
  unreachable(house, "Connection refused");
  unlink(path.c_str());
  const Bound stream(path, SOCK_STREAM);
  unreachable(house, "Protocol wrong type for socket");
  unlink(path.c_str());
  std::ofstream(path) << "x";
  unreachable(house, "Connection refused");
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_frame_is_no_result),
      cmocka_unit_test(too_long_a_packet_is_not_read_in_part),
      cmocka_unit_test(a_verifier_that_dies),
      cmocka_unit_test(a_verifier_that_is_silent),
      cmocka_unit_test(a_verifier_that_never_comes_to_an_end),
      cmocka_unit_test(nothing_is_granted_at_another_door),
      cmocka_unit_test(a_verifier_that_has_no_room),
      cmocka_unit_test(a_verifier_that_is_not_there),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

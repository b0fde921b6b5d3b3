// SPDX-License-Identifier: Apache-2.0
// What is said at the door of authenticate: hello, questions, answers, lists, results, and a person who goes away.
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

// Shows the module's own code; libpam never returns PAM_IGNORE, so for that one there is a code of our own.
constexpr int was_ignored = PAM_TRY_AGAIN;
const std::string codes =
    "auth [success=1 ignore=ignore default=die] MODULE RUN\nauth [default=die] FIRST say=24\nauth required FIRST say=0\n";
static_assert(was_ignored == 24);
const std::string alone = "auth [success=ok default=die] MODULE RUN\n";
const Fields code_prompt = {{"echo", "hidden"}, {"text", "Code: "}};
const Fields granted = {{"code", "granted"}};

void every_result_has_its_code(void**) {
  const struct {
    const char* word;
    int code;
  } table[] = {
      {"granted", PAM_SUCCESS},  {"denied", PAM_AUTH_ERR},       {"locked", PAM_AUTH_ERR},
      {"exempt", was_ignored},   {"not-needed", was_ignored},    {"remembered", was_ignored},
      {"observed", was_ignored}, {"set-up-needed", was_ignored}, {"unavailable", PAM_AUTHINFO_UNAVAIL},
      {"aborted", PAM_ABORT},
  };
  const House house(codes);
  for (const auto& row : table) {
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.hear("hello");
      peer.say("result", {{"code", row.word}});
      peer.hear_the_end();
    });
    Host host(house);
    if (const int code = host.authenticate(); code != row.code) fail_msg("%s: %d", row.word, code);
    assert_true(host.seen.empty());
    assert_true(verifier.as_expected());
    assert_true(logged().empty());
  }
}

void hello_says_what_pam_knows(void**) {
  const House house(
      "auth optional FIRST authtok=hunter2 unix=0 env=UTMFA_METHOD=app-2 env=UTMFA_LANGUAGE=ja [env=SSH_CONNECTION=192.0.2.1 5 192.0.2.2 22] "
      "[env=SSH_AUTH_INFO_0=password]\n" +
      alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello", {{"door", "authenticate"},
                        {"user", "taro"},
                        {"service", "test"},
                        {"from", "192.0.2.1"},
                        {"tty", "ssh"},
                        {"connection", "192.0.2.1 5 192.0.2.2 22"},
                        {"auth-info", "password"},
                        {"prefer", "app-2"},
                        {"language", "ja"},
                        {"first", "proven"},
                        {"silent", "1"}});
    peer.say("result", granted);
  });
  Host host(house);
  pam_set_item(host.pam(), PAM_RHOST, "192.0.2.1");
  pam_set_item(host.pam(), PAM_TTY, "ssh");
  assert_int_equal(host.authenticate(PAM_SILENT), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

void hello_leaves_out_what_is_empty(void**) {
  const House house("auth [success=ok default=die] MODULE RUN service=other\n");
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello", {{"door", "authenticate"}, {"user", "0123456789"}, {"service", "other"}, {"first", "unknown"}});
    peer.say("result", granted);
  });
  Host host(house, "0123456789");
  pam_set_item(host.pam(), PAM_RHOST, "");
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

void the_first_factor_is_believed_only_from_its_own_word(void**) {
  const struct {
    const char *before, *first;
  } table[] = {
      {"unix=0", "proven"},
      {"unix=7", "unknown"},
      {"authtok=hunter2", "typed"},
      {"[authtok=]", "typed"},
      {"[unix=0 authtok=hunter2]", "proven"},
      {"[env=SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA]", "proven"},
      {"[env=SSH_AUTH_INFO_0=password x publickey ssh-ed25519 AAAA]", "unknown"},
      {"[env=SSH_AUTH_INFO_0=publickeyx]", "unknown"},
      {"env=SSH_AUTH_INFO_0=", "unknown"},
      {"[unix=7 env=SSH_AUTH_INFO_0=publickey x]", "unknown"},
  };
  for (const auto& row : table) {
    const House house("auth optional FIRST " + std::string(row.before) + "\n" + alone);
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.say("result", {{"code", peer.hear("hello")["first"] == row.first ? "granted" : "denied"}});
    });
    Host host(house);
    if (host.authenticate() != PAM_SUCCESS) fail_msg("not %s: %s", row.first, row.before);
    assert_true(verifier.as_expected());
  }
}

void a_key_may_stand_on_any_line(void**) {
  for (const auto& [info, first] : {std::pair("password\npublickey ssh-rsa A\n", "proven"),
                                    std::pair("password\n publickey ssh-rsa A\n", "unknown")}) {
    const House house(alone);
    FakeVerifier verifier(house.run_dir(), [first = first](Peer& peer) {
      peer.say("result", {{"code", peer.hear("hello")["first"] == first ? "granted" : "denied"}});
    });
    Host host(house);
    pam_putenv(host.pam(), (std::string("SSH_AUTH_INFO_0=") + info).c_str());
    assert_int_equal(host.authenticate(), PAM_SUCCESS);
    assert_true(verifier.as_expected());
  }
}

void a_long_auth_info_is_left_out_and_a_long_name_refused(void**) {
  const House house(alone);
  for (const std::size_t size : {8192u, 8193u}) {
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      const Fields hello = peer.hear("hello");
      peer.say("result", {{"code", hello.count("auth-info") == (size <= 8192) ? "granted" : "denied"}});
    });
    Host host(house);
    pam_putenv(host.pam(), ("SSH_AUTH_INFO_0=" + std::string(size, 'k')).c_str());
    assert_int_equal(host.authenticate(), PAM_SUCCESS);
    assert_true(verifier.as_expected());
  }
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) { peer.hear_the_end(); });
  Host host(house, std::string(20000, 'a').c_str());
  assert_int_equal(host.authenticate(), PAM_AUTHINFO_UNAVAIL);
  assert_true(verifier.as_expected());
}

// One question and what becomes of the answer.
void asked(const std::string& typed, const Fields& expected, const std::string& before = "") {
  const House house(before + alone);
  FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", code_prompt);
    peer.hear("answer", expected);
    peer.say("result", granted);
  });
  Host host(house);
  host.turns = {{Reply::answer, typed}};
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(host.seen == std::vector<std::string>{"hidden|Code: "});
  assert_true(verifier.as_expected());
}

void answers_are_passed_on(void**) {
  for (const std::string& typed : {std::string("492039"), std::string(), std::string("?"), std::string(1023, 'x'),
                                   std::string("\b\n\r\177INCORRECT"), std::string("\xff\xfe\n=1:")})
    asked(typed, {{"text", typed}});
}

void long_answers_are_cut(void**) {
  for (const std::size_t size : {1024u, 2000u, 20000u})
    asked(std::string(size, 'x'), {{"text", std::string(1023, 'x')}});
}

void a_password_typed_again_stays_here(void**) {
  const std::string first = "auth optional FIRST authtok=hunter2\n";
  asked("hunter2", {{"again", "1"}}, first);
  for (const std::string& other :
       {std::string("hunter3"), std::string("hunter"), std::string("hunter22"), std::string()})
    asked(other, {{"text", other}}, first);
  const std::string longest(1500, 'p');
  asked(longest, {{"again", "1"}}, "auth optional FIRST long-authtok=1500\n");
  asked("", {{"text", ""}}, "auth optional FIRST authtok=\n");
}

// For a name that it does not know sshd makes up the password and every answer; to notice that they are alike would tell
// that the name is unknown.
void what_sshd_makes_up_is_an_answer_like_any_other(void**) {
  const std::string junk = "\b\n\r\177INCORRECT", twice = junk + junk;
  for (const std::size_t size : {std::size_t{1}, std::size_t{6}, std::size_t{13}, std::size_t{20}}) {
    const std::string same = twice.substr(0, size);
    asked(same, {{"text", same}}, "auth optional FIRST sshd-authtok=" + std::to_string(size) + "\n");
  }
  asked("\b\n\rx", {{"text", "\b\n\rx"}}, "auth optional FIRST sshd-authtok=4\n");
}

void a_whole_dialogue(void**) {
  const House house(alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", {{"echo", "shown"}, {"text", "Code from iPhone: "}});
    peer.hear("answer", {{"text", "?"}});
    peer.say("choose", {{"title", "Other methods:"},
                        {"prompt", "Number: "},
                        {"count", "2"},
                        {"item1", "iPhone"},
                        {"item2", "Recovery sheet"}});
    peer.hear("chosen", {{"text", "2"}});
    peer.say("tell", {{"style", "info"}, {"text", "One moment"}});
    peer.say("tell", {{"style", "error"}, {"text", "Too slow"}});
    peer.say("prompt", {{"echo", "hidden"}, {"text", "Recovery code: "}});
    peer.hear("answer", {{"text", "abcde"}});
    peer.say("result", {{"code", "locked"}, {"text", "Try again after 10:25."}});
    peer.hear_the_end();
  });
  Host host(house);
  host.turns = {{Reply::answer, "?"}, {Reply::answer, "2"}, {Reply::answer, "abcde"}};
  assert_int_equal(host.authenticate(), PAM_AUTH_ERR);
  assert_true(host.seen == (std::vector<std::string>{
                               "shown|Code from iPhone: ", "info|Other methods:\n  1  iPhone\n  2  Recovery sheet",
                               "shown|Number: ", "info|One moment", "error|Too slow",
                               "hidden|Recovery code: ", "error|Try again after 10:25."}));
  assert_true(verifier.as_expected());
}

void silence_keeps_texts_back_but_no_question(void**) {
  const House house(alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("tell", {{"style", "info"}, {"text", "One moment"}});
    peer.say("choose", {{"title", "Methods:"}, {"prompt", "Number: "}, {"count", "1"}, {"item1", "iPhone"}});
    peer.hear("chosen", {{"text", "1"}});
    peer.say("result", {{"code", "denied"}, {"text", "No."}});
  });
  Host host(house);
  host.turns = {{Reply::answer, "1"}};
  assert_int_equal(host.authenticate(PAM_SILENT), PAM_AUTH_ERR);
  assert_true(host.seen == (std::vector<std::string>{"info|Methods:\n  1  iPhone", "shown|Number: "}));
  assert_true(verifier.as_expected());
}

void the_longest_list_is_shown(void**) {
  const House house(alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    Fields list = {{"title", std::string(2000, 't')}, {"prompt", "Number: "}, {"count", "32"}};
    for (int i = 1; i <= 32; ++i) list["item" + std::to_string(i)] = std::string(430, 'i');
    peer.say("choose", list);
    peer.hear("chosen", {{"text", "32"}});
    peer.say("result", granted);
  });
  Host host(house);
  host.turns = {{Reply::answer, "32"}};
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_int_equal(host.seen[0].size(), 5 + 2000 + 32 * (6 + 430));
  assert_true(host.seen[0].ends_with("\n 32  " + std::string(430, 'i')));
  assert_true(verifier.as_expected());
}

// Where the conversation breaks, the verifier is told, and the code is PAM_CONV_ERR.
void a_person_who_goes_away(void**) {
  const Fields list = {{"title", "Methods:"}, {"prompt", "Number: "}, {"count", "1"}, {"item1", "iPhone"}};
  const House house(alone);
  for (const Reply reply : {Reply::failure, Reply::no_responses, Reply::null_text}) {
    for (const std::string verb : {"prompt", "choose"}) {
      for (const std::size_t good : {0u, 1u, 2u}) {
        FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
          peer.hear("hello");
          for (std::size_t i = 0; i <= good; ++i) {
            peer.say(verb, verb == "prompt" ? code_prompt : list);
            if (i < good) peer.hear(verb == "prompt" ? "answer" : "chosen", {{"text", "1"}});
          }
          peer.hear("goodbye", {{"why", "conversation"}});
          peer.hear_the_end();
        });
        Host host(house);
        host.turns.assign(good, {Reply::answer, "1"});
        host.turns.push_back({reply, ""});
        assert_int_equal(host.authenticate(), PAM_CONV_ERR);
        assert_true(verifier.as_expected());
      }
    }
  }
}

void a_host_without_conversation(void**) {
  const House house(alone);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("tell", {{"style", "info"}, {"text", "Hello"}});
    peer.hear("goodbye", {{"why", "conversation"}});
  });
  const pam_conv none = {nullptr, nullptr};
  pam_handle_t* pam = nullptr;
  assert_int_equal(pam_start_confdir("test", "taro", &none, house.pam_dir().c_str(), &pam), PAM_SUCCESS);
  assert_int_equal(pam_authenticate(pam, 0), PAM_CONV_ERR);
  pam_end(pam, PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

// The result is there before the answer, or an answer was left unread when the line was closed: it counts all the same.
void a_verifier_whose_time_is_over(void**) {
  const House house(alone);
  for (const std::string last : {"hidden|Code: ", "info|One moment"}) {
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.hear("hello");
      peer.say("prompt", code_prompt);
      if (last == "info|One moment") peer.say("tell", {{"style", "info"}, {"text", "One moment"}});
      peer.say("result", {{"code", "denied"}, {"text", "Too slow."}});
      if (last == "info|One moment") peer.leave_unread();
    });
    Host host(house);
    bool closed = false;
    host.before_each = [&] {
      if (host.seen.back() == last) closed = verifier.as_expected();
    };
    host.turns = {{Reply::answer, "492039"}};
    assert_int_equal(host.authenticate(), PAM_AUTH_ERR);
    assert_string_equal(host.seen.back().c_str(), "error|Too slow.");
    assert_true(closed);
  }
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(every_result_has_its_code),
      cmocka_unit_test(hello_says_what_pam_knows),
      cmocka_unit_test(hello_leaves_out_what_is_empty),
      cmocka_unit_test(the_first_factor_is_believed_only_from_its_own_word),
      cmocka_unit_test(a_key_may_stand_on_any_line),
      cmocka_unit_test(a_long_auth_info_is_left_out_and_a_long_name_refused),
      cmocka_unit_test(answers_are_passed_on),
      cmocka_unit_test(long_answers_are_cut),
      cmocka_unit_test(a_password_typed_again_stays_here),
      cmocka_unit_test(what_sshd_makes_up_is_an_answer_like_any_other),
      cmocka_unit_test(a_whole_dialogue),
      cmocka_unit_test(silence_keeps_texts_back_but_no_question),
      cmocka_unit_test(the_longest_list_is_shown),
      cmocka_unit_test(a_person_who_goes_away),
      cmocka_unit_test(a_host_without_conversation),
      cmocka_unit_test(a_verifier_whose_time_is_over),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

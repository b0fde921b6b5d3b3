// SPDX-License-Identifier: Apache-2.0
// The other doors and the PAM file: account with and without a mark, the password door, arguments, and where stacks end.
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

constexpr int was_ignored = PAM_TRY_AGAIN;
static_assert(was_ignored == 24);
const std::string pass_auth = "auth [success=ok ignore=ignore default=die] MODULE RUN\nauth required FIRST say=0\n";
const std::string account_codes =
    "account [success=2 new_authtok_reqd=done ignore=ignore default=die] MODULE RUN\n"
    "account [default=die] FIRST say=24\naccount required FIRST say=24\naccount required FIRST say=0\n";

utmfa::test::Script saying(const std::string& word) {
  return [word](Peer& peer) {
    peer.hear("hello");
    peer.say("result", {{"code", word}});
  };
}

int authenticated(Host& host, const House& house, const std::string& word) {
  FakeVerifier verifier(house.run_dir(), saying(word));
  const int code = host.authenticate();
  assert_true(verifier.as_expected());
  return code;
}

void without_a_mark_the_account_door_asks(void**) {
  const struct {
    const char* word;
    int code;
  } table[] = {{"not-needed", was_ignored},
               {"exempt", was_ignored},
               {"remembered", was_ignored},
               {"denied", PAM_PERM_DENIED},
               {"observed", was_ignored},
               {"locked", PAM_PERM_DENIED},
               {"set-up-needed", PAM_PERM_DENIED},
               {"set-up-done", PAM_AUTHINFO_UNAVAIL},
               {"unavailable", PAM_AUTHINFO_UNAVAIL},
               {"granted", PAM_AUTHINFO_UNAVAIL},
               {"aborted", PAM_ABORT},
               {"nonsense", PAM_AUTHINFO_UNAVAIL}};
  const House house(account_codes);
  for (const auto& row : table) {
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.hear("hello", {{"door", "account"}, {"user", "taro"}, {"service", "test"}, {"first", "unknown"}});
      peer.say("tell", {{"style", "error"}, {"text", "A key alone is not enough."}});
      peer.say("result", {{"code", row.word}});
    });
    Host host(house);
    if (const int code = host.account(); code != row.code) fail_msg("%s: %d", row.word, code);
    assert_true(host.seen == std::vector<std::string>{"error|A key alone is not enough."});
    assert_true(verifier.as_expected());
  }
}

// With a mark nobody is asked: nobody listens then.
void with_a_mark_the_account_door_knows(void**) {
  const struct {
    const char* word;
    int code;
  } table[] = {
      {"granted", PAM_SUCCESS},          {"exempt", PAM_SUCCESS},           {"not-needed", PAM_SUCCESS},
      {"remembered", PAM_SUCCESS},       {"observed", PAM_SUCCESS},         {"set-up-needed", PAM_NEW_AUTHTOK_REQD},
      {"denied", PAM_AUTHINFO_UNAVAIL},  {"locked", PAM_AUTHINFO_UNAVAIL},  {"unavailable", PAM_AUTHINFO_UNAVAIL},
      {"aborted", PAM_AUTHINFO_UNAVAIL}, {"nonsense", PAM_AUTHINFO_UNAVAIL}};
  const House house(pass_auth + "account [success=ok new_authtok_reqd=ok default=die] MODULE RUN verifier=none\n");
  for (const auto& row : table) {
    Host host(house);
    (void)authenticated(host, house, row.word);
    if (const int code = host.account(); code != row.code) fail_msg("%s: %d", row.word, code);
  }
}

void a_mark_is_of_one_user_and_one_sign_in(void**) {
  const House house(pass_auth + "account [success=ok default=die] MODULE RUN verifier=none\n");
  Host host(house);
  assert_int_equal(authenticated(host, house, "granted"), PAM_SUCCESS);
  assert_int_equal(host.account(), PAM_SUCCESS);
  for (const char* other : {"tar", "taro2", "jiro"}) {
    pam_set_item(host.pam(), PAM_USER, other);
    assert_int_equal(host.account(), PAM_AUTHINFO_UNAVAIL);
  }
  pam_set_item(host.pam(), PAM_USER, "taro");
  assert_int_equal(host.account(), PAM_SUCCESS);
  assert_int_equal(authenticated(host, house, "denied"), PAM_AUTH_ERR);
  assert_int_equal(host.account(), PAM_AUTHINFO_UNAVAIL);
  assert_int_equal(authenticated(host, house, "not-needed"), PAM_SUCCESS);
  assert_int_equal(host.account(), PAM_SUCCESS);
  assert_int_equal(host.authenticate(), PAM_AUTHINFO_UNAVAIL);  // nobody listens: the mark is gone all the same
  assert_int_equal(host.account(), PAM_AUTHINFO_UNAVAIL);
}

constexpr char password_line[] =
    "password [success=done ignore=ignore default=die] MODULE RUN verifier=none\npassword required FIRST say=24\n";

int set_up(Host& host, const House& house, const std::string& word) {
  FakeVerifier verifier(house.run_dir(), [word](Peer& peer) {
    peer.hear("hello", {{"door", "set-up"}, {"user", "taro"}, {"service", "test"}, {"first", "unknown"}});
    peer.say("tell", {{"style", "info"}, {"text", "Let us set it up."}});
    peer.say("prompt", {{"echo", "shown"}, {"text", "Apply? "}});
    peer.hear("answer", {{"text", "yes"}});
    peer.say("result", {{"code", word}});
  });
  host.seen.clear();
  host.turns = {{utmfa::test::Reply::answer, "yes"}};
  const int code = pam_chauthtok(host.pam(), PAM_CHANGE_EXPIRED_AUTHTOK);
  assert_true(verifier.as_expected());
  assert_true(host.seen == (std::vector<std::string>{"info|Let us set it up.", "shown|Apply? "}));
  return code;
}

void whoever_changes_a_password_is_not_asked(void**) {
  const House house(pass_auth + password_line);
  Host host(house);
  assert_int_equal(pam_chauthtok(host.pam(), 0), was_ignored);
  for (const char* word : {"granted", "exempt", "not-needed", "remembered"}) {
    assert_int_equal(authenticated(host, house, word), PAM_SUCCESS);
    assert_int_equal(pam_chauthtok(host.pam(), PAM_CHANGE_EXPIRED_AUTHTOK), was_ignored);
  }
  assert_true(host.seen.empty());
}

// One word opens at the door of set-up, and none of those that open elsewhere. What follows our line is not asked.
void the_password_door_leads_through_set_up(void**) {
  const struct {
    const char* word;
    int code;
  } table[] = {{"set-up-done", PAM_SUCCESS},
               {"denied", PAM_AUTHTOK_ERR},
               {"locked", PAM_AUTHTOK_ERR},
               {"granted", PAM_AUTHINFO_UNAVAIL},
               {"exempt", PAM_AUTHINFO_UNAVAIL},
               {"not-needed", PAM_AUTHINFO_UNAVAIL},
               {"remembered", PAM_AUTHINFO_UNAVAIL},
               {"set-up-needed", PAM_AUTHINFO_UNAVAIL},
               {"aborted", PAM_ABORT},
               {"unavailable", PAM_AUTHINFO_UNAVAIL},
               {"nonsense", PAM_AUTHINFO_UNAVAIL}};
  const House house(pass_auth + "account [success=ok new_authtok_reqd=ok default=die] MODULE RUN verifier=none\n" +
                    "session required MODULE\n" + password_line);
  for (const auto& row : table) {
    Host host(house);
    assert_int_equal(authenticated(host, house, "set-up-needed"), PAM_SUCCESS);
    assert_int_equal(host.account(), PAM_NEW_AUTHTOK_REQD);
    assert_string_equal(pam_getenv(host.pam(), "UTMFA_SET_UP"), "needed");
    assert_int_equal(pam_open_session(host.pam(), 0), PAM_PERM_DENIED);
    if (const int code = set_up(host, house, row.word); code != row.code) fail_msg("%s: %d", row.word, code);
    const bool open = row.code == PAM_SUCCESS;
    assert_int_equal(pam_getenv(host.pam(), "UTMFA_SET_UP") == nullptr, open);
    assert_int_equal(host.account(), open ? PAM_SUCCESS : PAM_NEW_AUTHTOK_REQD);
    assert_int_equal(pam_open_session(host.pam(), 0), open ? PAM_SUCCESS : PAM_PERM_DENIED);
  }
}

// sshd opens the session with another handle, to which it copies the environment.
void another_handle_with_the_debt_is_refused(void**) {
  const House house("auth required MODULE RUN verifier=none\nsession required MODULE\n");
  Host host(house);
  pam_putenv(host.pam(), "UTMFA_SET_UP=needed");
  (void)logged();
  assert_int_equal(pam_setcred(host.pam(), PAM_DELETE_CRED), PAM_SUCCESS);
  assert_int_equal(pam_close_session(host.pam(), 0), PAM_SUCCESS);
  assert_int_equal(pam_open_session(host.pam(), 0), PAM_PERM_DENIED);
  assert_int_equal(pam_close_session(host.pam(), 0), PAM_PERM_DENIED);  // libpam goes the way of the open
  (void)logged();
  assert_int_equal(pam_setcred(host.pam(), PAM_ESTABLISH_CRED), PAM_INCOMPLETE);
  assert_true(logged().front().find("password line") != std::string::npos);
  assert_int_equal(pam_setcred(host.pam(), PAM_REINITIALIZE_CRED), PAM_INCOMPLETE);
}

// Its authenticate was ignored in all of these, and libpam would ignore its setcred with it.
void credentials_are_refused_under_every_control(void**) {
  for (const char* control :
       {"required", "requisite", "sufficient", "optional", "[success=ok ignore=ignore default=die]", "[default=ignore]",
        "[success=1 default=ignore]"}) {
    const House house("auth required FIRST say=0\nauth " + std::string(control) +
                      " MODULE RUN\nauth required pam_permit.so\nsession required pam_permit.so\n");
    Host host(house);
    assert_int_equal(authenticated(host, house, "set-up-needed"), PAM_SUCCESS);
    if (const int code = pam_setcred(host.pam(), PAM_ESTABLISH_CRED); code != PAM_INCOMPLETE)
      fail_msg("%s: %d", control, code);
    assert_int_equal(pam_open_session(host.pam(), 0), PAM_ABORT);  // sudo does not look at what setcred said
    Host other(house);
    assert_int_equal(authenticated(other, house, "not-needed"), PAM_SUCCESS);
    assert_int_equal(pam_setcred(other.pam(), PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_int_equal(pam_open_session(other.pam(), 0), PAM_SUCCESS);
  }
}

void a_new_sign_in_begins_without_the_debt(void**) {
  const House house(pass_auth + "session required MODULE\n");
  Host host(house);
  assert_int_equal(authenticated(host, house, "set-up-needed"), PAM_SUCCESS);
  assert_int_equal(pam_open_session(host.pam(), 0), PAM_PERM_DENIED);
  assert_int_equal(authenticated(host, house, "granted"), PAM_SUCCESS);
  assert_int_equal(pam_open_session(host.pam(), 0), PAM_SUCCESS);
}

void the_doors_of_no_decision_stay_open(void**) {
  const House house("auth required MODULE\nsession required MODULE\n");
  Host host(house);
  assert_int_equal(pam_setcred(host.pam(), PAM_ESTABLISH_CRED), PAM_SUCCESS);
  assert_int_equal(pam_open_session(host.pam(), 0), PAM_SUCCESS);
  assert_int_equal(pam_close_session(host.pam(), 0), PAM_SUCCESS);
}

void wrong_arguments_refuse(void**) {
  const std::string longest_dir = "run-dir=/" + std::string(96, 'd'),
                    longest_service = "service=" + std::string(256, 's');
  const std::string wrong[] = {"debug",       "Run-dir=/run",    "run-dir",    "run-dir=",      "run-dir=/",
                               "run-dir=run", "service=",        "timeout=",   "timeout=0",     "timeout=601",
                               "timeout=-1",  "timeout=1s",      "timeout=01", "timeout=1000",  "timeout=4294967297",
                               "verifier=",   "verifier=utmfad", "verifier=/", "verifier=NONE", "nullok",
                               "[ ]",         "[timeout=1 ]",    longest_dir,  longest_service};
  for (const std::string& argument : wrong) {
    const House house("auth [success=ok default=die] MODULE RUN " + argument +
                      "\naccount [success=ok default=die] MODULE RUN " + argument + "\n");
    FakeVerifier verifier(house.run_dir(), saying("granted"));  // nobody comes
    Host host(house);
    (void)logged();
    if (const int code = host.authenticate(); code != PAM_SERVICE_ERR) fail_msg("%s: %d", argument.c_str(), code);
    assert_int_equal(host.account(), PAM_SERVICE_ERR);
    const std::vector<std::string> lines = logged();
    assert_int_equal(lines.size(), 2);
    assert_true(lines[0].find("see pam_utmfa(8)") != std::string::npos);
  }
}

void right_arguments_are_taken(void**) {
  for (const std::string& argument :
       {std::string("timeout=1"), std::string("timeout=600"), std::string("verifier=none"), std::string("verifier=/x"),
        std::string("service=") + std::string(255, 's'), std::string("run-dir=/nowhere RUN"), std::string()}) {
    const House house("auth [success=ok default=die] MODULE " + argument + " RUN\n");
    Host host(house);
    assert_int_equal(authenticated(host, house, "granted"), PAM_SUCCESS);
  }
}

void a_user_must_have_a_name(void**) {
  const House house("auth [success=ok default=die] MODULE RUN\n");
  Host nobody(house, "");
  assert_int_equal(nobody.authenticate(), PAM_USER_UNKNOWN);
  Host unknown(house, nullptr);  // libpam asks for it, and this conversation fails
  assert_int_equal(unknown.authenticate(), PAM_CONV_ERR);
  assert_int_equal(unknown.seen.size(), 1);
}

// Our module under each control, between a password that was right and the end of the stack.
void stacks_end_as_they_must(void**) {
  const char* words[] = {"granted", "denied", "locked", "exempt", "set-up-needed", "unavailable", "garbage"};
  const struct {
    const char* stack;
    const char* succeed;  // + or - for each word
  } table[] = {
      {"auth required FIRST say=0\nauth required MODULE RUN\n", "+--++--"},
      {"auth required FIRST say=0\nauth requisite MODULE RUN\n", "+--++--"},
      {"auth required MODULE RUN\n", "+------"},
      {"auth sufficient MODULE RUN\nauth required pam_deny.so\n", "+------"},
      {"auth [success=1 default=ignore] MODULE RUN\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
       "+------"},
      {"auth [success=1 default=ignore] FIRST say=0\nauth requisite pam_deny.so\nauth required MODULE RUN\n"
       "auth required pam_permit.so\n",
       "+--++--"},
      {"auth required MODULE RUN\nauth required pam_permit.so\n", "+--++--"},
      {"auth sufficient MODULE RUN\nauth required pam_permit.so\n", "+++++++"},  // what an administrator asked for
  };
  for (const auto& row : table) {
    const House house(row.stack);
    for (std::size_t i = 0; i < std::size(words); ++i) {
      Host host(house);
      const int code = authenticated(host, house, words[i]);
      if ((code == PAM_SUCCESS) != (row.succeed[i] == '+')) fail_msg("%s under\n%s%d", words[i], row.stack, code);
    }
  }
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(without_a_mark_the_account_door_asks),
      cmocka_unit_test(with_a_mark_the_account_door_knows),
      cmocka_unit_test(a_mark_is_of_one_user_and_one_sign_in),
      cmocka_unit_test(whoever_changes_a_password_is_not_asked),
      cmocka_unit_test(the_password_door_leads_through_set_up),
      cmocka_unit_test(another_handle_with_the_debt_is_refused),
      cmocka_unit_test(credentials_are_refused_under_every_control),
      cmocka_unit_test(a_new_sign_in_begins_without_the_debt),
      cmocka_unit_test(the_doors_of_no_decision_stay_open),
      cmocka_unit_test(wrong_arguments_refuse),
      cmocka_unit_test(right_arguments_are_taken),
      cmocka_unit_test(a_user_must_have_a_name),
      cmocka_unit_test(stacks_end_as_they_must),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

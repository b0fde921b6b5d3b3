// SPDX-License-Identifier: Apache-2.0
// Programs with one hidden field: what is typed is a password and a code behind it. The verifier gets the digits only, the
// modules behind the password only, and a password that was asked for before stands.
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

const std::string field_text = "Password and code: ";
const std::string longest_typed(511, 'p');  // what libpam and GDM let through, PAM_MAX_RESP_SIZE - 1

Fields question(const std::string& digits) {
  return {{"echo", "hidden"}, {"text", field_text}, {"behind-password", digits}};
}

// What the verifier hears of what was typed, with the module that judges `behind` after us; the code of authenticate.
int typed(const std::string& text, const Fields& answer, const std::string& behind, const std::string& digits = "6",
          const std::string& before = "") {
  const House house(before + "auth required MODULE RUN\nauth required FIRST [behind=" + behind + "]\n");
  FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", question(digits));
    peer.hear("answer", answer);
    peer.say("result", {{"code", answer.count("text") != 0 ? "granted" : "denied"}});
    peer.hear_the_end();
  });
  Host host(house);
  host.turns = {{Reply::answer, text}};
  const int code = host.authenticate();
  assert_true(verifier.as_expected());
  assert_int_equal(host.seen.size(), 1);
  assert_true(host.seen[0] == "hidden|" + field_text);
  for (const std::string& line : logged())
    if (line.find("horse") != line.npos) fail_msg("a password in the log: %s", line.c_str());
  return code;
}

void the_code_goes_one_way_and_the_password_the_other(void**) {
  assert_int_equal(typed("horse492039", {{"text", "492039"}}, "horse"), PAM_SUCCESS);
  assert_int_equal(typed("horse492039", {{"text", "492039"}}, "horse4"), PAM_AUTH_ERR);
  assert_int_equal(typed("horse492039", {{"text", "492039"}}, "horse492039"), PAM_AUTH_ERR);
}

void digits_of_the_password_are_its_own(void**) {
  assert_int_equal(typed("horse42492039", {{"text", "492039"}}, "horse42"), PAM_SUCCESS);
  assert_int_equal(typed("123456492039", {{"text", "492039"}}, "123456"), PAM_SUCCESS);
  assert_int_equal(typed("horse12345678", {{"text", "12345678"}}, "horse", "8"), PAM_SUCCESS);
}

void a_code_alone_leaves_no_password(void**) {
  assert_int_equal(typed("492039", {{"text", "492039"}}, ""), PAM_SUCCESS);
  assert_int_equal(typed("492039", {{"text", "492039"}}, "492039"), PAM_AUTH_ERR);
}

void without_a_code_nothing_of_it_is_sent(void**) {
  for (const char* text : {"horse", "horse49203", "horse49203x", "49203", ""})
    assert_int_equal(typed(text, {}, text), PAM_AUTH_ERR);
  assert_int_equal(typed(longest_typed, {}, longest_typed), PAM_AUTH_ERR);
}

void other_digits_are_no_code(void**) {
  assert_int_equal(typed("horse\xef\xbc\x94\xef\xbc\x99\xef\xbc\x92", {}, "horse", "3"), PAM_AUTH_ERR);  // full width
}

void the_longest_that_is_typed(void**) {
  const std::string password = longest_typed.substr(6);
  assert_int_equal(typed(password + "492039", {{"text", "492039"}}, password), PAM_SUCCESS);
}

void a_password_that_was_asked_for_before_stands(void**) {
  const std::string before = "auth optional FIRST authtok=staple\n";
  assert_int_equal(typed("horse492039", {{"text", "492039"}}, "staple", "6", before), PAM_SUCCESS);
  assert_int_equal(typed("horse492039", {{"text", "492039"}}, "horse", "6", before), PAM_AUTH_ERR);
}

void more_digits_than_a_code_can_have_are_garbage(void**) {
  for (const char* digits : {"17", "99999999999", "-1", "x"}) {
    const House house("auth required MODULE RUN\nauth required FIRST behind=horse\n");
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.hear("hello");
      peer.say("prompt", question(digits));
      peer.hear();
    });
    Host host(house);
    host.turns = {{Reply::answer, "horse492039"}};
    assert_int_not_equal(host.authenticate(), PAM_SUCCESS);
    (void)logged();
  }
}

void who_goes_away_leaves_nothing(void**) {
  const House house("auth required MODULE RUN\nauth required FIRST behind=\n");
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("prompt", question("6"));
    peer.hear("goodbye", {{"why", "conversation"}});
    peer.hear_the_end();
  });
  Host host(house);
  host.turns = {{Reply::failure, ""}};
  assert_int_not_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(the_code_goes_one_way_and_the_password_the_other),
      cmocka_unit_test(digits_of_the_password_are_its_own),
      cmocka_unit_test(a_code_alone_leaves_no_password),
      cmocka_unit_test(without_a_code_nothing_of_it_is_sent),
      cmocka_unit_test(other_digits_are_no_code),
      cmocka_unit_test(the_longest_that_is_typed),
      cmocka_unit_test(a_password_that_was_asked_for_before_stands),
      cmocka_unit_test(more_digits_than_a_code_can_have_are_garbage),
      cmocka_unit_test(who_goes_away_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

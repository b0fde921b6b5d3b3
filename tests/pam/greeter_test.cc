// SPDX-License-Identifier: Apache-2.0
// Behind GDM: what the hello says of the greeter, lists that it draws, and everything that can come back as a choice.
#include <cstdlib>

#include "fake_verifier.h"
#include "greeter.h"
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

const char* const extensions = "GDM_SUPPORTED_PAM_EXTENSIONS";
const char* const reauth = "GDM_SESSION_FOR_REAUTH";
const std::string choice_list = "org.gnome.DisplayManager.UserVerifier.ChoiceList";
const std::string custom_json = "org.gnome.DisplayManager.UserVerifier.CustomJSON";
const std::string alone = "auth [success=ok default=die] MODULE RUN\n";
const Fields granted = {{"code", "granted"}};
const Fields list = {{"title", "Confirm another way"},
                     {"prompt", "Click, or type its number"},
                     {"count", "2"},
                     {"item1", "iPhone"},
                     {"item2", "Recovery sheet"}};

// Variables of the worker's environment, for as long as one test.
class Worker {
 public:
  Worker(const std::string& supported, const char* for_reauth = nullptr) {
    setenv(extensions, supported.c_str(), 1);
    if (for_reauth) setenv(reauth, for_reauth, 1);
  }
  ~Worker() {
    unsetenv(extensions);
    unsetenv(reauth);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
};

Fields hello_at(const char* service, const std::string& stack = alone) {
  const House house(stack);
  std::string screen, purpose, named;
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    const Fields hello = peer.hear("hello");
    const auto value = [&hello](const char* key) {
      const auto found = hello.find(key);
      return found == hello.end() ? std::string("-") : found->second;
    };
    peer.say("tell", {{"style", "info"}, {"text", value("screen")}});
    peer.say("tell", {{"style", "info"}, {"text", value("purpose")}});
    peer.say("tell", {{"style", "info"}, {"text", value("service")}});
    peer.say("result", granted);
  });
  Host host(house, "taro", service);
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
  return {{"screen", host.seen.at(0)}, {"purpose", host.seen.at(1)}, {"service", host.seen.at(2)}};
}

void a_name_has_a_place_only_as_a_whole(void**) {
  const struct {
    std::string list;
    int place;
  } table[] = {
      {choice_list, 0},
      {custom_json + " " + choice_list, 1},
      {"a b " + choice_list + " c", 2},
      {"", -1},
      {" ", -1},
      {custom_json, -1},
      {"org.gnome", -1},
      {choice_list + "2", -1},
      {"x" + choice_list, -1},
      {" " + choice_list, 1},
      {choice_list + "," + custom_json, -1},
      {choice_list.substr(0, choice_list.size() - 1), -1},
  };
  for (const auto& row : table)
    if (const int place = utmfa::place_of(choice_list, row.list); place != row.place)
      fail_msg("\"%s\": %d", row.list.c_str(), place);
  std::string many;
  for (int i = 0; i < 256; ++i) many += "a ";
  assert_int_equal(utmfa::place_of(choice_list, many + choice_list), -1);
  assert_int_equal(utmfa::place_of(choice_list, many.substr(2) + choice_list), 255);
}

void the_hello_tells_of_the_greeter(void**) {
  assert_true(hello_at("gdm-password") ==
              (Fields{{"screen", "info|greeter"}, {"purpose", "info|-"}, {"service", "info|gdm-password"}}));
  const Worker worker(choice_list, "1");
  assert_true(hello_at("gdm-password") ==
              (Fields{{"screen", "info|greeter-lists"}, {"purpose", "info|unlock"}, {"service", "info|gdm-password"}}));
  // The policy's name for it changes nothing of what stands there.
  assert_true(hello_at("gdm-password", "auth [success=ok default=die] MODULE RUN service=sshd\n") ==
              (Fields{{"screen", "info|greeter-lists"}, {"purpose", "info|unlock"}, {"service", "info|sshd"}}));
}

void nobody_else_is_a_greeter(void**) {
  const Worker worker(choice_list, "1");
  assert_true(hello_at("test") == (Fields{{"screen", "info|-"}, {"purpose", "info|-"}, {"service", "info|test"}}));
  assert_true(hello_at("test", "auth [success=ok default=die] MODULE RUN service=gdm-password\n") ==
              (Fields{{"screen", "info|-"}, {"purpose", "info|-"}, {"service", "info|gdm-password"}}));
}

void unlocking_is_said_by_one_word_only(void**) {
  for (const char* word : {"", "0", "true", "11"}) {
    const Worker worker(choice_list, word);
    assert_string_equal(hello_at("gdm-password")["purpose"].c_str(), "info|-");
  }
}

// One list, answered so; what the verifier is told is "chosen".
void list_answered(const std::string& supported, const utmfa::test::Turn& turn, const Fields& chosen,
                   const char* drawn) {
  const House house("auth optional FIRST authtok=hunter2\n" + alone);
  const Worker worker(supported);
  FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
    peer.hear("hello");
    peer.say("choose", list);
    peer.hear("chosen", chosen);
    peer.say("result", granted);
  });
  Host host(house, "taro", "gdm-password");
  host.turns = {turn};
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(host.seen == (std::vector<std::string>{"info|Click, or type its number", drawn}));
  assert_true(verifier.as_expected());
  assert_true(logged().empty());
}

void the_list_is_drawn_and_its_key_is_a_number(void**) {
  const char* drawn = "list|0|Confirm another way|m01=1 iPhone|m02=2 Recovery sheet";
  list_answered(choice_list, {Reply::answer, "m02"}, {{"text", "2"}}, drawn);
  list_answered(choice_list, {Reply::answer, "m01"}, {{"text", "1"}}, drawn);
  list_answered(custom_json + " " + choice_list, {Reply::answer, "m02"}, {{"text", "2"}},
                "list|1|Confirm another way|m01=1 iPhone|m02=2 Recovery sheet");
}

void what_was_typed_comes_as_the_key_and_is_passed_on(void**) {
  const char* drawn = "list|0|Confirm another way|m01=1 iPhone|m02=2 Recovery sheet";
  for (const char* typed : {"2", "492039", "m03", "m0", "m02 ", "M02", "", "?"})
    list_answered(choice_list, {Reply::answer, typed}, {{"text", typed}}, drawn);
  list_answered(choice_list, {Reply::answer, "hunter2"}, {{"again", "1"}}, drawn);
}

void a_long_key_is_cut(void**) {
  const House house(alone);
  const Worker worker(choice_list);
  FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
    peer.hear("hello");
    peer.say("choose", list);
    peer.hear("chosen", {{"text", std::string(1023, 'k')}});
    peer.say("result", granted);
  });
  Host host(house, "taro", "gdm-password");
  host.turns = {{Reply::answer, std::string(5000, 'k')}};
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(verifier.as_expected());
}

void a_list_that_is_broken_off_ends_the_sign_in(void**) {
  for (const Reply reply :
       {Reply::failure, Reply::no_responses, Reply::null_text, Reply::null_key, Reply::other_type, Reply::cut}) {
    const House house(alone);
    const Worker worker(choice_list);
    FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
      peer.hear("hello");
      peer.say("choose", list);
      peer.hear("goodbye", {{"why", "conversation"}});
      peer.hear_the_end();
    });
    Host host(house, "taro", "gdm-password");
    host.turns = {{reply, "m01"}};
    assert_int_equal(host.authenticate(), PAM_CONV_ERR);
    assert_true(verifier.as_expected());
  }
}

void a_list_of_any_length_is_drawn(void**) {
  const House house(alone);
  const Worker worker(choice_list);
  Fields many = {{"title", std::string(2000, 't')}, {"prompt", "Number"}, {"count", "32"}};
  for (int i = 1; i <= 32; ++i) many["item" + std::to_string(i)] = std::string(430, 'i');
  FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
    peer.hear("hello");
    peer.say("choose", many);
    peer.hear("chosen", {{"text", "32"}});
    peer.say("result", granted);
  });
  Host host(house, "taro", "gdm-password");
  host.turns = {{Reply::answer, "m32"}};
  assert_int_equal(host.authenticate(), PAM_SUCCESS);
  assert_true(host.seen.at(1).ends_with("|m32=32 " + std::string(430, 'i')));
  assert_true(host.seen.at(1).find("|m09=9 ii") != std::string::npos);
  assert_true(verifier.as_expected());
}

void a_zero_or_a_gap_in_a_list_is_garbage(void**) {
  for (const auto& [key, value] : {std::pair("item1", std::string("a\0b", 3)), std::pair("title", std::string("\0", 1)),
                                   std::pair("prompt", std::string("\0", 1)), std::pair("count", std::string("3"))}) {
    const House house(alone);
    const Worker worker(choice_list);
    Fields wrong = list;
    wrong[key] = value;
    FakeVerifier verifier(house.run_dir(), [&](Peer& peer) {
      peer.hear("hello");
      peer.say("choose", wrong);
      peer.hear_the_end();
    });
    Host host(house, "taro", "gdm-password");
    host.turns = {{Reply::answer, "m01"}};
    assert_int_equal(host.authenticate(), PAM_AUTHINFO_UNAVAIL);
    assert_true(host.seen.empty());
    assert_true(verifier.as_expected());
    assert_int_equal(logged().size(), 1);
  }
}

void where_no_list_is_drawn_it_is_written(void**) {
  for (const std::string& supported : {std::string(), custom_json, std::string("org.gnome"), choice_list + "x"}) {
    const House house(alone);
    const Worker worker(supported);
    FakeVerifier verifier(house.run_dir(), [](Peer& peer) {
      if (peer.hear("hello")["screen"] != "greeter") return;
      peer.say("choose", list);
      peer.hear("chosen", {{"text", "2"}});
      peer.say("result", granted);
    });
    Host host(house, "taro", "gdm-password");
    host.turns = {{Reply::answer, "2"}};
    assert_int_equal(host.authenticate(), PAM_SUCCESS);
    assert_true(host.seen == (std::vector<std::string>{"info|Confirm another way\n  1  iPhone\n  2  Recovery sheet",
                                                       "shown|Click, or type its number"}));
    assert_true(verifier.as_expected());
  }
}

}  // namespace

int all_tests() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_name_has_a_place_only_as_a_whole),
      cmocka_unit_test(the_hello_tells_of_the_greeter),
      cmocka_unit_test(nobody_else_is_a_greeter),
      cmocka_unit_test(unlocking_is_said_by_one_word_only),
      cmocka_unit_test(the_list_is_drawn_and_its_key_is_a_number),
      cmocka_unit_test(what_was_typed_comes_as_the_key_and_is_passed_on),
      cmocka_unit_test(a_long_key_is_cut),
      cmocka_unit_test(a_list_that_is_broken_off_ends_the_sign_in),
      cmocka_unit_test(a_list_of_any_length_is_drawn),
      cmocka_unit_test(a_zero_or_a_gap_in_a_list_is_garbage),
      cmocka_unit_test(where_no_list_is_drawn_it_is_written),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

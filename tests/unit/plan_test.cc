// SPDX-License-Identifier: Apache-2.0
// The policy: what each setting means for each status, which methods are offered in which order, and every reason.
#include "policy/plan.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr Time now = 2'000'000'000;
constexpr std::string_view kinds[] = {"totp", "hotp", "recovery", "pass"};

Config config(std::string_view text) {
  Result<Config> read = parse_config(text, "f", kinds);
  if (!read) fail_msg("%s", read.error().what.c_str());
  return std::move(*read);
}

AccountMethod method(std::string_view id, std::string_view kind, std::string_view unusable = "") {
  AccountMethod made;
  made.method.id = id;
  made.method.kind = kind;
  made.unusable = unusable;
  return made;
}

Account person(Registration status) {
  Account account;
  account.status = status;
  account.methods = {method("app-1", "totp"), method("token-1", "hotp"), method("recovery", "recovery")};
  return account;
}

SignIn from(std::string_view service, std::string_view address = "") {
  SignIn who;
  who.user = "taro";
  who.service = service;
  who.from = address;
  who.groups = {"students"};
  return who;
}

Plan planned(const Config& config, const SignIn& who, const Account& account, Time time, std::uint64_t place_mark = 0) {
  return plan(config, who, account, time, place_mark);
}

std::string ids(const std::vector<Offer>& offers) {
  std::string text;
  for (const Offer& each : offers) text += (text.empty() ? "" : " ") + each.method;
  return text;
}

std::string refusals(const Plan& plan) {
  std::string text;
  for (const Refusal& each : plan.refusals) text += (text.empty() ? "" : "; ") + each.method + ": " + each.why;
  return text;
}

void need_by_require_and_status(void**) {
  constexpr Registration none = Registration::none, half = Registration::setting_up, active = Registration::active,
                         ended = Registration::ended;
  constexpr std::string_view off = "require: off", enrolled = "require: enrolled", allow = "require: always",
                             deny = "require: always, not-enrolled: deny",
                             set_up = "require: always, not-enrolled: set-up",
                             idle = "require: enrolled, not-enrolled: deny";
  struct Row {
    std::string_view service;
    Registration status;
    Need need;
    std::string_view offers, reason;
  };
  constexpr std::string_view all = "app-1 token-1 recovery";
  constexpr Row rows[] = {
      {off, none, Need::not_needed, "", "services.sshd.require = off (f:2)"},
      {off, active, Need::not_needed, "", "services.sshd.require = off (f:2)"},
      {off, ended, Need::not_needed, "", "services.sshd.require = off (f:2)"},
      {enrolled, none, Need::not_needed, "", "services.sshd.require = enrolled (f:2); not enrolled"},
      {enrolled, half, Need::not_needed, "", "services.sshd.require = enrolled (f:2); not enrolled"},
      {enrolled, active, Need::factor, all, "services.sshd.require = enrolled (f:2)"},
      {enrolled, ended, Need::not_needed, "", "services.sshd.require = enrolled (f:2); not enrolled"},
      {idle, none, Need::not_needed, "", "services.sshd.require = enrolled (f:2); not enrolled"},
      {allow, none, Need::not_needed, "",
       "services.sshd.require = always (f:2); not enrolled, services.default.not-enrolled = allow (default)"},
      {allow, half, Need::not_needed, "",
       "services.sshd.require = always (f:2); not enrolled, services.default.not-enrolled = allow (default)"},
      {allow, active, Need::factor, all, "services.sshd.require = always (f:2)"},
      {allow, ended, Need::factor, "", "services.sshd.require = always (f:2); the registration was terminated: closed"},
      {deny, none, Need::factor, "",
       "services.sshd.require = always (f:2); not enrolled, services.sshd.not-enrolled = deny (f:2)"},
      {deny, half, Need::factor, "",
       "services.sshd.require = always (f:2); not enrolled, services.sshd.not-enrolled = deny (f:2)"},
      {deny, active, Need::factor, all, "services.sshd.require = always (f:2)"},
      {deny, ended, Need::factor, "", "services.sshd.require = always (f:2); the registration was terminated: closed"},
      {set_up, none, Need::set_up, "",
       "services.sshd.require = always (f:2); not enrolled, services.sshd.not-enrolled = set-up (f:2)"},
      {set_up, half, Need::set_up, "",
       "services.sshd.require = always (f:2); not enrolled, services.sshd.not-enrolled = set-up (f:2)"},
      {set_up, active, Need::factor, all, "services.sshd.require = always (f:2)"},
      {set_up, ended, Need::factor, "",
       "services.sshd.require = always (f:2); the registration was terminated: closed"},
  };
  for (const Row& row : rows) {
    const Config read = config("services:\n  sshd: {" + std::string(row.service) + "}");
    const Plan got = planned(read, from("sshd"), person(row.status), now);
    assert_int_equal(got.need, row.need);
    assert_string_equal(ids(got.offers).c_str(), std::string(row.offers).c_str());
    assert_string_equal(got.reason.c_str(), std::string(row.reason).c_str());
    assert_int_equal(got.enrolled, row.status == Registration::active);
  }
}

// Whoever was enrolled and lost his methods is asked to register wherever he was asked before, unless the service says
// itself what becomes of people who are not enrolled.
void a_reset_asks_for_set_up(void**) {
  const struct {
    std::string_view service;
    Need need;
  } rows[] = {{"require: enrolled", Need::set_up},
              {"require: always", Need::set_up},
              {"require: always, not-enrolled: set-up", Need::set_up},
              {"require: always, not-enrolled: deny", Need::factor},
              {"require: always, not-enrolled: allow", Need::not_needed},
              {"require: enrolled, not-enrolled: allow", Need::not_needed},
              {"require: \"off\"", Need::not_needed}};
  for (const auto& row : rows) {
    const Config read = config("services:\n  sshd: {" + std::string(row.service) + "}");
    for (const Registration status : {Registration::none, Registration::setting_up}) {
      Account account = person(status);
      account.reset = now - 1;
      assert_int_equal(planned(read, from("sshd"), account, now).need, row.need);
      assert_int_equal(planned(read, from("utmfa-test"), account, now).need,
                       status == Registration::setting_up ? Need::factor : Need::not_needed);
    }
    Account account = person(Registration::ended);
    account.reset = now - 1;
    assert_int_not_equal(planned(read, from("sshd"), account, now).need, Need::set_up);
  }
}

// Without the account door nothing would keep out who was told to register and did not.
void nobody_is_led_where_the_account_door_is_off(void**) {
  const struct {
    std::string_view service;
    Time reset;
    Need need;
    std::string_view off;  // where the reason says that it is
  } rows[] = {{"require: always, not-enrolled: set-up", 0, Need::set_up_elsewhere, "default.account = off (default)"},
              {"not-enrolled: set-up, require: always, account: off", 0, Need::set_up_elsewhere, "sudo.account = off"},
              {"require: always, not-enrolled: set-up, account: enforce", 0, Need::set_up, ""},
              {"require: enrolled", now - 1, Need::set_up_elsewhere, "default.account = off (default)"},
              {"remind: 2", 0, Need::not_needed, ""}};
  for (const auto& row : rows) {
    const Config read = config("services:\n  sudo: {" + std::string(row.service) + "}");
    Account account = person(Registration::none);
    account.reset = row.reset;
    const Plan got = planned(read, from("sudo"), account, now);
    assert_int_equal(got.need, row.need);
    assert_true(got.reason.find(row.off) != std::string::npos);
  }
}

// Who is let in unregistered is asked to register, and may put it off so often.
void a_campaign_comes_to_an_end(void**) {
  const struct {
    std::string_view service;
    std::int64_t put_off;
    Need need;
  } rows[] = {{"remind: 0", 0, Need::not_needed},
              {"remind: 2", 0, Need::offer},
              {"remind: 2", 1, Need::offer},
              {"remind: 2", 2, Need::set_up},
              {"remind: 2", 1000, Need::set_up},
              {"remind: 2, require: always", 0, Need::offer},
              {"remind: 2, require: always, not-enrolled: deny", 0, Need::factor},
              {"remind: 2, require: always, not-enrolled: set-up", 0, Need::set_up},
              {"remind: 2, require: \"off\"", 0, Need::not_needed}};
  for (const auto& row : rows) {
    const Config read = config("services:\n  sshd: {" + std::string(row.service) + "}");
    Account account = person(Registration::none);
    account.reminded = row.put_off;
    assert_int_equal(planned(read, from("sshd"), account, now).need, row.need);
    assert_int_equal(planned(read, from("utmfa-test"), account, now).need, Need::not_needed);
  }
}

void reasons_name_where_a_value_stands(void**) {
  const Plan none = planned(config(""), from("sshd"), person(Registration::active), now);
  assert_string_equal(none.reason.c_str(), "services.default.require = enrolled (default)");
  const Config inherited = config("services:\n  sshd: {tries: 1}\n  default:\n    require: always\n");
  for (const std::string_view service : {"sshd", "login"})
    assert_string_equal(planned(inherited, from(service), person(Registration::active), now).reason.c_str(),
                        "services.default.require = always (f:4)");
}

void enrolled_without_a_usable_method_is_closed(void**) {
  for (const std::string_view text : {"services:\n  sshd: {require: enrolled, methods: [pass]}",
                                      "services:\n  sshd: {require: always, methods: [pass], not-enrolled: allow}"}) {
    const Plan got = planned(config(text), from("sshd"), person(Registration::active), now);
    assert_int_equal(got.need, Need::factor);
    assert_int_equal(got.offers.size(), 0);
    assert_int_equal(got.refusals.size(), 3);
    assert_true(got.reason.find("enrolled, but no method can be used here: closed") != std::string::npos);
  }
  Account empty = person(Registration::active);
  empty.methods.clear();
  assert_int_equal(planned(config(""), from("sshd"), empty, now).need, Need::factor);
}

void methods_in_the_order_of_the_file(void**) {
  const Plan got = planned(config(""), from("sshd"), person(Registration::active), now);
  assert_int_equal(got.refusals.size(), 0);
  assert_string_equal(got.offers.at(0).why.c_str(), "first in the method file");
  assert_string_equal(got.offers.at(1).why.c_str(), "number 2 in the method file");
  assert_string_equal(got.offers.at(2).kind.c_str(), "recovery");
}

void preferred_method_comes_first(void**) {
  SignIn who = from("sshd");
  constexpr std::string_view rows[][2] = {{"recovery", "recovery app-1 token-1"},
                                          {"app-1", "app-1 token-1 recovery"},
                                          {"token-1", "token-1 app-1 recovery"},
                                          {"app-9", "app-1 token-1 recovery"}};
  for (const auto& row : rows) {
    who.prefer = row[0];
    assert_string_equal(ids(planned(config(""), who, person(Registration::active), now).offers).c_str(), row[1].data());
  }
  who.prefer = "recovery";  // asked for, but not taken here
  const Config read = config("services: {sshd: {methods: [totp]}}");
  assert_string_equal(ids(planned(read, who, person(Registration::active), now).offers).c_str(), "app-1");
}

void methods_are_refused_with_a_reason(void**) {
  Account account = person(Registration::active);
  account.methods[1].method.proof = Proof::waiting;
  account.methods[2].unusable = "no codes left";
  account.methods.push_back(method("app-2", "totp"));
  account.methods.push_back(method("app-3", "totp"));
  account.state.of("app-2").failures = 100;
  account.state.of("app-3").failures = 99;
  const Plan all = planned(config(""), from("sshd"), account, now);
  assert_string_equal(ids(all.offers).c_str(), "app-1 app-3");
  assert_string_equal(refusals(all).c_str(),
                      "token-1: its first code has not been proven; recovery: no codes left; "
                      "app-2: disabled after 100 wrong answers in a row: register it again");
  const Plan strict = planned(config("throttle: {disable-after: 99}"), from("sshd"), account, now);
  assert_string_equal(ids(strict.offers).c_str(), "app-1");
  const Config few = config("services:\n  default:\n    methods: [hotp,\n      totp]\n  sshd: {methods: [recovery]}\n");
  assert_string_equal(refusals(planned(few, from("login"), person(Registration::active), now)).c_str(),
                      "recovery: services.default.methods = [hotp, totp] (f:3) does not take recovery");
  assert_string_equal(refusals(planned(few, from("sshd"), person(Registration::active), now)).c_str(),
                      "app-1: services.sshd.methods = [recovery] (f:5) does not take totp; "
                      "token-1: services.sshd.methods = [recovery] (f:5) does not take hotp");
}

void test_service_counts_setting_up(void**) {
  const Config read = config("services:\n  default: {require: always, not-enrolled: deny, methods: [pass]}\n");
  constexpr std::string_view service = test_service;
  assert_string_equal(ids(planned(read, from(service), person(Registration::setting_up), now).offers).c_str(),
                      "app-1 token-1 recovery");
  assert_string_equal(ids(planned(read, from(service), person(Registration::active), now).offers).c_str(),
                      "app-1 token-1 recovery");
  const Plan none = planned(read, from(service), person(Registration::none), now);
  assert_int_equal(none.need, Need::not_needed);
  assert_string_equal(none.reason.c_str(), "services.utmfa-test.require = enrolled (default); not enrolled");
  assert_int_equal(planned(read, from(service), person(Registration::ended), now).need, Need::not_needed);
  assert_int_equal(planned(read, from("utmfa-test2"), person(Registration::setting_up), now).offers.size(), 0);
}

void exemptions_by_every_condition_together(void**) {
  const Config read = config(R"(services: {default: {require: always, not-enrolled: deny}}
exempt:
  - users: [taro]
    services: [backup-job]
  - groups: [robots]
    networks: ["192.0.2.0/24", "2001:db8::/32"]
  - users: [jiro, "0123456789"]
  - networks: ["::1"]
)");
  struct Row {
    std::string_view user, group, service, address, reason;  // no reason = not exempt
  };
  constexpr Row rows[] = {
      {"taro", "", "backup-job", "", "exempt rule 1 (f:3)"},
      {"taro", "", "sshd", "", ""},
      {"Taro", "", "backup-job", "", ""},
      {"taro2", "", "backup-job", "", ""},
      {"x", "robots", "sshd", "192.0.2.9", "exempt rule 2 (f:5)"},
      {"x", "robots", "sshd", "::ffff:192.0.2.9", "exempt rule 2 (f:5)"},
      {"x", "robots", "sshd", "2001:db8::9%eth0", "exempt rule 2 (f:5)"},
      {"x", "robots", "sshd", "192.0.3.9", ""},
      {"x", "robots", "sshd", "", ""},
      {"x", "robots", "sshd", "192.0.2.9.example", ""},
      {"x", "robot", "sshd", "192.0.2.9", ""},
      {"x", "", "sshd", "192.0.2.9", ""},
      {"0123456789", "", "sshd", "", "exempt rule 3 (f:7)"},
      {"123456789", "", "sshd", "", ""},
      {"jiro", "robots", "sshd", "192.0.2.9", "exempt rule 2 (f:5)"},  // the first that matches
      {"x", "", "sshd", "::1", "exempt rule 4 (f:8)"},
      {"x", "", "sshd", "localhost", ""},
      {"jiro", "", "utmfa-test", "", ""},  // a test that asks nothing proves nothing
  };
  for (const Row& row : rows) {
    SignIn who = from(row.service, row.address);
    who.user = row.user;
    who.groups = {std::string(row.group)};
    const Plan got = planned(read, who, person(Registration::active), now);
    assert_int_equal(got.need, row.reason.empty() ? Need::factor : Need::exempt);
    if (!row.reason.empty()) assert_string_equal(got.reason.c_str(), row.reason.data());
  }
}

void exemption_comes_before_everything(void**) {
  const Config read = config("services: {default: {require: always, not-enrolled: deny}}\nexempt: [{users: [taro]}]");
  for (const Registration status : {Registration::none, Registration::active, Registration::ended})
    assert_int_equal(planned(read, from("sshd"), person(status), now).need, Need::exempt);
}

void unresolved_groups_exempt_nobody(void**) {
  const Config read =
      config("exempt:\n  - groups: [students]\n  - groups: [students]\n    users: [jiro]\n  - users: [ann]\n");
  SignIn who = from("sshd");
  assert_int_equal(planned(read, who, person(Registration::active), now).need, Need::exempt);
  who.groups.reset();
  const Plan unknown = planned(read, who, person(Registration::active), now);
  assert_int_equal(unknown.need, Need::factor);
  assert_string_equal(unknown.reason.c_str(),
                      "services.default.require = enrolled (default); exempt rule 1 (f:2) does not apply: the groups "
                      "could not be resolved");
  who.groups.emplace();  // in no group at all, and that is known
  assert_string_equal(planned(read, who, person(Registration::active), now).reason.c_str(),
                      "services.default.require = enrolled (default)");
  who.groups.reset();
  who.user = "ann";  // a rule without groups still applies
  assert_int_equal(planned(read, who, person(Registration::active), now).need, Need::exempt);
}

void remembered_places(void**) {
  constexpr std::uint64_t here = 7, there = 8;
  const Config hour = config("services:\n  sshd:\n    remember: 1h\n"), off = config("");
  Account account = person(Registration::active);
  account.state.remembered[2] = {here, now + 600};
  const Plan got = planned(hour, from("sshd"), account, now, here);
  assert_int_equal(got.need, Need::remembered);
  assert_string_equal(got.reason.c_str(), "signed in from this place not long ago: services.sshd.remember = 1h (f:3)");
  assert_int_equal(planned(hour, from("sshd"), account, now + 599, here).need, Need::remembered);
  assert_int_equal(planned(hour, from("sshd"), account, now + 600, here).need, Need::factor);
  assert_int_equal(planned(hour, from("sshd"), account, now - 3000, here).need, Need::remembered);
  assert_int_equal(planned(hour, from("sshd"), account, now - 3001, here).need,
                   Need::factor);  // the clock was set back
  assert_int_equal(planned(hour, from("sshd"), account, now, there).need, Need::factor);
  assert_int_equal(planned(hour, from("sshd"), account, now, 0).need, Need::factor);
  assert_int_equal(planned(hour, from("sshd"), account, now).need, Need::factor);
  assert_int_equal(planned(off, from("sshd"), account, now, here).need, Need::factor);
  assert_int_equal(planned(hour, from("utmfa-test"), account, now, here).need, Need::factor);
  account.state.remembered[0] = {0, now + 600};  // a slot that was never used is no place
  assert_int_equal(planned(hour, from("sshd"), account, now, 0).need, Need::factor);
  account.status = Registration::ended;
  const Config always = config("services: {sshd: {remember: 1h, require: always}}");
  assert_int_equal(planned(always, from("sshd"), account, now, here).need, Need::factor);
  assert_int_equal(planned(always, from("sshd"), account, now, here).offers.size(), 0);
}

void place_is_service_and_address(void**) {
  assert_string_equal(place(from("sshd", "192.0.2.1")).c_str(), "sshd 192.0.2.1");
  assert_string_equal(place(from("sshd", "::FFFF:192.0.2.1")).c_str(), "sshd 192.0.2.1");
  assert_string_equal(place(from("sshd", "2001:DB8:0::1")).c_str(), "sshd 2001:db8::1");
  assert_true(place(from("login", "192.0.2.1")) != place(from("sshd", "192.0.2.1")));
  // A name is whatever its owner's name server says; nothing at all is every person of this machine.
  for (const std::string_view address : {"", "host.example", "localhost", "192.0.2.0/24", "192.0.2.1 "})
    assert_string_equal(place(from("sshd", address)).c_str(), "");
  SignIn taro = from("sshd", "192.0.2.1"), jiro = taro, nowhere = from("sshd");
  jiro.user = "jiro";
  assert_true(place_mark(taro) == place_mark(from("sshd", "::ffff:192.0.2.1")) && place_mark(taro) != 0);
  assert_true(place_mark(jiro) != place_mark(taro));
  assert_true(place_mark(nowhere) == 0);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::need_by_require_and_status),
      cmocka_unit_test(utmfa::a_reset_asks_for_set_up),
      cmocka_unit_test(utmfa::nobody_is_led_where_the_account_door_is_off),
      cmocka_unit_test(utmfa::a_campaign_comes_to_an_end),
      cmocka_unit_test(utmfa::reasons_name_where_a_value_stands),
      cmocka_unit_test(utmfa::enrolled_without_a_usable_method_is_closed),
      cmocka_unit_test(utmfa::methods_in_the_order_of_the_file),
      cmocka_unit_test(utmfa::preferred_method_comes_first),
      cmocka_unit_test(utmfa::methods_are_refused_with_a_reason),
      cmocka_unit_test(utmfa::test_service_counts_setting_up),
      cmocka_unit_test(utmfa::exemptions_by_every_condition_together),
      cmocka_unit_test(utmfa::exemption_comes_before_everything),
      cmocka_unit_test(utmfa::unresolved_groups_exempt_nobody),
      cmocka_unit_test(utmfa::remembered_places),
      cmocka_unit_test(utmfa::place_is_service_and_address),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

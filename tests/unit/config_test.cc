// SPDX-License-Identifier: Apache-2.0
// utmfa.yaml: what is read, what each mistake is told as, what is inherited, and what is warned of.
#include "config/config.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "support/check.h"

namespace utmfa {
namespace {

constexpr std::string_view kinds[] = {"totp", "hotp", "phone", "push", "recovery", "pass"};

Result<Config> parsed(std::string_view text) { return parse_config(text, "f", kinds); }

Config accepted(std::string_view text) {
  Result<Config> config = parsed(text);
  if (!config) fail_msg("%s\nwas refused: %s", std::string(text).c_str(), config.error().what.c_str());
  return std::move(*config);
}

void refused(std::string_view text, std::string_view expected) {
  const Result<Config> config = parsed(text);
  if (config) fail_msg("%s\nwas accepted", std::string(text).c_str());
  assert_int_equal(config.error().code, Code::invalid);
  assert_string_equal(config.error().what.c_str(), std::string(expected).c_str());
}

void warned(std::string_view text, const std::vector<std::string>& expected) {
  const Config config = accepted(text);
  assert_int_equal(config.warnings.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    assert_string_equal(config.warnings[i].c_str(), expected[i].c_str());
}

std::string in_default(std::string_view line) { return "services:\n  default:\n    " + std::string(line) + "\n"; }

void same(const Service& a, const Service& b) {
  assert_int_equal(a.require, b.require);
  assert_int_equal(a.not_enrolled, b.not_enrolled);
  assert_true(a.methods == b.methods);
  assert_int_equal(a.tries, b.tries);
  assert_int_equal(a.time_limit, b.time_limit);
  assert_int_equal(a.account, b.account);
  assert_true(a.language == b.language);
  assert_int_equal(a.labels, b.labels);
  assert_int_equal(a.remember, b.remember);
}

void same(const Config& a, const Config& b) {
  assert_true(a.language == b.language && a.issuer == b.issuer);
  same(a.fallback, b.fallback);
  assert_int_equal(a.services.size(), b.services.size());
  for (const auto& [name, service] : a.services) same(service, b.service(name));
  assert_int_equal(a.exemptions.size(), b.exemptions.size());
  assert_int_equal(a.registration.minimum, b.registration.minimum);
  assert_int_equal(a.registration.test, b.registration.test);
  assert_true(a.registration.default_kinds == b.registration.default_kinds);
  assert_int_equal(a.throttle.free, b.throttle.free);
  assert_int_equal(a.throttle.first_delay, b.throttle.first_delay);
  assert_int_equal(a.throttle.longest_delay, b.throttle.longest_delay);
  assert_int_equal(a.throttle.disable_after, b.throttle.disable_after);
  assert_true(a.totp_window == b.totp_window && a.hotp_window == b.hotp_window);
  const Limits &one = a.limits, &other = b.limits;
  assert_true(one.root_sign_ins == other.root_sign_ins && one.user_sign_ins == other.user_sign_ins);
  assert_true(one.per_user == other.per_user && one.waiting == other.waiting);
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void sample_says_the_defaults(void**) {
  const std::string text = file_text(UTMFA_SOURCE "conf/utmfa.yaml");
  assert_true(text.size() > 1000);
  const Config sample = accepted(text);
  assert_int_equal(sample.warnings.size(), 0);
  same(sample, accepted(""));
}

// The names in the message of an unknown key are the parser's own tables: each stands in the sample and the manual.
void sample_and_manual_name_every_key(void**) {
  const std::string sample = file_text(UTMFA_SOURCE "conf/utmfa.yaml");
  const std::string manual = file_text(UTMFA_SOURCE "docs/man/utmfa.yaml.5");
  constexpr std::string_view maps[] = {"x: 1",
                                       "services: {a: {x: 1}}",
                                       "exempt: [{x: 1}]",
                                       "registration: {x: 1}",
                                       "throttle: {x: 1}",
                                       "totp: {x: 1}",
                                       "hotp: {x: 1}",
                                       "fido: {x: 1}",
                                       "limits: {x: 1}",
                                       "gateways: {x: 1}",
                                       "gateways: {push: {x: 1}}"};
  int keys = 0;
  for (const std::string_view map : maps) {
    const Result<Config> config = parsed(map);
    assert_true(!config);
    std::string names = config.error().what.substr(config.error().what.find("one of ") + 7);
    names.resize(names.find(" is expected"));
    for (std::size_t at = 0; at < names.size(); ++keys) {
      const std::string name = names.substr(at, names.find(", ", at) - at);
      if (sample.find(name + ":") == std::string::npos) fail_msg("the sample lacks %s", name.c_str());
      if (manual.find("\n.It Cm " + name) == std::string::npos) fail_msg("the manual lacks %s", name.c_str());
      at += name.size() + 2;
    }
  }
  assert_int_equal(keys, 68);
}

void example_of_the_manual_is_read(void**) {
  const std::string manual = file_text(UTMFA_SOURCE "docs/man/utmfa.yaml.5");
  const std::size_t begin = manual.find("\nversion: 1\n") + 1;
  const Config config = accepted(manual.substr(begin, manual.find(".Ed\n", begin) - begin));
  assert_int_equal(config.service("sshd").not_enrolled, NotEnrolled::deny);
  assert_int_equal(config.exemptions.size(), 1);
  assert_int_equal(config.warnings.size(), 0);
}

void every_value_is_read(void**) {
  const Config config = accepted(R"(version: 1
language: ja
issuer: "The University"
services:
  sudo: {tries: 1, language: en}
  default:
    require: always
    not-enrolled: set-up
    methods: [recovery, totp]
    tries: 10
    time-limit: 10m
    account: enforce
    language: ja
    labels: never
    remember: 12h
exempt:
  - {users: ["0123456789", ann], groups: [robots], networks: [192.0.2.0/24, "::1"], services: [sshd, sudo]}
registration: {minimum: 3, test: optional, default-kinds: [totp]}
throttle: {free: 1, first-delay: 1s, longest-delay: 1d, disable-after: 10}
totp: {window: 0}
hotp: {window: 100}
limits: {root-sign-ins: 4096, user-sign-ins: 1, per-user: 256, waiting: 64}
)");
  assert_int_equal(config.warnings.size(), 0);
  assert_true(config.language == "ja" && config.issuer == "The University");
  const Service& any = config.service("login");
  assert_int_equal(any.require, Require::always);
  assert_int_equal(any.not_enrolled, NotEnrolled::set_up);
  assert_true((any.methods == std::vector<std::string>{"recovery", "totp"}));
  assert_int_equal(any.tries, 10);
  assert_int_equal(any.time_limit, 600);
  assert_int_equal(any.account, AccountDoor::enforce);
  assert_true(any.language == "ja");
  assert_int_equal(any.labels, Labels::never);
  assert_int_equal(any.remember, 43200);
  assert_true((any.require_at == Place{7, 5}) && (any.remember_at == Place{15, 5}));
  const Service& sudo = config.service("sudo");  // inherits from a default that stands below it
  assert_int_equal(sudo.tries, 1);
  assert_true(sudo.language == "en" && sudo.require_at == any.require_at && sudo.methods == any.methods);
  const Exemption& rule = config.exemptions.at(0);
  assert_true((rule.users == std::vector<std::string>{"0123456789", "ann"}) && rule.groups.at(0) == "robots");
  assert_true(contains(rule.networks.at(0), "192.0.2.77") && contains(rule.networks.at(1), "::1"));
  assert_true((rule.services == std::vector<std::string>{"sshd", "sudo"}) && (rule.at == Place{17, 5}));
  assert_int_equal(config.registration.minimum, 3);
  assert_int_equal(config.registration.test, TestRule::optional);
  assert_true(config.registration.default_kinds == std::vector<std::string>{"totp"});
  assert_int_equal(config.throttle.free, 1);
  assert_int_equal(config.throttle.longest_delay, 86400);
  assert_int_equal(config.throttle.disable_after, 10);
  assert_int_equal(config.totp_window, 0);
  assert_int_equal(config.hotp_window, 100);
  assert_int_equal(config.limits.root_sign_ins, 4096);
  assert_int_equal(config.limits.waiting, 64);
}

void sections_may_be_empty(void**) {
  for (const std::string_view text : {"", "# nothing\n", "---\n", "services:\n", "services:\n  sshd:\n", "exempt:\n",
                                      "limits: {}", "version: 1\n...\n", "services:\r\n  default:\r\n    tries: 3\r\n"})
    same(accepted(text), accepted("version: 1"));
}

void sshd_enforces_unless_it_says_off_itself(void**) {
  struct Row {
    std::string_view text;
    AccountDoor sshd, login;
  };
  constexpr Row rows[] = {
      {"", AccountDoor::enforce, AccountDoor::off},
      {"services: {sshd: {tries: 2}}", AccountDoor::enforce, AccountDoor::off},
      {"services: {default: {account: off}}", AccountDoor::enforce, AccountDoor::off},
      {"services: {default: {account: off}, sshd: {}}", AccountDoor::enforce, AccountDoor::off},
      {"services: {sshd: {account: off}}", AccountDoor::off, AccountDoor::off},
      {"services: {default: {account: enforce}, sshd: {account: off}}", AccountDoor::off, AccountDoor::enforce}};
  for (const Row& row : rows) {
    const Config config = accepted(row.text);
    assert_int_equal(config.service("sshd").account, row.sshd);
    assert_int_equal(config.service("login").account, row.login);
  }
}

void test_service_is_built_in(void**) {
  const Config config = accepted(
      "services: {default: {require: off, methods: [pass], remember: 1h, account: enforce, tries: 7, labels: never}}");
  const Service& test = config.service(test_service);
  assert_int_equal(test.require, Require::enrolled);
  assert_true(test.methods.empty());
  assert_int_equal(test.account, AccountDoor::off);
  assert_int_equal(test.remember, 0);
  assert_int_equal(test.tries, 7);  // how the dialogue goes is the configuration's
  assert_int_equal(test.labels, Labels::always);
}

void wrong_values_name_their_place(void**) {
  struct Row {
    std::string line;
    std::string_view error;
  };
  const Row rows[] = {
      {"require: sometimes", "f:3:14: require is sometimes: one of off, enrolled, always is expected"},
      {"require: Always", "f:3:14: require is Always: one of off, enrolled, always is expected"},
      {"require:", "f:3:5: require has no value: one of off, enrolled, always is expected"},
      {"require: [off]", "f:3:14: require is a list: one of off, enrolled, always is expected"},
      {"require: {off: off}", "f:3:14: require is a map: one of off, enrolled, always is expected"},
      {"not-enrolled: setup", "f:3:19: not-enrolled is setup: one of allow, deny, set-up is expected"},
      {"account: on", "f:3:14: account is on: one of off, enforce is expected"},
      {"labels: \"\"", "f:3:13: labels is \"\": one of proven, always, never is expected"},
      {"language: fr", "f:3:15: language is fr: one of auto, en, ja is expected"},
      {"tries: 0", "f:3:12: tries is 0: a number from 1 to 10 is expected"},
      {"tries: 11", "f:3:12: tries is 11: a number from 1 to 10 is expected"},
      {"tries: -1", "f:3:12: tries is -1: a number from 1 to 10 is expected"},
      {"tries: 3.0", "f:3:12: tries is 3.0: a number from 1 to 10 is expected"},
      {"tries: 0x3", "f:3:12: tries is 0x3: a number from 1 to 10 is expected"},
      {"tries: \"3\"", "f:3:12: tries is \"3\": a number from 1 to 10 is expected"},
      {"tries: 99999999999999999999", "f:3:12: tries is 99999999999999999999: a number from 1 to 10 is expected"},
      {"time-limit: 9s", "f:3:17: time-limit is 9s: a time from 10s to 10m, like 90s, 15m, 12h or 30d, is expected"},
      {"time-limit: 11m", "f:3:17: time-limit is 11m: a time from 10s to 10m, like 90s, 15m, 12h or 30d, is expected"},
      {"time-limit: 1 m", "f:3:17: time-limit is 1 m: a time from 10s to 10m, like 90s, 15m, 12h or 30d, is expected"},
      {"remember: 59s", "f:3:15: remember is 59s: a time from 1m to 30d, like 90s, 15m, 12h or 30d, is expected"},
      {"remember: 31d", "f:3:15: remember is 31d: a time from 1m to 30d, like 90s, 15m, 12h or 30d, is expected"},
      {"remember: yes", "f:3:15: remember is yes: a time from 1m to 30d, like 90s, 15m, 12h or 30d, is expected"},
      {"methods: totp", "f:3:14: methods is totp: a list of at least one, like [one, two], is expected"},
      {"methods: []", "f:3:14: methods is an empty list: a list of at least one, like [one, two], is expected"},
      {"methods: [totp, sms]",
       "f:3:21: unknown kind of method \"sms\": one of totp, hotp, phone, push, recovery, pass is expected"},
      {"methods: [totp, totp]", "f:3:21: \"totp\" stands here a second time: each once is expected"},
      {"methods: [[totp]]",
       "f:3:15: this entry is a list: text of 1 to 255 bytes without control characters is expected"},
      {"methods: [~]",
       "f:3:15: this entry has no value: text of 1 to 255 bytes without control characters is expected"},
      {"requir: off",
       "f:3:5: unknown key \"requir\": one of require, not-enrolled, methods, tries, time-limit, account, language, "
       "labels, remember, verification, key-models, remind, unlock, field, wait-prompt, prompts, observe-until is expected"},
      {"tries: 3\n    tries: 3", "f:4:5: the key \"tries\" stands here a second time: each key once is expected"},
  };
  for (const Row& row : rows) refused(in_default(row.line), row.error);
  for (const std::string_view line :
       {"require: off", "require: \"off\"", "tries: 1", "tries: 10", "time-limit: 10", "time-limit: 10m",
        "remember: 1m", "remember: 30d", "remember: off", "methods: all", "methods: [totp]"})
    accepted(in_default(line));
}

void wrong_exemptions_name_their_place(void**) {
  constexpr std::string_view rows[][2] = {
      {"exempt: {}", "f:1:9: exempt is a map: a list of rules is expected"},
      {"exempt: [root]", "f:1:10: this entry is root: a rule with users, groups or networks is expected"},
      {"exempt:\n  - services: [sshd]",
       "f:2:5: this rule does not say whom it exempts: at least one of users, groups and networks is expected"},
      {"exempt:\n  - {}",
       "f:2:5: this rule does not say whom it exempts: at least one of users, groups and networks is expected"},
      {"exempt:\n  -", "f:2:1: this entry has no value: a rule with users, groups or networks is expected"},
      // An empty condition would widen the rule, not narrow it.
      {"exempt:\n  - users: []\n    networks: [\"::1\"]",
       "f:2:12: users is an empty list: a list of at least one, like [one, two], is expected"},
      {"exempt: [{users: [a], services: [utmfa-test]}]", "f:1:34: utmfa-test is built in: another service is expected"},
      {"exempt: [{users: [\"a\\0b\"]}]",
       "f:1:19: this entry is \"a?b\": text of 1 to 255 bytes without control characters is expected"},
      {"exempt: [{networks: [host.example]}]",
       "f:1:22: this entry is host.example: an address, or a network like 192.0.2.0/24 or 2001:db8::/32 with no bit set "
       "after its prefix, is expected"},
      {"exempt: [{networks: [192.0.2.1/24]}]",
       "f:1:22: this entry is 192.0.2.1/24: an address, or a network like 192.0.2.0/24 or 2001:db8::/32 with no bit set "
       "after its prefix, is expected"},
  };
  for (const auto& row : rows) refused(row[0], row[1]);
  accepted("exempt:\n  - users: [a]\n    networks: [\"::1\"]");
}

void wrong_sections_name_their_place(void**) {
  constexpr std::string_view rows[][2] = {
      {"version: one", "f:1:10: configuration: version is \"one\": 1 is expected"},
      {"issuer: \"\"", "f:1:9: issuer is \"\": text of 1 to 64 bytes without control characters is expected"},
      {"issuer: \"a\\x1b[2J\"",
       "f:1:9: issuer is \"a?[2J\": text of 1 to 64 bytes without control characters is expected"},
      {"issuer: \"a\\nb\"", "f:1:9: issuer is \"a?b\": text of 1 to 64 bytes without control characters is expected"},
      {"issuer: \"a:b\"", "f:1:9: issuer is \"a:b\": a name without a colon is expected"},
      {"nonsense: 1",
       "f:1:1: unknown key \"nonsense\": one of version, language, issuer, region, services, exempt, registration, "
       "throttle, delivery, totp, hotp, fido, limits, gateways is expected"},
      {"\"a\\x1bb\": 1",
       "f:1:1: unknown key \"a?b\": one of version, language, issuer, region, services, exempt, registration, "
       "throttle, delivery, totp, hotp, fido, limits, gateways is expected"},
      {"- services", "f:1:1: this entry is a list: KEY: VALUE lines are expected"},
      {"text", "f:1:1: this entry is text: KEY: VALUE lines are expected"},
      {"services: []", "f:1:11: services is a list: a map of services is expected"},
      {"services: {sshd: off}", "f:1:18: sshd is off: KEY: VALUE lines are expected"},
      {"services: {\"a/b\": {}}",
       "f:1:12: \"a/b\" is no name of a service: 1 to 64 of A-Z, a-z, 0-9 and _.@- are expected"},
      {"services: {\"a b\": {}}",
       "f:1:12: \"a b\" is no name of a service: 1 to 64 of A-Z, a-z, 0-9 and _.@- are expected"},
      {"services: {\n  utmfa-test: {}}", "f:2:3: utmfa-test is built in: another service is expected"},
      {"registration: {minimum: 0}", "f:1:25: minimum is 0: a number from 1 to 10 is expected"},
      {"registration: {test: off}", "f:1:22: test is off: one of demanded, optional is expected"},
      {"registration: {default-kinds: [none]}",
       "f:1:32: unknown kind of method \"none\": one of totp, hotp, phone, push, recovery, pass is expected"},
      {"throttle: {free: 0}", "f:1:18: free is 0: a number from 1 to 20 is expected"},
      {"throttle: {disable-after: 101}", "f:1:27: disable-after is 101: a number from 1 to 100 is expected"},
      {"throttle: {first-delay: 10m, longest-delay: 5m}",
       "f:1:11: longest-delay is 5m and first-delay is 10m: a longest-delay of at least first-delay is expected"},
      {"throttle: {first-delay: 16m}",
       "f:1:11: longest-delay is 15m and first-delay is 16m: a longest-delay of at least first-delay is expected"},
      {"totp: {window: 11}", "f:1:16: window is 11: a number from 0 to 10 is expected"},
      {"hotp: {window: 0}", "f:1:16: window is 0: a number from 1 to 100 is expected"},
      {"limits: {waiting: 0}", "f:1:19: waiting is 0: a number from 1 to 64 is expected"},
  };
  for (const auto& row : rows) refused(row[0], row[1]);
  accepted("services: {\"a@b.c-d_E1\": {}}");
  accepted("services: {" + std::string(64, 'a') + ": {}}");
  refused("services: {" + std::string(65, 'a') + ": {}}",
          "f:1:12: \"" + std::string(60, 'a') +
              "\" is no name of a service: 1 to 64 of A-Z, a-z, 0-9 and _.@- are expected");
  accepted("issuer: " + std::string(64, 'i'));
  refused("issuer: " + std::string(65, 'i'), "f:1:9: issuer is " + std::string(60, 'i') +
                                                 ": text of 1 to 64 bytes without control characters is expected");
  accepted("throttle: {first-delay: 15m}");
}

void what_cannot_be_meant_is_warned_of(void**) {
  const std::string no_effect =
      " has no effect: services.default.require is enrolled, and only always asks people who are not enrolled";
  warned(in_default("not-enrolled: deny"), {"f:3:5: services.default.not-enrolled = deny" + no_effect});
  warned(in_default("not-enrolled: set-up"), {"f:3:5: services.default.not-enrolled = set-up" + no_effect});
  warned(
      "services: {sudo: {require: off, not-enrolled: set-up}}",
      {"f:1:33: services.sudo.not-enrolled = set-up has no effect: services.sudo.require is off, and only always asks "
       "people who are not enrolled"});
  warned("services: {sudo: {require: always, not-enrolled: set-up}}",
         {"f:1:36: services.sudo.not-enrolled = set-up needs services.sudo.account = enforce: without it, people who "
          "are not enrolled are refused and not led through registering"});
  warned("services: {xdm: {require: always, not-enrolled: set-up, account: enforce}}", {});
  warned("services: {sshd: {require: always, not-enrolled: set-up}}", {});
  warned("services: {sudo: {remind: 3}}",
         {"f:1:19: services.sudo.remind has no effect: it needs services.sudo.account = enforce"});
  warned("services: {sudo: {unlock: skip}}",
         {"f:1:19: services.sudo.unlock has no effect: only GDM (services gdm-*) tells that a screen is unlocked"});
  warned("services: {default: {unlock: skip}, gdm-password: {unlock: ask}}", {});
  warned("services: {xdm: {remind: 3, account: enforce}}", {});
  warned("services: {sshd: {remind: 3}}", {});
  warned(in_default("not-enrolled: allow"), {});
  warned("services: {default: {require: always, not-enrolled: deny}, sudo: {require: enrolled}}", {});
  warned("services: {a: {methods: [recovery, pass]}}",
         {"f:1:16: services.a.methods takes no kind of registration.default-kinds: people cannot use their default "
          "method there"});
  warned("services: {a: {methods: [recovery, hotp]}}", {});
  warned("services: {a: {methods: [recovery]}}\nregistration: {default-kinds: [recovery]}", {});
  warned("services: {a: {methods: [recovery]}}\nregistration: {default-kinds: all}", {});
  warned("exempt:\n  - networks: [0.0.0.0/0]\n  - networks: [192.0.2.1, \"::/0\"]",
         {"f:2:5: this rule exempts everybody who signs in from 0.0.0.0/0, at every service",
          "f:3:5: this rule exempts everybody who signs in from ::/0, at every service"});
  warned("exempt: [{networks: [\"::ffff:0:0/96\"]}]",
         {"f:1:10: this rule exempts everybody who signs in from 0.0.0.0/0, at every service"});
  warned(
      "exempt: [{networks: [0.0.0.0/1]}, {networks: [0.0.0.0/0], users: [a]}, {networks: [\"::/0\"], services: [su]}]",
      {});
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::sample_says_the_defaults),
      cmocka_unit_test(utmfa::sample_and_manual_name_every_key),
      cmocka_unit_test(utmfa::example_of_the_manual_is_read),
      cmocka_unit_test(utmfa::every_value_is_read),
      cmocka_unit_test(utmfa::sections_may_be_empty),
      cmocka_unit_test(utmfa::sshd_enforces_unless_it_says_off_itself),
      cmocka_unit_test(utmfa::test_service_is_built_in),
      cmocka_unit_test(utmfa::wrong_values_name_their_place),
      cmocka_unit_test(utmfa::wrong_exemptions_name_their_place),
      cmocka_unit_test(utmfa::wrong_sections_name_their_place),
      cmocka_unit_test(utmfa::what_cannot_be_meant_is_warned_of),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

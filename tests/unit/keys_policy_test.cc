// SPDX-License-Identifier: Apache-2.0
// Security keys in utmfa.yaml and in the plan: what is read, whom a key is asked for, and every reason why not.
#include "policy/plan.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr std::string_view kinds[] = {"totp", "fido"};
constexpr std::string_view model = "01020304050607080910111213141516";

Config accepted(const std::string& text) {
  Result<Config> read = parse_config(text, "f", kinds);
  if (!read) fail_msg("%s: %s", text.c_str(), read.error().what.c_str());
  return std::move(*read);
}

void values(void**) {
  const Config usual = accepted("");
  assert_true(usual.fido.rp == "utmfa" && usual.fido.program.empty() && usual.fido.user == "utmfa-key");
  assert_true(usual.fido.touch == 30 && usual.fido.ssh_verification == SshVerification::unknown);
  assert_true(usual.fallback.verification == KeyUser::preferred && usual.fallback.key_models.empty());
  const Config config = accepted(
      "services:\n  default: {verification: required}\n  sudo: {verification: discouraged, key-models: "
      "[01020304-0506-0708-0910-111213141516]}\n  login: {key-models: all}\n"
      "fido: {rp: example.ac.jp, touch: 2m, ssh-verification: enforced, program: /opt/key, user: keys, "
      "attestation: /etc/utmfa/makers.pem}\n");
  assert_true(config.fido.attestation == "/etc/utmfa/makers.pem" && usual.fido.attestation.empty());
  assert_true(accepted("fido: {attestation: off}\n").fido.attestation.empty());
  assert_true(config.fido.rp == "example.ac.jp" && config.fido.touch == 120 && config.fido.program == "/opt/key");
  assert_true(config.fido.ssh_verification == SshVerification::enforced && config.fido.user == "keys");
  assert_true(config.service("sshd").verification == KeyUser::required);
  assert_true(config.service("sudo").verification == KeyUser::discouraged);
  assert_true(config.service("sudo").key_models == std::vector<std::string>{std::string(model)});
  assert_true(config.service("login").key_models.empty() && config.service(test_service).key_models.empty());
}

void mistakes(void**) {
  for (const char* text :
       {"fido: 1", "fido: {rp: \"\"}", "fido: {rp: \"a\\nb\"}", "fido: {touch: 4s}", "fido: {touch: 3m}",
        "fido: {ssh-verification: yes}", "fido: {program: key}", "fido: {program: /opt/}", "fido: {user: \"\"}",
        "fido: {pin: 1}", "fido: {attestation: makers.pem}", "fido: {attestation: /etc/}", "fido: {attestation: \"\"}",
        "services: {sudo: {verification: always}}", "services: {sudo: {key-models: some}}",
        "services: {sudo: {key-models: [0102]}}", "services: {sudo: {key-models: [x1020304050607080910111213141516]}}"})
    if (parse_config(text, "f", kinds)) fail_msg("%s was taken", text);
}

AccountMethod key(std::string_view id, Answered answered, std::string_view host_key = "") {
  AccountMethod made;
  made.method.id = id;
  made.method.kind = "fido";
  made.answered = answered;
  made.host_key = host_key;
  return made;
}

struct Case {
  std::string config;
  FirstFactor first;
  Origin origin;
  std::string verified;
  std::string offered;  // ids
  std::string reason;   // of the first that is not
};

void offers(void**) {
  const std::string always = "services: {sshd: {require: always", end = "}}\n";
  const Case cases[] = {
      {always + end, FirstFactor::proven, Origin::here, "", "key-1 ", "sshd has not verified this key in this sign-in"},
      {always + end, FirstFactor::proven, Origin::elsewhere, "", "key-1 ", "sshd has not verified"},
      {always + end, FirstFactor::typed, Origin::here, "", "", "no key is asked before the first factor is known"},
      {always + end, FirstFactor::unknown, Origin::elsewhere, "", "", "no key is asked before"},
      {always + ", labels: always" + end, FirstFactor::unknown, Origin::here, "", "key-1 ", "sshd has not verified"},
      {always + ", labels: always" + end, FirstFactor::unknown, Origin::elsewhere, "", "", "no key is asked before"},
      {always + end, FirstFactor::unknown, Origin::elsewhere, "sk mine", "key-2 ", "no key is asked before"},
      {always + end, FirstFactor::proven, Origin::elsewhere, "sk other", "key-1 ", "sshd has not verified"},
      {always + ", verification: required" + end, FirstFactor::proven, Origin::elsewhere, "sk mine", "key-1 ",
       "fido.ssh-verification is unknown"},
      {always + ", verification: required" + end + "fido: {ssh-verification: enforced}", FirstFactor::proven,
       Origin::elsewhere, "sk mine", "key-1 key-2 ", ""},
      {always + ", key-models: [" + std::string(model) + "]" + end, FirstFactor::proven, Origin::here, "sk mine", "",
       "key-models"},
      {always + ", methods: [totp]" + end, FirstFactor::proven, Origin::here, "sk mine", "", "does not take fido"},
  };
  for (const Case& each : cases) {
    Account account;
    account.status = Registration::active;
    account.methods = {key("key-1", Answered::by_key), key("key-2", Answered::by_host, "sk mine")};
    SignIn who;
    who.user = "taro";
    who.service = "sshd";
    who.first = each.first;
    who.origin = each.origin;
    if (!each.verified.empty()) who.host_keys = {each.verified};
    const Plan made = plan(accepted(each.config), who, account, 1000, 0);
    std::string ids;
    for (const Offer& offer : made.offers) ids += offer.method + " ";
    const std::string why = made.refusals.empty() ? "" : made.refusals.front().why;
    if (ids != each.offered || why.find(each.reason) == why.npos)
      fail_msg("%s: offered %s, refused: %s", each.config.c_str(), ids.c_str(), why.c_str());
  }
}

void models(void**) {
  Account account;
  account.status = Registration::active;
  account.methods = {key("key-1", Answered::by_key)};
  account.methods[0].model = model;
  SignIn who;
  who.user = "taro";
  who.service = "login";
  who.first = FirstFactor::proven;
  const Config config = accepted("services: {login: {require: always, key-models: [" + std::string(model) + "]}}");
  assert_int_equal(plan(config, who, account, 1000, 0).offers.size(), 1);
  account.methods[0].model = "f" + std::string(model.substr(1));
  assert_int_equal(plan(config, who, account, 1000, 0).offers.size(), 0);
}

void origins(void**) {
  const std::pair<std::array<const char*, 3>, Origin> rows[] = {
      {{"", "tty1", ""}, Origin::here},
      {{"", ":0", ""}, Origin::here},
      {{"localhost", "", ""}, Origin::here},
      {{"127.0.0.1", "/dev/tty1", ""}, Origin::here},
      {{"::1", "", ""}, Origin::here},
      {{"::ffff:127.0.0.1", "", ""}, Origin::here},
      {{"192.0.2.1", "", ""}, Origin::elsewhere},
      {{"lab2", "tty1", ""}, Origin::elsewhere},
      {{"127.0.0.1", "ssh", ""}, Origin::elsewhere},
      {{"", "", "127.0.0.1 1 127.0.0.1 22"}, Origin::elsewhere},
      {{"localhost.evil.example", "", ""}, Origin::elsewhere}};
  for (const auto& [words, origin] : rows) assert_true(origin_of(words[0], words[1], words[2]) == origin);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::values), cmocka_unit_test(utmfa::mistakes), cmocka_unit_test(utmfa::offers),
      cmocka_unit_test(utmfa::models), cmocka_unit_test(utmfa::origins),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

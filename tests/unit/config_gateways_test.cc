// SPDX-License-Identifier: Apache-2.0
// gateways of utmfa.yaml: what is read, and what each mistake is told as.
#include "config/config.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr std::string_view kinds[] = {"totp"};

Config accepted(std::string_view text) {
  Result<Config> config = parse_config(text, "f", kinds);
  if (!config) fail_msg("%s\nwas refused: %s", std::string(text).c_str(), config.error().what.c_str());
  return std::move(*config);
}

void without_any_there_is_no_command(void**) {
  for (const char* text : {"version: 1", "gateways:", "gateways: {}", "gateways: {sms: {command: [/bin/x]}}"}) {
    const Config config = accepted(text);
    assert_true(config.gateway("mail").command.empty());
    assert_true(config.gateway("nonsense").command.empty());
  }
}

void every_value_is_read(void**) {
  const Config config = accepted(
      "gateways:\n  mail:\n    command: [/usr/sbin/a, --x, \"b c\", --x]\n    user: nobody\n    time-limit: 1h\n"
      "    memory: 16\n    processes: 4096\n  sms: {command: [/b]}\n");
  const GatewayRules& mail = config.gateway("mail");
  assert_true((mail.command == std::vector<std::string>{"/usr/sbin/a", "--x", "b c", "--x"}));
  assert_string_equal(mail.user.c_str(), "nobody");
  assert_true(mail.time_limit == 3600 && mail.memory == 16 && mail.processes == 4096 && (mail.at == Place{2, 3}));
  const GatewayRules& sms = config.gateway("sms");
  assert_string_equal(sms.user.c_str(), "utmfa-gateway");
  assert_true(sms.time_limit == 20 && sms.memory == 512 && sms.processes == 64);
}

void mistakes_name_their_place(void**) {
  const std::string list = "a list of words like [/usr/local/sbin/gateway, --option] is expected";
  std::string many = "gateways: {sms: {command: [/a";
  for (int i = 0; i < 32; ++i) many += ", x";
  many += "]}}";
  const std::pair<std::string, std::string> rows[] = {
      {"gateways: 1", "f:1:11: gateways is 1: KEY: VALUE lines are expected"},
      {"gateways: {fax: {}}", "f:1:12: unknown key \"fax\": one of mail, sms, voice, push is expected"},
      {"gateways: {sms: {}}", "f:1:12: gateways.sms has no command: a command is expected"},
      {"gateways: {sms: {user: x}}", "f:1:12: gateways.sms has no command: a command is expected"},
      {"gateways: {sms: {shell: x}}",
       "f:1:18: unknown key \"shell\": one of command, user, time-limit, memory, processes is expected"},
      {"gateways: {sms: {command: /bin/x}}", "f:1:27: command is /bin/x: " + list},
      {"gateways: {sms: {command: []}}", "f:1:27: command is an empty list: " + list},
      {"gateways: {sms: {command: [x]}}", "f:1:28: this entry is x: the absolute path of a program is expected"},
      {"gateways: {sms: {command: [/x/]}}", "f:1:28: this entry is /x/: the absolute path of a program is expected"},
      {"gateways: {sms: {command: [/x, \"a\\nb\"]}}",
       "f:1:32: this entry is \"a?b\": text of 1 to 1024 bytes without control characters is expected"},
      {"gateways: {sms: {command: [/x, [y]]}}",
       "f:1:32: this entry is a list: text of 1 to 1024 bytes without control characters is expected"},
      {"gateways: {sms: {command: [/x], time-limit: 0}}",
       "f:1:45: time-limit is 0: a time from 1s to 1h, like 90s, 15m, 12h or 30d, is expected"},
      {"gateways: {sms: {command: [/x], time-limit: 2h}}",
       "f:1:45: time-limit is 2h: a time from 1s to 1h, like 90s, 15m, 12h or 30d, is expected"},
      {"gateways: {sms: {command: [/x], memory: 15}}", "f:1:41: memory is 15: a number from 16 to 65536 is expected"},
      {"gateways: {sms: {command: [/x], processes: 0}}", "f:1:44: processes is 0: a number from 1 to 4096 is expected"},
      {"gateways: {sms: {command: [/x], user: \"\"}}",
       "f:1:39: user is \"\": text of 1 to 64 bytes without control characters is expected"}};
  for (const auto& [text, expected] : rows) {
    const Result<Config> config = parse_config(text, "f", kinds);
    if (config) fail_msg("%s\nwas accepted", text.c_str());
    assert_string_equal(config.error().what.c_str(), expected.c_str());
  }
  assert_false(static_cast<bool>(parse_config(many, "f", kinds)));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::without_any_there_is_no_command),
      cmocka_unit_test(utmfa::every_value_is_read),
      cmocka_unit_test(utmfa::mistakes_name_their_place),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

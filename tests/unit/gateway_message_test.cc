// SPDX-License-Identifier: Apache-2.0
// The JSON of gateways: what goes out, and every answer that can and that cannot be used.
#include "gateway/message.h"

#include <nlohmann/json.hpp>
#include <string>

#include "support/check.h"

namespace utmfa {
namespace {

GatewayRequest request_of(const std::string& kind) {
  GatewayRequest request;
  request.kind = kind;
  request.id = "0123abcd";
  request.user = "taro";
  request.to = "+819012345678";
  request.text = Secret(std::string_view("Code: 123456"));
  request.code = Secret(std::string_view("123456"));
  request.language = "ja";
  request.service = "sshd";
  request.from = "192.0.2.1";
  request.expires = 600;
  return request;
}

GatewayReply taken(const std::string& kind, std::string_view text) {
  const Result<GatewayReply> reply = parse_reply(text, request_of(kind));
  if (!reply) fail_msg("%s\nwas refused: %s", std::string(text).c_str(), reply.error().what.c_str());
  return *reply;
}

void refused(const std::string& kind, const std::string& text, std::string_view words) {
  const Result<GatewayReply> reply = parse_reply(text, request_of(kind));
  if (reply) fail_msg("%s\nwas taken", text.substr(0, 200).c_str());
  if (reply.error().what.find(words) == std::string::npos)
    fail_msg("%s\nwas refused with: %s", text.substr(0, 200).c_str(), reply.error().what.c_str());
}

std::string many(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

void a_request_has_what_was_said(void**) {
  const Result<Secret> text = request_text(request_of("sms"));
  const nlohmann::json json = nlohmann::json::parse(text->view());
  const nlohmann::json expected = {{"version", 1},        {"kind", "sms"},         {"id", "0123abcd"},
                                   {"user", "taro"},      {"to", "+819012345678"}, {"text", "Code: 123456"},
                                   {"code", "123456"},    {"language", "ja"},      {"service", "sshd"},
                                   {"from", "192.0.2.1"}, {"expires", 600}};
  assert_true(json == expected);
  assert_true(text->view().back() == '\n' && text->view().find('\n') == text->size() - 1);
}

void hostile_text_stays_text(void**) {
  GatewayRequest request = request_of("mail");
  request.user = "ta\"ro\n\x1b[31m$(id)\xff";
  request.code = Secret();
  request.expires = 0;
  const Result<Secret> text = request_text(request);
  const nlohmann::json json = nlohmann::json::parse(text->view());
  assert_string_equal(json["user"].get<std::string>().c_str(), "ta\"ro\n\x1b[31m$(id)\xef\xbf\xbd");
  assert_false(json.contains("code") || json.contains("expires"));
  assert_true(text->view().find('\x1b') == std::string_view::npos);
  request.text = Secret(std::string(longest_request, 'x'));
  assert_false(static_cast<bool>(request_text(request)));
}

void answers_that_are_taken(void**) {
  assert_true(taken("sms", R"({"result":"sent"})").result == Delivered::sent);
  assert_true(taken("sms", "\n {\"result\" : \"failed\"}\n\n").result == Delivered::failed);
  assert_true(taken("voice", R"({"result":"approved","id":"0123abcd","kind":"voice","version":1})").result ==
              Delivered::approved);
  assert_true(taken("push", R"({"result":"denied"})").result == Delivered::denied);
  assert_string_equal(taken("push", R"({"result":"approved","entered":"42"})").entered.c_str(), "42");
  const GatewayReply busy = taken("mail", R"({"result":"busy","retry_after":30,"detail":"a\u001b[31m\nb\u202e"})");
  assert_int_equal(busy.retry_after, 30);
  assert_string_equal(busy.detail.c_str(), "a?[31m?b?");
  assert_int_equal(taken("mail", R"({"result":"busy","retry_after":18446744073709551615})").retry_after, 86400);
  assert_int_equal(taken("mail", R"({"result":"sent","detail":")" + std::string(5000, 'x') + "\"}").detail.size(), 300);
  // What a newer gateway says besides is no fault.
  taken("sms", R"({"result":"sent","more":{"result":"denied","id":"x","a":[1,[2]]},"x":null,"y":1.5,"z":-1,"t":true})");
}

void answers_that_cannot_be_used(void**) {
  refused("sms", "", "empty");
  refused("sms", " \n", "empty");
  refused("sms", "sent", "not JSON at byte");
  refused("sms", R"({"result":"sent")", "not JSON");
  refused("sms", R"({"result":"sent"} {"result":"sent"})", "not JSON");
  refused("sms", R"({"result":"sent"}x)", "not JSON");
  refused("sms", R"({"result":NaN})", "not JSON");
  refused("sms", "{\"result\":\"se\xff\"}", "not JSON");
  refused("sms", R"(["sent"])", "not an object");
  refused("sms", R"("sent")", "not an object");
  refused("sms", "1", "not an object");
  refused("sms", "null", "not an object");
  refused("sms", "{}", "no result");
  refused("sms", R"({"x":{"result":"sent"}})", "no result");
  refused("sms", R"({"result":"SENT"})", "none of sent");
  refused("sms", R"({"result":""})", "none of sent");
  refused("sms", R"({"result":true})", "result is not a text");
  refused("sms", R"({"result":["sent"]})", "result is not a text");
  refused("sms", R"({"result":{"result":"sent"}})", "result is not a text");
  refused("sms", R"({"result":"sent","result":"sent"})", "result stands there twice");
  refused("push", R"({"result":"approved","entered":42})", "entered is not a text");
  refused("push", R"({"result":"approved","entered":null})", "entered is not a text");
  refused("push", R"({"result":"approved","entered":"4\n2"})", "entered is longer");
  refused("push", R"({"result":"approved","entered":")" + std::string(33, '4') + "\"}", "entered is longer");
  refused("sms", R"({"result":"busy","retry_after":-1})", "retry_after is not a whole number");
  refused("sms", R"({"result":"busy","retry_after":1.5})", "retry_after is not a whole number");
  refused("sms", R"({"result":"busy","retry_after":"30"})", "retry_after is not a whole number");
  refused("sms", R"({"result":"sent","version":2})", "version is not 1");
}

void answers_of_somebody_else(void**) {
  refused("voice", R"({"result":"approved","id":"0123abce"})", "another request");
  refused("voice", R"({"result":"approved","id":""})", "another request");
  refused("voice", R"({"result":"approved","kind":"push"})", "another kind");
  refused("sms", R"({"result":"approved"})", "approved is no answer to sms");
  refused("mail", R"({"result":"denied"})", "denied is no answer to mail");
}

void depth_and_size_cost_nothing(void**) {
  taken("sms", R"({"result":"sent","x":)" + many("[", 7) + many("]", 7) + "}");
  refused("sms", R"({"result":"sent","x":)" + many("[", 8) + many("]", 8) + "}", "deeper than 8");
  refused("sms", R"({"x":)" + many("[", 30000), "deeper than 8");
  refused("sms", many("{\"a\":", 10000), "deeper than 8");
  refused("sms", R"({"result":"sent","x":")" + std::string(longest_reply, 'x') + "\"}", "too long");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_request_has_what_was_said), cmocka_unit_test(utmfa::hostile_text_stays_text),
      cmocka_unit_test(utmfa::answers_that_are_taken),      cmocka_unit_test(utmfa::answers_that_cannot_be_used),
      cmocka_unit_test(utmfa::answers_of_somebody_else),    cmocka_unit_test(utmfa::depth_and_size_cost_nothing),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// The scripted person.
#include <liboath/oath.h>

#include "base/text.h"
#include "dialogue.h"

namespace utmfa::test {

// {ID} and {ID+1}: what the app would show now, and one step later.
std::string Script::code(std::string_view name) {
  if (name == "again") return answered;
  if (const std::size_t space = name.find(' '); space != name.npos)
    return answered = of_key(std::string(name.substr(0, space)), name.substr(space + 1));
  const std::size_t plus = name.find('+');
  const std::string id(name.substr(0, plus));
  const Method* method = vault_.file.find(id);
  const auto secret = vault_.secrets.find(id);
  if (method == nullptr || secret == vault_.secrets.end()) return "no such method";
  const int steps = plus == std::string_view::npos ? 0 : name[plus + 1] - '0';
  char code[16] = {};
  const Time period = method->number("period");
  oath_totp_generate2(secret->second.view().data(), secret->second.size(), clock_.now() + steps * period,
                      static_cast<unsigned>(period), 0, static_cast<unsigned>(method->number("digits")), 0, code);
  return code;
}

std::string Script::with_code(std::string text) const {
  const std::pair<std::string_view, const std::string&> marks[] = {{"{sent}", sent}, {"{challenge}", challenge_}};
  for (const auto& [mark, value] : marks)
    if (const std::size_t at = text.find(mark); at != text.npos) text.replace(at, mark.size(), value);
  return text;
}

Status Script::begin(GatewayRequest request) {
  sent = request.code.view();
  expect("@ " + request.kind + " " + request.to);
  return Done{};
}

// What the gateway says stands behind what it was asked.
Result<std::optional<News>> Script::news(std::int64_t) {
  if (faults_.next()) return Error{Code::unavailable, "the person is gone"};
  while (!strict && !expected.empty() && expected.front().text[0] != '>' && expected.front().text[0] != '=')
    expected.pop_front();
  News news;
  if (expected.empty() || expected.front().text[0] != '=') {
    if (strict && wrong.empty()) wrong = "end: a gateway was waited for and nothing is in the file";
    news.fault = "nothing";
    return std::optional(news);
  }
  const std::string line = expected.front().text;
  expected.pop_front();
  const std::vector<std::string_view> word = split(line, ' ');
  if (word[1] == "none") return std::optional<News>();
  if (word[1] == "fault") {
    news.fault = line.substr(8);
    return std::optional(news);
  }
  for (const Delivered each :
       {Delivered::sent, Delivered::approved, Delivered::denied, Delivered::failed, Delivered::busy})
    if (word[1] == name(each)) news.reply.result = each;
  if (word.size() > 2 && word[2] != "-") news.reply.entered = with_code(std::string(word[2]));
  if (word.size() > 3) news.reply.retry_after = *number(word[3], 0, 86400);
  return std::optional(news);
}

void Script::expect(const std::string& said) {
  if (!strict) return;
  if (!wrong.empty()) return;
  if (expected.empty()) {
    wrong = "end: nothing more was expected, but there came: " + said;
    return;
  }
  const Line line = expected.front();
  expected.pop_front();
  if (with_code(line.text) != said)
    wrong = std::to_string(line.number) + ": expected: " + line.text + "\n     there came: " + said;
}

Result<Answer> Script::answer() {
  if (faults_.next()) return Error{Code::unavailable, "conversation: fault"};
  while (!strict && !expected.empty() && expected.front().text[0] != '>') expected.pop_front();
  if (expected.empty() || expected.front().text[0] != '>') {
    if (strict && wrong.empty()) wrong = "end: an answer was asked for and none is in the file";
    return Error{Code::unavailable, "script: no answer"};
  }
  const std::string text = expected.front().text;
  expected.pop_front();
  if (text == ">gone") return Error{Code::unavailable, "the person is gone"};
  Answer answer;
  if (text == ">password") {
    answer.said = Said::password_again;
    return answer;
  }
  if (text == ">password at once") {
    answer.said = Said::password_unasked;
    return answer;
  }
  const std::string typed = text.size() > 2 ? text.substr(2) : std::string();
  if (typed == "INCORRECT")
    answer.text = Secret("\b\n\r\177INCORRECT");
  else if (typed.find("{sent}") != typed.npos)
    answer.text = Secret(with_code(typed));
  else if (!typed.empty() && typed.front() == '{')
    answer.text = Secret(code(std::string_view(typed).substr(1, typed.size() - 2)));
  else
    answer.text = Secret(typed);
  return answer;
}

Result<Answer> Script::ask(std::string_view prompt, Echo echo) {
  note_challenge(prompt);
  expect((echo == Echo::shown ? "< " : "<* ") + std::string(prompt));
  return answer();
}

Result<Answer> Script::ask_behind_password(std::string_view prompt, std::size_t digits) {
  expect("<" + std::to_string(digits) + " " + std::string(prompt));
  return answer();
}

Status Script::tell(std::string_view text, Style style) {
  std::string shown(text);
  for (std::size_t at; (at = shown.find('\n')) != shown.npos;) shown.replace(at, 1, "\\n");
  expect((style == Style::error ? "! " : "i ") + shown);
  if (faults_.next()) return Error{Code::unavailable, "conversation: fault"};
  return Done{};
}

Result<Answer> Script::choose(std::string_view title, const std::vector<std::string>& items, std::string_view prompt) {
  std::string said = "[ " + std::string(title);
  for (const std::string& item : items) said += " | " + item;
  expect(said + " | " + std::string(prompt));
  return answer();
}

}  // namespace utmfa::test

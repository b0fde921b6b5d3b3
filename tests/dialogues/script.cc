// SPDX-License-Identifier: Apache-2.0
// The scripted person.
#include <liboath/oath.h>

#include "base/text.h"
#include "dialogue.h"

namespace utmfa::test {
namespace {

bool of_a_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; }

// What a program reads is in no language: the challenge for utmfa-assert.
bool of_a_challenge(char c) { return of_a_word(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':'; }

// Outside of brackets there stands only what somebody has given: names, numbers, an administrator's words.
bool in_brackets(std::string_view text, const std::string& given) {
  constexpr std::string_view opens = "\xe2\x9f\xa6", closes = "\xe2\x9f\xa7";
  constexpr std::string_view left_out = "\xe2\x80";  // begins the dots for what is not shown, U+2022 and U+2026
  while (!text.empty()) {
    if (text.starts_with(opens)) {
      const std::size_t end = text.find(closes);
      if (end == text.npos) return false;
      text.remove_prefix(end + closes.size());
      continue;
    }
    std::size_t size = 0;
    if (text.starts_with(left_out)) size = left_out.size() + 1;
    if (text.starts_with("u1:"))
      while (size < text.size() && !text.substr(size).starts_with(opens) && of_a_challenge(text[size])) ++size;
    if (size > 0) {
      text.remove_prefix(size);
      continue;
    }
    while (size < text.size() && of_a_word(text[size]) && !text.substr(size).starts_with(opens) &&
           !text.substr(size).starts_with(left_out))
      ++size;
    if (size > 0 && given.find(text.substr(0, size)) == given.npos) return false;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return true;
}

}  // namespace

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
  if (compare == Compare::brackets) expect("t " + std::string(request.text.view()));
  return Done{};
}

// What the gateway says stands behind what it was asked.
Result<std::optional<News>> Script::news(std::int64_t) {
  if (faults_.next()) return Error{Code::unavailable, "the person is gone"};
  while (compare != Compare::words && !expected.empty() && expected.front().text[0] != '>' &&
         expected.front().text[0] != '=')
    expected.pop_front();
  News news;
  if (expected.empty() || expected.front().text[0] != '=') {
    if (compare == Compare::words && wrong.empty()) wrong = "end: a gateway was waited for and nothing is in the file";
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
  if (compare == Compare::nothing || !wrong.empty()) return;
  if (compare == Compare::brackets) {
    if (said[0] != '@' && said[0] != 'k' && !in_brackets(std::string_view(said).substr(said.find(' ')), given))
      wrong = "not to be translated: " + said;
    return;
  }
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
  while (compare != Compare::words && !expected.empty() && expected.front().text[0] != '>') expected.pop_front();
  if (expected.empty() || expected.front().text[0] != '>') {
    if (compare == Compare::words && wrong.empty()) wrong = "end: an answer was asked for and none is in the file";
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

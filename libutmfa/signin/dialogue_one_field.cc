// SPDX-License-Identifier: Apache-2.0
// A program with a single hidden field and no text, as many screen lockers are: one question, one answer, no list. The
// code stands right behind the password, and the first method whose code is typed is meant.
#include "base/text.h"
#include "signin/dialogue.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t usual_digits = 6;  // where a name has no method, it is asked as if it had the usual one

}  // namespace

Result<Answer> Conversation::ask_behind_password(std::string_view prompt, std::size_t) {
  return ask(prompt, Echo::hidden);
}

// 0: what this method takes has no fixed number of digits.
std::size_t Dialogue::digits_of(const Choice& choice) const {
  if (choice.channel != nullptr) return 0;
  for (const FieldRule& field : choice.factor->fields) {
    if (field.key != "digits") continue;
    const AccountMethod* held = account_.find(choice.method);
    return held == nullptr ? usual_digits : static_cast<std::size_t>(held->method.number("digits"));
  }
  return 0;
}

Result<Passed> Dialogue::in_one_field() {
  for (std::size_t i = 0; i < choices_.size() && digits_of(choices_[current_]) == 0; ++i) current_ = i;
  const std::size_t digits = digits_of(choices_[current_]);
  if (digits == 0) {
    passed_.reason = "field: one takes a code of an app or a token, and there is none: " + plan_.reason;
    return passed_;
  }
  const auto own = service_.prompts.find(one_field_prompt);
  const std::string words = own == service_.prompts.end() ? std::string() : own->second.in(spoken());
  const Result<Answer> answer = outside_.conversation.ask_behind_password(
      say("{0}: ", {words.empty() ? say("Password and code") : words}), digits);
  if (!answer) {
    gone_ = true;
    return answer.error();
  }
  tries_left_ = 1;  // the same text would be the answer to the next question too
  if (ascii_digits(answer->text.view())) {
    const Result<Turn> turn = judged(answer->text.view());
    if (!turn) return turn.error();
    if (*turn == Turn::over) return passed_;
  } else {
    passed_.reason = "no code behind the password";
    lead_ = say("Type your password and, right behind it, the code. ");
  }
  if (const Status said = farewell(); !said) return said.error();
  return passed_;
}

}  // namespace utmfa

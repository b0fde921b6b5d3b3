// SPDX-License-Identifier: Apache-2.0
// Questions with one line for an answer.
#include "setup/talk.h"

#include "base/text.h"
#include "signin/words.h"

namespace utmfa {

Status say_to(Talk& talk, std::string_view text) { return talk.tell(text, Style::info); }

Result<std::string> asked(Talk& talk, std::string_view prompt) {
  const Result<Answer> answer = talk.ask(prompt, Echo::shown);
  if (!answer) return answer.error();
  return std::string(trimmed(answer->text.view()));
}

Result<Consent> consent(Talk& talk, std::string_view prompt) {
  const Result<std::string> answer = asked(talk, prompt);
  if (!answer) return answer.error();
  const std::string word = lower_ascii(*answer);
  return word == "yes" || word == "y" || word == say("yes") ? Consent::given : Consent::withheld;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// A greeter has one field, whose prompt is gone when somebody types, and one short text below it, which the next text takes
// the place of. So that what became of the last answer and how to get another method are one text, and a sign-in that has
// ended badly waits for a key before the greeter wipes all.
#include <algorithm>

#include "base/text.h"
#include "base/width.h"
#include "signin/dialogue.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t prompt_columns = 25, text_columns = 60, item_columns = 14;
constexpr std::size_t shortest_label = 8;

}  // namespace

Status last_word(const SignIn& who, Conversation& conversation, const std::string& text) {
  if (Status told = conversation.tell(text, Style::error); !told || who.screen == Screen::lines) return told;
  const Result<Answer> read = conversation.ask(say("Press Enter to go back"), Echo::hidden);
  return read ? Status(Done{}) : Status(read.error());
}

// A label is cut so that what it stands in fits.
std::string Dialogue::brief_words(std::string_view msgid, std::size_t most_columns) const {
  const Choice& choice = choices_[current_];
  const AccountMethod* held = account_.find(choice.method);
  const bool masked = personal_ && held != nullptr && choice.factor->brief_masked != nullptr;
  const std::string to = masked ? choice.factor->brief_masked(held->method) : std::string();
  const std::size_t taken = columns(say(msgid, {"", to, sending_.number()}));
  const std::size_t room = std::max(most_columns - std::min(taken, most_columns), shortest_label);
  return say(msgid, {shortened(choice.label, room), to, sending_.number()});
}

std::string Dialogue::brief_item(std::string_view msgid, std::string_view label, std::string_view to) const {
  const std::size_t taken = columns(say(msgid, {"", to}));
  const std::size_t room = std::max(item_columns - std::min(taken, item_columns), shortest_label);
  return say(msgid, {shortened(label, room), to});
}

Dialogue::Question Dialogue::brief_question() const {
  const Factor& factor = *choices_[current_].factor;
  return brief_sent({personal_ ? factor.prompt : factor.plain_prompt, {}});
}

// Enter goes on here.
Dialogue::Question Dialogue::brief_begin(const Brief& brief) const {
  const std::string below = brief_words(brief.below, text_columns);
  return {brief_words(brief.prompt, prompt_columns),
          choices_.size() > 1 ? say("{0} (? for another method)", {below}) : below};
}

// Enter alone opens the list here, which begins another one as well.
Dialogue::Question Dialogue::brief_sent(const Brief& brief) const {
  return {brief_words(brief.prompt, prompt_columns),
          choices_.size() > 1 ? say("Press Enter for another method") : brief_words(brief.below, text_columns)};
}

Result<Answer> Dialogue::ask_at_greeter(const Question& question, Echo echo) {
  std::string text(trimmed(lead_));
  if (!text.empty() && !question.below.empty()) text += "\n";
  text += question.below;
  if (!text.empty())
    if (const Status told = outside_.conversation.tell(text, lead_.empty() ? Style::info : Style::error); !told)
      return told.error();
  return outside_.conversation.ask(question.prompt, echo);
}

// Enter was pressed before the person has answered elsewhere: what is waited for stays on the screen.
Result<Dialogue::Turn> Dialogue::watch() {
  const Channel& channel = *choices_[current_].channel;
  const Brief& brief = channel.brief_waiting;
  const std::string text = brief_words(channel.reply == Reply::matched ? brief.prompt : brief.below, text_columns);
  if (const Status told = outside_.conversation.tell(text, Style::info); !told) {
    gone_ = true;
    (void)sending_.drop();
    return told.error();
  }
  return hear();
}

}  // namespace utmfa

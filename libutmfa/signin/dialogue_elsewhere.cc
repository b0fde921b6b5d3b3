// SPDX-License-Identifier: Apache-2.0
// Turns whose question goes to a telephone or to an app. Nothing is sent before the person has chosen it or has seen a
// prompt, but for a code to the default method of somebody who is half in. What cannot be sent is not asked for again in
// this sign-in: the next method is, by itself.
#include <algorithm>

#include "base/text.h"
#include "signin/dialogue.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {

void Dialogue::add_channels(std::vector<Choice>& choices, const Offer& offer, const AccountMethod& held,
                            const Factor& factor) const {
  for (const std::string_view gateway : offer.channels) {
    const Channel* channel = channel_of(factor, held.method, gateway);
    if (channel == nullptr) continue;
    const std::string label = personal_ ? shown_label(held.method.label) : say(factor.title);
    const std::string to = personal_ ? factor.masked(held.method) : std::string();
    const std::string brief_to = personal_ ? factor.brief_masked(held.method) : std::string();
    choices.push_back(
        {offer.method, &factor, label,
         at_greeter() ? brief_item(channel->brief_listed, label, brief_to) : say(channel->listed, {label, to}),
         channel});
  }
}

std::string Dialogue::words(std::string_view msgid) const {
  const Choice& choice = choices_[current_];
  const AccountMethod* held = account_.find(choice.method);
  const std::string to = personal_ && held != nullptr ? choice.factor->masked(held->method) : std::string();
  return say(msgid, {choice.label, to, sending_.number()});
}

Status Dialogue::note(std::string_view what, std::string_view reason) {
  const Choice& choice = choices_[current_];
  Event e;
  e.what = what;
  e.user = who_.user;
  e.service = who_.service;
  e.from = who_.from;
  e.tty = who_.tty;
  e.method = choice.method;
  e.kind = choice.factor->kind;
  if (choice.channel != nullptr) e.reason = std::string(choice.channel->gateway);
  if (!reason.empty()) e.reason.append(e.reason.empty() ? "" : ": ").append(reason);
  return outside_.audit.record(e);
}

Result<Dialogue::Turn> Dialogue::asked_to_begin() {
  const Channel& channel = *choices_[current_].channel;
  const Result<Answer> answer =
      ask(at_greeter() ? brief_begin(channel.brief_begin) : Question{words(channel.begin), {}});
  if (!answer) return answer.error();
  const std::string_view text = trimmed(answer->text.view());
  if (answer->said == Said::password_again || !text.empty()) return pick_another();
  begin_ = Begin::at_once;
  return Turn::ask;
}

Dialogue::Question Dialogue::question_elsewhere() const {
  const Channel& channel = *choices_[current_].channel;
  if (at_greeter()) {
    const bool waits = sending_.running() && !channel.brief_waiting.prompt.empty();
    return waits ? brief_begin(channel.brief_waiting) : brief_sent(channel.brief_prompt);
  }
  const bool calling = sending_.running() && !channel.waiting.empty();
  return {words(calling ? channel.waiting : personal_ ? channel.prompt : channel.plain_prompt), {}};
}

Result<Dialogue::Turn> Dialogue::elsewhere() {
  const Channel& channel = *choices_[current_].channel;
  const std::string method = choices_[current_].method;
  if (!sending_.to(method, &channel)) {
    if (begin_ == Begin::asked) return asked_to_begin();
    return send(Asking::Want::any);
  }
  if (!at_greeter() && sending_.running() && shown_at_once()) return watched();
  const Result<Answer> answer = ask(question_elsewhere());
  if (!answer) return answer.error();
  const std::string_view text = trimmed(answer->text.view());
  if (answer->said == Said::password_unasked) return answered_by_a_program();
  if (answer->said == Said::password_again) {
    lead_ = say("That was your password. ");
    passed_.reason = "the password was typed instead of a code";
    --tries_left_;
    return Turn::ask;
  }
  if (text == "?" || text == "\xef\xbc\x9f") return pick_another();
  if (channel.reply == Reply::matched && !text.empty() && !sending_.running()) return pick_another();
  if (channel.reply != Reply::matched && !text.empty()) return judged(text);
  if (sending_.running()) return at_greeter() ? watch() : hear();
  return at_greeter() && choices_.size() > 1 ? pick_another() : send(Asking::Want::another);
}

Result<Dialogue::Turn> Dialogue::hear() {
  Result<Progress> progress = sending_.hear();
  if (!progress) {
    gone_ = sending_.gone();
    (void)sending_.drop();
    return progress.error();
  }
  return go_on(std::move(*progress));
}

// Where a text is seen as soon as it is said, nobody need press Enter once he has done in the app what he was told.
bool Dialogue::shown_at_once() const {
  if (choices_[current_].channel->told.empty() || service_.wait_prompt == WaitPrompt::always) return false;
  return service_.wait_prompt == WaitPrompt::never || who_.texts == Texts::at_once;
}

Result<Dialogue::Turn> Dialogue::watched() {
  const Channel& channel = *choices_[current_].channel;
  const Status told =
      outside_.conversation.tell(lead_ + words(personal_ ? channel.told : channel.plain_told), Style::info);
  lead_.clear();
  if (told) return hear();
  gone_ = true;
  (void)sending_.drop();
  return told.error();
}

Result<Dialogue::Turn> Dialogue::send(Asking::Want want) {
  const Choice& choice = choices_[current_];
  const AccountMethod* held = account_.find(choice.method);
  if (held == nullptr) return Error{Code::internal, "no such method to send to"};
  const bool again = sending_.to(choice.method, choice.channel);
  Addressee to{choice.factor, choice.channel, held->method, {}, Proof::confirmed};
  Result<Progress> begun = sending_.begin(to, want);
  if (!begun) {
    gone_ = sending_.gone();
    (void)sending_.drop();
    return begun.error();
  }
  if (begun->course == Course::put_off && again) {
    lead_ = begun->lead;
    sending_.stay();
    return Turn::ask;
  }
  if (begun->course == Course::sent || begun->course == Course::running)
    if (Status noted = note(begun->reason == "sent before" ? "reused" : "sent", {}); !noted) return noted.error();
  return go_on(std::move(*begun));
}

Result<Dialogue::Turn> Dialogue::go_on(Progress progress) {
  switch (progress.course) {
    case Course::sent:
    case Course::running: return Turn::ask;
    case Course::put_off:
    case Course::failed: return pass_over(progress.lead, progress.reason);
    case Course::denied: return person_denied(progress);
    case Course::agreed: break;
  }
  const Result<Turn> turn = judged(progress.answer.view());
  if (!turn || *turn == Turn::over) return turn;
  if (Status dropped = sending_.drop(); !dropped) return dropped.error();  // what was agreed to is over, right or wrong
  begin_ = Begin::asked;
  return turn;
}

// The first of the others, and nothing is sent to it without a question.
Result<Dialogue::Turn> Dialogue::pass_over(std::string lead, std::string_view reason) {
  if (Status noted = note("not-sent", reason); !noted) return noted.error();
  passed_.reason = "could not be sent: " + std::string(reason);
  lead_ = std::move(lead);
  choices_.erase(choices_.begin() + static_cast<std::ptrdiff_t>(current_));
  current_ = 0;
  begin_ = Begin::asked;
  if (choices_.empty()) tries_left_ = 0;
  return Turn::ask;
}

// Who refuses in the app, or says on the telephone that it is not him, ends this sign-in.
Result<Dialogue::Turn> Dialogue::person_denied(const Progress& progress) {
  const Choice& choice = choices_[current_];
  const bool fraud = choice.channel->reply == Reply::spoken || !progress.reason.empty();
  const Result<Verdict> verdict = outside_.vault.denied(fraud ? Denial::fraud : Denial::refused);
  if (!verdict) return verdict.error();
  if (Status noted =
          note(fraud ? "fraud" : "refused-by-person", fraud ? "the person says that it is somebody else" : "");
      !noted)
    return noted.error();
  passed_.method = choice.method;
  passed_.kind = choice.factor->kind;
  passed_.failures = verdict->failures;
  passed_.reason = fraud ? "reported as fraud by the person" : "refused by the person";
  if (verdict->locked_until > outside_.clock.now()) {
    const Result<Passed> end = locked(verdict->locked_until);
    if (!end) return end.error();
    return Turn::over;
  }
  if (const Status told = last_word(who_, outside_.conversation, say("It was refused.")); !told) {
    gone_ = true;
    return told.error();
  }
  return Turn::over;
}

}  // namespace utmfa

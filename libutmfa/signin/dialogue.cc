// SPDX-License-Identifier: Apache-2.0
// Words and turns of the dialogue. What an answer is worth is the vault's affair.
#include "signin/dialogue.h"

#include <algorithm>

#include "base/text.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr int most_picks = 3;  // numbers that are not in the list, before the question comes back

bool taken(const Service& service, std::string_view kind) {
  return service.methods.empty() ||
         std::find(service.methods.begin(), service.methods.end(), kind) != service.methods.end();
}

// The index that a typed number or the first letters of exactly one line mean; items.size() when none.
std::size_t meant(std::string_view typed, const std::vector<std::string>& items) {
  typed = trimmed(typed);
  if (const auto n = number(typed, 1, static_cast<std::int64_t>(items.size()))) return static_cast<std::size_t>(*n - 1);
  const std::string start = lower_ascii(typed);
  std::size_t found = items.size();
  for (std::size_t i = 0; i < items.size() && !start.empty(); ++i) {
    if (lower_ascii(items[i]).rfind(start, 0) != 0) continue;
    if (found != items.size()) return items.size();
    found = i;
  }
  return found;
}

}  // namespace

std::string not_registered() {
  return say("You have not registered a method for the second confirmation yet. Please ask your administrator.");
}

bool labels_shown(const SignIn& who, const Service& service) {
  if (service.labels == Labels::always) return true;
  return service.labels == Labels::proven && who.first == FirstFactor::proven;
}

Dialogue::Dialogue(const SignIn& who, const Service& service, const Account& account, const Plan& plan,
                   Outside& outside)
    : who_(who), service_(service), account_(account), plan_(plan), outside_(outside),
      personal_(labels_shown(who, service) && !plan.offers.empty()),
      choices_(personal_ ? personal_choices() : plain_choices()), tries_left_(service.tries), sending_(who, outside) {
  for (std::size_t i = choices_.size(); i-- > 0 && !plan.offers.empty();)
    if (choices_[i].method == plan.offers.front().method && (personal_ || asked_alike(choices_[i], choices_[0])))
      current_ = i;
}

// Where names are hidden, the first question must not tell what kind of method a name has.
bool Dialogue::asked_alike(const Choice& one, const Choice& other) {
  return one.factor->plain_prompt == other.factor->plain_prompt && one.factor->echo == other.factor->echo &&
         one.channel == nullptr && other.channel == nullptr && one.answered == other.answered;
}

std::vector<Dialogue::Choice> Dialogue::personal_choices() const {
  std::vector<Choice> choices;
  for (const Offer& offer : plan_.offers) {
    const AccountMethod* held = account_.find(offer.method);
    const Factor* factor = factor_for(offer.kind);
    if (held == nullptr || factor == nullptr) continue;
    if (factor->channels != nullptr) {
      add_channels(choices, offer, *held, *factor);
      continue;
    }
    const std::string label = shown_label(held->method.label);
    const std::string left = held->left < 0 ? std::string() : std::to_string(held->left);
    if (offer.answered == Answered::by_key) add_key(choices, offer, *held, *factor);
    if (offer.answered != Answered::typed) continue;
    const bool brief = at_greeter() && !factor->brief_listed.empty();
    choices.push_back({offer.method, factor, label,
                       brief ? brief_item(factor->brief_listed, label, left) : say(factor->listed, {label, left}),
                       nullptr});
  }
  return choices;
}

std::vector<Dialogue::Choice> Dialogue::plain_choices() const {
  std::vector<Choice> choices;
  for (const Factor& factor : factors()) {
    if (factor.decoy == nullptr || !taken(service_, factor.kind)) continue;
    std::string method;
    for (const Offer& offer : plan_.offers)
      if (method.empty() && offer.kind == factor.kind) method = offer.method;
    choices.push_back({method, &factor, {}, say(factor.title)});
  }
  // Only where the first factor is proven are there offers of these: then the kind tells nobody anything.
  for (const Offer& offer : plan_.offers) {
    const AccountMethod* held = account_.find(offer.method);
    if (held == nullptr) continue;
    if (!offer.channels.empty()) add_channels(choices, offer, *held, *factor_for(offer.kind));
    if (offer.answered == Answered::by_key) add_key(choices, offer, *held, *factor_for(offer.kind));
  }
  return choices;
}

// The administrator's words come before ours, but where they would tell what kind of method a name has.
std::string Dialogue::words_of(const Choice& choice) const {
  const bool usual = choice.factor->plain_prompt == "Verification code";
  const auto own = service_.prompts.find(personal_ ? choice.factor->kind : usual ? unnamed_prompt : "");
  std::string text = own == service_.prompts.end() ? std::string() : own->second.in(spoken());
  if (text.empty()) return personal_ ? say(choice.factor->prompt, {choice.label}) : say(choice.factor->plain_prompt);
  if (const std::size_t at = text.find(label_place); at != text.npos)
    text.replace(at, label_place.size(), choice.label);
  return text;
}

Dialogue::Question Dialogue::question() const {
  if (at_greeter()) return brief_question();
  const Choice& choice = choices_[current_];
  const std::string asked = words_of(choice);
  return {choices_.size() > 1 ? say("{0} (? for another method): ", {asked}) : say("{0}: ", {asked}), {}};
}

// A code goes out at once to the default method, but nobody is asked in an app by somebody who has not asked for it.
Dialogue::Begin Dialogue::begin_with() const {
  const Channel* channel = choices_.empty() ? nullptr : choices_[current_].channel;
  return channel != nullptr && channel->reply == Reply::matched ? Begin::asked : Begin::at_once;
}

Result<Passed> Dialogue::run() {
  begin_ = begin_with();
  if (account_.locked_until > outside_.clock.now()) return locked(account_.locked_until);
  const Result<Turn> verified = verified_by_host();
  if (!verified) return verified.error();
  if (*verified == Turn::over) return passed_;
  if (choices_.empty()) {
    passed_.reason = "no method can be used: " + plan_.reason;
    return passed_;
  }
  if (service_.field == Field::one) return in_one_field();
  while (tries_left_ > 0 && turns_left_-- > 0) {
    const Result<Turn> turn = one_turn();
    if (!turn) return turn.error();
    if (*turn == Turn::over) return passed_;
  }
  if (const Status said = farewell(); !said) return said.error();
  return passed_;
}

Result<Answer> Dialogue::ask(const Question& question, Echo echo) {
  Result<Answer> answer =
      at_greeter() ? ask_at_greeter(question, echo) : outside_.conversation.ask(lead_ + question.prompt, echo);
  if (answer) {
    lead_.clear();
    return answer;
  }
  gone_ = true;
  (void)sending_.drop();  // nobody is there who could type it
  return answer;
}

Result<Dialogue::Turn> Dialogue::one_turn() {
  if (choices_[current_].channel != nullptr) return elsewhere();
  if (choices_[current_].answered == Answered::by_key) return key();
  const Result<Answer> answer = ask(question());
  if (!answer) return answer.error();
  if (answer->said == Said::password_unasked) return answered_by_a_program();
  if (answer->said == Said::password_again) {
    lead_ = say("That was your password. ");
    passed_.reason = "the password was typed instead of a code";
    --tries_left_;
    return Turn::ask;
  }
  const std::string_view text = trimmed(answer->text.view());
  if (text.empty() || text == "?" || text == "\xef\xbc\x9f") return pick_another();  // also the full-width mark
  return judged(text);
}

Result<Answer> Dialogue::chosen(const std::vector<std::string>& items, List list) {
  const std::string lead = list == List::again ? say("That is not in the list. ") : std::string();
  if (who_.screen == Screen::greeter_lists)
    return outside_.conversation.choose(say("Confirm another way"), items, lead + say("Click, or type its number"));
  return outside_.conversation.choose(lead + say("Other methods:"), items, say("Number of the method: "));
}

// Longer than any number of a list: somebody who did not mean the list.
bool Dialogue::may_be_code(std::string_view typed) const {
  constexpr std::size_t shortest = 6;
  const Choice& choice = choices_[current_];
  return typed.size() >= shortest && ascii_digits(typed) && choice.answered == Answered::typed &&
         (choice.channel == nullptr || sending_.to(choice.method, choice.channel));
}

Result<Dialogue::Turn> Dialogue::pick_another() {
  if (choices_.size() == 1) {
    lead_ = say("There is no other method. ");
    return Turn::ask;
  }
  std::vector<std::string> items;
  for (const Choice& choice : choices_) items.push_back(choice.item);
  for (int i = 0; i < most_picks; ++i) {
    const Result<Answer> reply = chosen(items, i == 0 ? List::first : List::again);
    if (!reply) {
      gone_ = true;
      return reply.error();
    }
    const std::string_view typed = trimmed(reply->text.view());
    if (const std::size_t index = meant(typed, items); index < choices_.size()) return picked(index);
    if (may_be_code(typed)) return judged(typed);
    if (typed.empty()) return Turn::ask;
  }
  return Turn::ask;
}

Result<Dialogue::Turn> Dialogue::picked(std::size_t index) {
  current_ = index;
  begin_ = Begin::at_once;  // he has asked for it
  if (!sending_.to(choices_[index].method, choices_[index].channel)) {
    if (Status left = sending_.leave(); !left) return left.error();
    return Turn::ask;
  }
  // At a greeter the list is also how another code is asked for.
  return at_greeter() && !sending_.running() ? send(Asking::Want::another) : Turn::ask;
}

Result<Dialogue::Turn> Dialogue::judged(std::string_view answer) {
  const Choice& choice = choices_[current_];
  Attempt attempt;
  attempt.method = choice.method;
  attempt.kind = choice.factor->kind;
  attempt.answer = answer;
  if (choice.channel != nullptr) attempt.asked = sending_.asked();
  attempt.challenge = challenge_;
  if (service_.remember > 0) {
    attempt.remember_place = place_mark(who_);
    attempt.remember_until = outside_.clock.now() + service_.remember;
  }
  const Result<Verdict> verdict = outside_.vault.judge(attempt);
  challenge_.clear();
  if (!verdict) return verdict.error();
  passed_.method = choice.method;
  passed_.kind = choice.factor->kind;
  passed_.failures = verdict->failures;
  locked_until_ = verdict->locked_until;
  switch (verdict->judged) {
    case Judged::accepted:
      if (Status left = sending_.leave(); !left) return left.error();
      passed_.end = End::accepted;
      passed_.reason.clear();
      return Turn::over;
    case Judged::rejected:
      if (choice.answered != Answered::typed) return key_wrong(*verdict);
      return wrong(*verdict, "wrong answer", say("That code is not right. "));
    case Judged::copied: return key_wrong(*verdict);
    case Judged::used:
      return wrong(*verdict, "used before", say("That code was already used. Wait for the next one. "));
    case Judged::throttled: {
      const Result<Passed> end = locked(verdict->locked_until);
      if (!end) return end.error();
      return Turn::over;
    }
    case Judged::disabled:
      return out_of_use(*verdict, "disabled after too many failures", say("This method can no longer be used. "));
  }
  return Error{Code::internal, "judge: unknown verdict"};
}

// What turns out not to work is not asked for again: the next method is, by itself.
Result<Dialogue::Turn> Dialogue::out_of_use(const Verdict& verdict, std::string_view what, std::string_view lead) {
  Result<Turn> turn = wrong(verdict, what, lead);
  if (!turn || *turn == Turn::over || !personal_) return turn;
  choices_.erase(choices_.begin() + static_cast<std::ptrdiff_t>(current_));
  if (current_ == choices_.size()) current_ = 0;
  if (choices_.empty()) tries_left_ = 0;
  return turn;
}

Result<Dialogue::Turn> Dialogue::wrong(const Verdict& verdict, std::string_view what, std::string_view lead) {
  Event e;
  e.what = "wrong";
  e.user = who_.user;
  e.service = who_.service;
  e.from = who_.from;
  e.tty = who_.tty;
  e.method = passed_.method;
  e.kind = passed_.kind;
  e.reason = what;
  e.failures = static_cast<int>(verdict.failures);
  if (Status audited = outside_.audit.record(e); !audited) return audited.error();
  if (verdict.locked_until > outside_.clock.now()) {
    e.what = "lock";
    e.reason = "until " + iso_time(verdict.locked_until);
    if (Status audited = outside_.audit.record(e); !audited) return audited.error();
  }
  passed_.reason = what;
  lead_ = lead;
  --tries_left_;
  if (verdict.locked_until > outside_.clock.now() && tries_left_ > 0) {
    const Result<Passed> end = locked(verdict.locked_until);
    if (!end) return end.error();
    return Turn::over;
  }
  return Turn::ask;
}

Result<Passed> Dialogue::locked(Time until) {
  passed_.end = End::locked;
  passed_.reason = "too many wrong answers: locked until " + iso_time(until);
  if (const Status told =
          last_word(who_, outside_.conversation, say("Too many wrong codes. Try again after {0}.", {end_text(until)}));
      !told) {
    gone_ = true;
    return told.error();
  }
  return passed_;
}

// No person is asked here, and none can be: it would only go on so.
Result<Dialogue::Turn> Dialogue::answered_by_a_program() {
  (void)sending_.drop();
  passed_.reason = "the program itself answered with the password, and asks nobody" + to_be_asked(who_);
  const Status told = outside_.conversation.tell(
      say("This way of signing in cannot ask for a second confirmation. Please tell your administrator."),
      Style::error);
  if (!told) gone_ = true;
  if (!told) return told.error();
  return Turn::over;
}

// Said after the last try, when nothing more will be asked.
Status Dialogue::farewell() {
  std::string text = lead_;
  if (!plan_.enrolled && labels_shown(who_, service_))
    text = not_registered();
  else if (locked_until_ > outside_.clock.now())
    text = say("Too many wrong codes. Try again after {0}.", {end_text(locked_until_)});
  const Status told =
      last_word(who_, outside_.conversation, trimmed(text).empty() ? say("Signing in did not work.") : text);
  if (!told) gone_ = true;
  return told;
}

}  // namespace utmfa

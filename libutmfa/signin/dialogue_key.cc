// SPDX-License-Identifier: Apache-2.0
// Turns in which a security key answers: one that is plugged in here, or one at the person's own machine, over a pasted
// line. No key is held while a person thinks: it is opened to see which one is there, and again for the touch. What
// does not work is said, and the next method is offered by itself.
#include <algorithm>

#include "base/text.h"
#include "signin/dialogue.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr int few_retries = 3;  // of the PIN: said before it is typed

Verification demanded(KeyUser of_service) {
  switch (of_service) {
    case KeyUser::discouraged: return Verification::discouraged;
    case KeyUser::preferred: return Verification::preferred;
    case KeyUser::required: return Verification::required;
  }
  return Verification::required;
}

bool asks_for_another(const Answer& answer) {
  const std::string_view text = trimmed(answer.text.view());
  return text.empty() || text == "?" || text == "\xef\xbc\x9f";
}

}  // namespace

void Dialogue::add_key(std::vector<Choice>& choices, const Offer& offer, const AccountMethod& held,
                       const Factor& factor) const {
  const std::string label = personal_ ? shown_label(held.method.label) : say(factor.title);
  const bool here = who_.origin == Origin::here;
  const std::string item = at_greeter() ? brief_item(factor.brief_listed, label, {})
                           : here       ? say(factor.listed, {label})
                                        : say("{0} - paste from utmfa-assert", {label});
  choices.push_back({offer.method, &factor, label, item, nullptr, offer.answered});
}

// Who came with a registered key that sshd has verified is asked nothing more.
Result<Dialogue::Turn> Dialogue::verified_by_host() {
  for (const Offer& offer : plan_.offers) {
    const AccountMethod* held = account_.find(offer.method);
    if (offer.answered != Answered::by_host || held == nullptr) continue;
    const std::string verified = factor_for(offer.kind)->verified(held->host_key);
    Attempt attempt;
    attempt.method = offer.method;
    attempt.kind = offer.kind;
    attempt.challenge = verified;
    const Result<Verdict> verdict = outside_.vault.judge(attempt);
    if (!verdict) return verdict.error();
    if (verdict->judged != Judged::accepted) continue;
    passed_.method = offer.method;
    passed_.kind = offer.kind;
    passed_.end = End::accepted;
    return Turn::over;
  }
  return Turn::ask;
}

Verification Dialogue::verification_of(std::size_t choice) const {
  const AccountMethod* held = account_.find(choices_[choice].method);
  const bool strict = held != nullptr && choices_[choice].factor->verification(held->method) == Verification::required;
  return strict ? Verification::required : demanded(service_.verification);
}

// The one that was chosen first, and then all others: whichever is plugged in will do.
std::vector<std::size_t> Dialogue::keys_asked() const {
  std::vector<std::size_t> asked = {current_};
  for (std::size_t i = 0; i < choices_.size() && asked.size() < most_credentials; ++i)
    if (i != current_ && choices_[i].answered == Answered::by_key) asked.push_back(i);
  return asked;
}

Status Dialogue::challenge() {
  if (outside_.random == nullptr) return Error{Code::internal, "keys: no random numbers"};
  const Result<Secret> nonce = outside_.random->bytes(challenge_nonce_size);
  if (!nonce) return nonce.error();
  asked_of_ = keys_asked();
  // What one key demands beyond the service is demanded of that one, when it is judged; elsewhere it has to be told before.
  const Verification wanted = who_.origin == Origin::here ? demanded(service_.verification) : verification_of(current_);
  asked_ = {outside_.host, who_.user, who_.service, std::string(nonce->view()), wanted, {}};
  for (const std::size_t each : asked_of_) {
    asked_.credentials.push_back(choices_[each].factor->credential(account_.find(choices_[each].method)->method));
  }
  Result<std::string> line = print_challenge(asked_);
  if (!line) return line.error();
  challenge_ = std::move(*line);
  return Done{};
}

Result<Dialogue::Turn> Dialogue::key() { return who_.origin == Origin::here ? key_here() : key_elsewhere(); }

// At a greeter Enter opens the list, but where it goes on.
Dialogue::Question Dialogue::key_question(std::string_view msgid, Below below) const {
  const std::string words = say(msgid, {choices_[current_].label});
  const bool others = choices_.size() > 1;
  if (!at_greeter()) return {others ? say("{0} (? for another method): ", {words}) : say("{0}: ", {words}), {}};
  if (below == Below::going_on)
    return {say("Press Enter"), others ? say("{0} (? for another method)", {words}) : words};
  return {words, others ? say("Press Enter for another method") : std::string()};
}

Result<Dialogue::Turn> Dialogue::asked_to_plug_in() {
  const Result<Answer> answer = ask(key_question(UTMFA_MSG("Plug in {0}, then press Enter"), Below::going_on));
  if (!answer) return answer.error();
  if (answer->said == Said::password_again || !trimmed(answer->text.view()).empty()) return pick_another();
  begin_ = Begin::at_once;
  return Turn::ask;
}

Result<KeyNews> Dialogue::of_key(const KeyWish& wish) {
  Result<KeyNews> news = outside_.keys->ask(wish);
  if (!news) gone_ = true;
  return news;
}

Result<Dialogue::Turn> Dialogue::key_here() {
  if (outside_.keys == nullptr) return key_failed({});
  if (begin_ == Begin::asked) return asked_to_plug_in();
  if (Status made = challenge(); !made) return made.error();
  KeyWish look;
  look.credentials = asked_.credentials;
  const Result<KeyNews> here = of_key(look);
  if (!here) return here.error();
  if (here->end != KeyEnd::done) return key_failed(*here);
  current_ = asked_of_[here->credential];
  confirm_ = Confirm::touch;
  pin_ = Secret();
  const bool pin_set = here->pin == KeyNews::Pin::set;
  const Verification wanted = verification_of(current_);
  if (wanted != Verification::discouraged && here->built_in == KeyNews::BuiltIn::ready && finger_ == Finger::first) {
    confirm_ = Confirm::built_in;
  } else if (pin_set && (wanted != Verification::discouraged || finger_ == Finger::never)) {
    const Result<std::optional<Turn>> left = asked_for_pin(*here);
    if (!left) return left.error();
    if (*left) return **left;
  } else if (wanted == Verification::required) {
    KeyNews without = *here;
    without.end = KeyEnd::no_pin;
    return key_failed(without);
  }
  return touched(*here);
}

// Absent: it was typed, and stands in pin_.
Result<std::optional<Dialogue::Turn>> Dialogue::asked_for_pin(const KeyNews& here) {
  const bool few = lead_.empty() && here.retries >= 0 && here.retries <= few_retries;
  if (few) lead_ = say("Tries left: {0}. ", {std::to_string(here.retries)});
  Result<Answer> answer = ask(key_question(UTMFA_MSG("PIN of {0}"), Below::another), Echo::hidden);
  if (!answer) return answer.error();
  if (answer->said == Said::password_again) {
    lead_ = say("That was your password. ");
    passed_.reason = "the password was typed instead of a PIN";
    --tries_left_;
    return std::optional(Turn::ask);
  }
  if (asks_for_another(*answer)) {
    begin_ = Begin::asked;  // where there is nothing else, the key is asked for again by a prompt, and not by itself
    const Result<Turn> picked = pick_another();
    if (!picked) return picked.error();
    return std::optional(*picked);
  }
  confirm_ = Confirm::pin;
  pin_ = std::move(answer->text);
  return std::optional<Turn>();
}

Result<Dialogue::Turn> Dialogue::touched(const KeyNews& here) {
  const std::string label = choices_[current_].label;
  const std::string text = confirm_ == Confirm::built_in ? say("{0}Put your finger on {1}.", {lead_, label})
                                                         : say("{0}Touch {1}.", {lead_, label});
  lead_.clear();
  if (Status told = outside_.conversation.tell(text, Style::info); !told) {
    gone_ = true;
    return told.error();
  }
  KeyWish wish;
  wish.verb = KeyVerb::sign;
  wish.credentials = asked_.credentials;
  wish.hash = client_data_hash(asked_);
  wish.confirm = confirm_;
  wish.pin = std::move(pin_);
  wish.seconds = static_cast<int>(outside_.config.fido.touch);
  const Result<KeyNews> news = of_key(wish);
  if (!news) return news.error();
  if (news->end != KeyEnd::done) {
    KeyNews failed = *news;
    failed.pin = here.pin;
    return key_failed(failed);
  }
  current_ = asked_of_[news->credential];
  const std::string& id = asked_.credentials[news->credential].id;
  const Result<std::string> line = print_answer({credential_mark(id), news->auth_data, news->signature});
  if (!line) return key_failed(unable(line.error().what));
  return judged(*line);
}

std::string Dialogue::key_words(const KeyNews& news) const {
  const std::string& label = choices_[current_].label;
  switch (news.end) {
    case KeyEnd::absent: return say("No security key is plugged in. ");
    case KeyEnd::foreign: return say("The key that is plugged in is not registered for you. ");
    case KeyEnd::busy: return say("The security key is in use by another program. ");
    case KeyEnd::unplugged: return say("The security key was unplugged. ");
    case KeyEnd::no_pin: return say("{0} has no PIN yet, and one is demanded here. ", {label});
    case KeyEnd::wrong_pin:
      return news.retries < 0 ? say("Wrong PIN. ")
                              : say("Wrong PIN. Tries left: {0}. ", {std::to_string(news.retries)});
    case KeyEnd::pin_paused: return say("Too many wrong PINs: unplug {0} and plug it in again. ", {label});
    case KeyEnd::pin_blocked: return say("The PIN of {0} is blocked. ", {label});
    case KeyEnd::pin_change: return say("{0} demands a new PIN first. ", {label});
    case KeyEnd::untouched: return say("{0} was not touched in time. ", {label});
    case KeyEnd::refused: return say("{0} refused. ", {label});
    case KeyEnd::pin_needed: return say("{0} does nothing without its PIN. ", {label});
    case KeyEnd::unverified: return say("The finger was not recognised. ");
    case KeyEnd::done:
    case KeyEnd::known:
    case KeyEnd::unable: break;
  }
  return say("The security key does not work here now. ");
}

Result<Dialogue::Turn> Dialogue::key_failed(const KeyNews& news) {
  challenge_.clear();
  lead_ = key_words(news);
  const std::string reason = std::string(name(news.end)) + (news.detail.empty() ? "" : ": " + news.detail);
  if (Status noted = note("no-answer", reason); !noted) return noted.error();
  passed_.method = choices_[current_].method;
  passed_.kind = choices_[current_].factor->kind;
  passed_.reason = "security key: " + reason;
  const bool pin_left =
      news.pin == KeyNews::Pin::set && (news.end == KeyEnd::unverified || news.end == KeyEnd::pin_needed);
  if (pin_left) finger_ = Finger::never;
  if (news.end == KeyEnd::wrong_pin || news.end == KeyEnd::unverified || news.end == KeyEnd::untouched ||
      news.end == KeyEnd::refused)
    --tries_left_;
  if (news.end == KeyEnd::wrong_pin || pin_left) return Turn::ask;
  return next_but_keys(news);
}

// A key that may still come stays in the list; one that cannot help in this sign-in does not.
Result<Dialogue::Turn> Dialogue::next_but_keys(const KeyNews& news) {
  const bool none = news.end == KeyEnd::unable;
  const bool this_one = news.end == KeyEnd::pin_blocked || news.end == KeyEnd::no_pin || news.end == KeyEnd::pin_change;
  const std::string method = choices_[current_].method;
  std::erase_if(choices_, [&](const Choice& each) {
    return each.answered == Answered::by_key && (none || (this_one && each.method == method));
  });
  leave_keys();
  return Turn::ask;
}

// Nothing is begun by itself after this.
void Dialogue::leave_keys() {
  if (choices_.empty()) tries_left_ = 0;
  const auto next = std::find_if(choices_.begin(), choices_.end(),
                                 [](const Choice& each) { return each.answered != Answered::by_key; });
  if (next != choices_.end())
    current_ = static_cast<std::size_t>(next - choices_.begin());
  else if (current_ >= choices_.size())
    current_ = 0;
  begin_ = Begin::asked;
}

Result<Dialogue::Turn> Dialogue::key_elsewhere() {
  if (challenge_.empty())
    if (Status made = challenge(); !made) return made.error();
  const std::string words = say("Run on your computer: utmfa-assert {0}   and paste its answer", {challenge_});
  const Result<Answer> answer =
      ask({choices_.size() > 1 ? say("{0} (? for another method): ", {words}) : say("{0}: ", {words}), {}});
  if (!answer) return answer.error();
  if (answer->said == Said::password_again) {
    lead_ = say("That was your password. ");
    passed_.reason = "the password was typed instead of an answer";
    --tries_left_;
    return Turn::ask;
  }
  if (asks_for_another(*answer)) return pick_another();
  const std::string_view text = trimmed(answer->text.view());
  if (const Result<KeyAnswer> read = parse_answer(text)) {
    for (std::size_t i = 0; i < asked_.credentials.size(); ++i)
      if (credential_mark(asked_.credentials[i].id) == read->credential) current_ = asked_of_[i];
  }
  return judged(text);
}

// One that may have been copied is not asked again in this sign-in. Elsewhere another challenge is shown.
Result<Dialogue::Turn> Dialogue::key_wrong(const Verdict& verdict) {
  const bool copied = verdict.judged == Judged::copied;
  const Result<Turn> turn =
      wrong(verdict, verdict.why.empty() ? "wrong answer" : verdict.why,
            copied ? say("This key says that it was used elsewhere meanwhile: it may have been copied. Please tell "
                         "your administrator. ")
                   : say("The answer of the security key is not right. "));
  if (!turn || *turn == Turn::over) return turn;
  if (copied) choices_.erase(choices_.begin() + static_cast<std::ptrdiff_t>(current_));
  if (copied || who_.origin == Origin::here) leave_keys();
  return turn;
}

}  // namespace utmfa

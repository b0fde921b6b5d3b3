// SPDX-License-Identifier: Apache-2.0
// The questions of one sign-in: the default method at once, the others behind "?", wrong answers asked again within
// the service's tries. Holds no secret and no lock while a person thinks. Used by sign_in() only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signin/sending.h"
#include "signin/sign_in.h"

namespace utmfa {

// Names of methods are shown at once only where the first factor is known to be right (or the service says so), so
// that a stranger learns nothing of a name; otherwise the kinds that the service takes are listed for everybody.
bool labels_shown(const SignIn& who, const Service& service);

// What somebody hears who is asked for a method and has none.
std::string not_registered();

// What must have been read before the sign-in ends. A greeter wipes every text when it is over, so that a key is waited
// for there. An Error: the person is gone.
Status last_word(const SignIn& who, Conversation& conversation, const std::string& text);

enum class End { accepted, denied, locked };

struct Passed {
  End end = End::denied;
  std::string method, kind;
  std::string reason;
  std::uint32_t failures = 0;
};

class Dialogue {
 public:
  Dialogue(const SignIn& who, const Service& service, const Account& account, const Plan& plan, Outside& outside);
  Result<Passed> run();
  bool person_gone() const { return gone_; }

 private:
  struct Choice {
    std::string method;  // "" = a kind of which the person has none
    const Factor* factor;
    std::string label;
    std::string item;                  // its line in the list
    const Channel* channel = nullptr;  // null: nothing is sent
    Answered answered = Answered::typed;
  };
  // What is asked for, and what stands below the field where a screen has one.
  struct Question {
    std::string prompt, below;
  };
  enum class Turn { ask, over };
  enum class Begin { at_once, asked };  // whether something is sent, or a key asked, without a question before it

  static bool asked_alike(const Choice& one, const Choice& other);
  std::vector<Choice> personal_choices() const;
  std::vector<Choice> plain_choices() const;
  std::string words_of(const Choice& choice) const;
  Question question() const;
  Result<Turn> one_turn();
  // dialogue_elsewhere.cc: a question that is put to a telephone or to an app.
  void add_channels(std::vector<Choice>& choices, const Offer& offer, const AccountMethod& held,
                    const Factor& factor) const;
  Begin begin_with() const;
  std::string words(std::string_view msgid) const;
  Result<Turn> elsewhere();
  Question question_elsewhere() const;
  Result<Turn> hear();
  bool shown_at_once() const;
  Result<Turn> watched();
  Result<Turn> asked_to_begin();
  Result<Turn> send(Asking::Want want);
  Result<Turn> go_on(Progress progress);
  Result<Turn> pass_over(std::string lead, std::string_view reason);
  Result<Turn> person_denied(const Progress& progress);
  Status note(std::string_view what, std::string_view reason);
  Result<Answer> ask(const Question& question) { return ask(question, choices_[current_].factor->echo); }
  Result<Answer> ask(const Question& question, Echo echo);
  enum class List { first, again };
  Result<Answer> chosen(const std::vector<std::string>& items, List list);
  // dialogue_key.cc: a security key, here or where the person is, or one that the host has verified.
  void add_key(std::vector<Choice>& choices, const Offer& offer, const AccountMethod& held, const Factor& factor) const;
  Result<Turn> verified_by_host();
  Result<Turn> key();
  Result<Turn> key_here();
  Result<Turn> key_elsewhere();
  enum class Below { going_on, another };
  Question key_question(std::string_view msgid, Below below) const;
  Result<Turn> asked_to_plug_in();
  Result<Turn> touched(const KeyNews& here);
  Result<std::optional<Turn>> asked_for_pin(const KeyNews& here);
  Result<KeyNews> of_key(const KeyWish& wish);
  Result<Turn> key_failed(const KeyNews& news);
  Result<Turn> next_but_keys(const KeyNews& news);
  void leave_keys();
  Status challenge();
  std::vector<std::size_t> keys_asked() const;
  Verification verification_of(std::size_t choice) const;
  std::string key_words(const KeyNews& news) const;
  Result<Turn> key_wrong(const Verdict& verdict);
  Result<Turn> pick_another();
  Result<Turn> picked(std::size_t index);
  bool may_be_code(std::string_view typed) const;
  Result<Turn> judged(std::string_view answer);
  Result<Turn> out_of_use(const Verdict& verdict, std::string_view what, std::string_view lead);
  Result<Turn> wrong(const Verdict& verdict, std::string_view what, std::string_view lead);
  Result<Passed> locked(Time until);
  Result<Turn> answered_by_a_program();
  Status farewell();
  // dialogue_greeter.cc: the same on a screen that has one field and one line.
  bool at_greeter() const { return who_.screen != Screen::lines; }
  std::string brief_words(std::string_view msgid, std::size_t most_columns) const;
  std::string brief_item(std::string_view msgid, std::string_view label, std::string_view to) const;
  Question brief_question() const;
  Question brief_begin(const Brief& brief) const;
  Question brief_sent(const Brief& brief) const;
  Result<Answer> ask_at_greeter(const Question& question, Echo echo);
  Result<Turn> watch();
  // dialogue_one_field.cc: a program with one hidden field and no text.
  std::size_t digits_of(const Choice& choice) const;
  Result<Passed> in_one_field();

  const SignIn& who_;
  const Service& service_;
  const Account& account_;
  const Plan& plan_;
  Outside& outside_;
  bool personal_;
  std::vector<Choice> choices_;
  std::size_t current_ = 0;
  int tries_left_;
  int turns_left_ = 30;    // lists and empty answers cost no try, but do not go on for ever
  std::string lead_;       // said in front of the next prompt, because sshd shows nothing else in time
  Time locked_until_ = 0;  // after the last answer
  bool gone_ = false;
  Begin begin_ = Begin::at_once;
  Sending sending_;
  std::string challenge_;              // what a key is asked now; worth one answer
  KeyChallenge asked_;                 // the same
  std::vector<std::size_t> asked_of_;  // choices, in the order of its credentials
  Secret pin_;
  Confirm confirm_ = Confirm::touch;
  enum class Finger { first, never } finger_ = Finger::first;
  Passed passed_;
};

}  // namespace utmfa

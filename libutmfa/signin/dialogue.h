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
  };
  enum class Turn { ask, over };
  enum class Begin { at_once, asked };  // whether something is sent without a question before it

  static bool asked_alike(const Choice& one, const Choice& other);
  std::vector<Choice> personal_choices() const;
  std::vector<Choice> plain_choices() const;
  std::string prompt() const;
  Result<Turn> one_turn();
  // dialogue_elsewhere.cc: a question that is put to a telephone or to an app.
  void add_channels(std::vector<Choice>& choices, const Offer& offer, const AccountMethod& held,
                    const Factor& factor) const;
  Begin begin_with() const;
  std::string words(std::string_view msgid) const;
  Result<Turn> elsewhere();
  Result<Turn> asked_to_begin();
  Result<Turn> send(Asking::Want want);
  Result<Turn> go_on(Progress progress);
  Result<Turn> pass_over(std::string lead, std::string_view reason);
  Result<Turn> person_denied(const Progress& progress);
  Status note(std::string_view what, std::string_view reason);
  Result<Answer> ask(const std::string& prompt);
  Result<Turn> pick_another();
  Result<Turn> judged(std::string_view answer);
  Result<Turn> out_of_use(const Verdict& verdict, std::string_view what, std::string_view lead);
  Result<Turn> wrong(const Verdict& verdict, std::string_view what, std::string_view lead);
  Result<Passed> locked(Time until);
  Status farewell();

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
  Passed passed_;
};

}  // namespace utmfa

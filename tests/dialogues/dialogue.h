// SPDX-License-Identifier: Apache-2.0
// A dialogue file: a configuration, a person's methods, and what is said on both sides at each sign-in. The files are
// the readable specification; this reads them and plays them against sign_in().
//
//   config ... end              utmfa.yaml between the lines
//   status active|setting-up|none|ended      language ja
//   totp ID "LABEL" BASE32 | recovery ID "LABEL" CODE... | phone SLOT "LABEL" NUMBER [sms|voice] | push ID "LABEL" DEVICE
//   fido ID "LABEL" es256|eddsa|rs256 [verification=required] [aaguid=HEX]     fido-ssh ID "LABEL" NAME
//   clock 2030-01-01T00:00:00Z  tick 30
//   sign-in USER SERVICE [from=A] [host-key=NAME] [first=proven] [prefer=ID] [groups=a,b|?] [screen=greeter|greeter-lists]
//     [purpose=unlock]   [texts=at-once]     account USER SERVICE
//   < prompt (the text must be equal)    <* hidden prompt    <6 hidden prompt for a password and 6 digits behind it
//   > answer; {ID} = its code now, {ID+1} = of the next step     >password    >password at once    >gone
//   ! error text    i information (\n stands for the end of a line)    [ title | item | item | prompt   (a list; answered by the next >)
//   @ KIND TO (a gateway is asked)    = RESULT [ENTERED] [RETRY] | = fault WHY | = none (it still runs)
//   k look | k sign touch|pin PIN|finger (the keys of this machine are asked)
//   = here ID [pin[=TRIES]] [finger] | = signed ID [flags=N] [counter=N] | = END [TRIES] (an end of device/key.h)
//   {challenge} = the one in the prompt; {ID answers} its answer, {ID lines} what fido2-assert prints, {again} the last one
//   {sent} = the code that was sent last, in an answer, a prompt or what came back
//   OUTCOME
//   audit WORDS...              some audit line of this sign-in contains them
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "signin/factor_rules.h"
#include "signin/sign_in.h"
#include "support/soft_key.h"
#include "support/world.h"

namespace utmfa::test {

struct Line {
  int number;
  std::string text;
};

// words: as in the file. nothing: the fault walk. brackets: the catalogue has every text in ⟦ ⟧, but for its places to fill,
// and what people see is in them, or nobody can translate it.
enum class Compare { words, nothing, brackets };

// The script as a conversation: every expectation must be used up.
class Script final : public Conversation, public Messenger, public SecurityKey {
 public:
  using SoftKeys = std::map<std::string, std::unique_ptr<SoftKey>>;
  Script(Faults& faults, MemoryVault& vault, ToldClock& clock, SoftKeys& keys)
      : faults_(faults), vault_(vault), clock_(clock), keys_(keys) {}
  Result<Answer> ask(std::string_view prompt, Echo echo) override;
  Result<Answer> ask_behind_password(std::string_view prompt, std::size_t digits) override;
  Status tell(std::string_view text, Style style) override;
  Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                        std::string_view prompt) override;

  Status begin(GatewayRequest request) override;
  Result<std::optional<News>> news(std::int64_t at_most_seconds) override;
  void end() override {}

  Result<KeyNews> ask(const KeyWish& wish) override;

  std::deque<Line> expected;
  std::string sent;      // the code that was sent last
  std::string answered;  // what a key answered last
  std::string wrong;     // first difference; empty = none
  Compare compare = Compare::words;
  std::string given;  // what the file sets up: names and the like, which nobody translates

 private:
  void expect(const std::string& said);
  Result<Answer> answer();
  std::string code(std::string_view name);
  std::string of_key(const std::string& name, std::string_view what);
  KeyNews news_of(const std::vector<std::string_view>& word, const KeyWish& wish);
  void note_challenge(std::string_view prompt);
  std::string with_code(std::string text) const;
  Faults& faults_;
  MemoryVault& vault_;
  ToldClock& clock_;
  SoftKeys& keys_;
  std::string challenge_;  // the last one
};

// Plays the file. "" = everything went as written, otherwise PATH:LINE: what differed. With `failing` the n-th outside
// call of every sign-in fails, texts are not compared, and any grant is a difference. `calls` tells how many there were.
std::string play(const std::string& path, int failing, int& calls, Compare compare = Compare::words);

}  // namespace utmfa::test

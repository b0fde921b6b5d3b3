// SPDX-License-Identifier: Apache-2.0
// A dialogue file: a configuration, a person's methods, and what is said on both sides at each sign-in. The files are
// the readable specification; this reads them and plays them against sign_in().
//
//   config ... end              utmfa.yaml between the lines
//   status active|setting-up|none|ended      language ja
//   totp ID "LABEL" BASE32 | recovery ID "LABEL" CODE... | phone SLOT "LABEL" NUMBER [sms|voice] | push ID "LABEL" DEVICE
//   clock 2030-01-01T00:00:00Z  tick 30
//   sign-in USER SERVICE [from=A] [first=proven] [prefer=ID] [groups=a,b|?] [screen=greeter|greeter-lists]
//     [purpose=unlock]     account USER SERVICE
//   < prompt (the text must be equal)    <* hidden prompt
//   > answer; {ID} = its code now, {ID+1} = of the next step     >password    >gone
//   ! error text    i information (\n stands for the end of a line)    [ title | item | item | prompt   (a list; answered by the next >)
//   @ KIND TO (a gateway is asked)    = RESULT [ENTERED] [RETRY] | = fault WHY | = none (it still runs)
//   {sent} = the code that was sent last, in an answer, a prompt or what came back
//   OUTCOME
//   audit WORDS...              some audit line of this sign-in contains them
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "signin/sign_in.h"
#include "support/world.h"

namespace utmfa::test {

struct Line {
  int number;
  std::string text;
};

// The script as a conversation: every expectation must be used up.
class Script final : public Conversation, public Messenger {
 public:
  Script(Faults& faults, MemoryVault& vault, ToldClock& clock) : faults_(faults), vault_(vault), clock_(clock) {}
  Result<Answer> ask(std::string_view prompt, Echo echo) override;
  Status tell(std::string_view text, Style style) override;
  Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                        std::string_view prompt) override;

  Status begin(GatewayRequest request) override;
  Result<std::optional<News>> news(std::int64_t at_most_seconds) override;
  void end() override {}

  std::deque<Line> expected;
  std::string sent;    // the code that was sent last
  std::string wrong;   // first difference; empty = none
  bool strict = true;  // false: texts are not compared (fault walk)

 private:
  void expect(const std::string& said);
  Result<Answer> answer();
  std::string code(std::string_view name) const;
  std::string with_code(std::string text) const;
  Faults& faults_;
  MemoryVault& vault_;
  ToldClock& clock_;
};

// Plays the file. "" = everything went as written, otherwise PATH:LINE: what differed. With `failing` the n-th outside
// call of every sign-in fails, texts are not compared, and any grant is a difference. `calls` tells how many there were.
std::string play(const std::string& path, int failing, int& calls);

}  // namespace utmfa::test

// SPDX-License-Identifier: Apache-2.0
// The question of a campaign: now, or another time. Another time is counted, so that it comes to an end.
#include "base/text.h"
#include "setup/acts.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Status put_off(Bench& bench) {
  Event event;
  event.what = "put-off";
  const auto edit = [](Registered& person) -> Status {
    if (person.file.status == Registration::active)
      return Error{Code::refused, say("Your methods were changed meanwhile. Please sign in again.")};
    ++person.file.reminded;
    return Done{};
  };
  return bench.change(edit, std::move(event));
}

}  // namespace

Result<Consent> offered(Bench& bench, std::int64_t times_left) {
  const std::string left = std::to_string(times_left);
  const std::string question =
      bench.talk.room() == Room::page
          ? say("Set up a second confirmation now (about 3 minutes)? Enter for yes, or skip ({0} more times): ", {left})
          : say("Set up a second confirmation? Enter, or skip ({0} left): ", {left});
  for (;;) {
    const Result<std::string> answer = asked(bench.talk, question);
    if (!answer) return answer.error();
    const std::string word = lower_ascii(*answer);
    if (word.empty() || word == "yes" || word == "y" || word == say("yes")) return Consent::given;
    if (word != "skip" && word != "no" && word != "n" && word != say("skip")) continue;
    if (Status done = put_off(bench); !done) return done.error();
    return Consent::withheld;
  }
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The steps that the acts share: make a method, prove its first code, try it by a real sign-in, take back what was not
// finished. Called by the acts, and by utmfa-admin for a pass; words and questions are the caller's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "factors/factor.h"
#include "setup/acts.h"

namespace utmfa {

struct Registering {
  std::string id;
  Method method;                   // as made, without secrets
  Secret secret;                   // in the clear, to be shown once; empty where the kind has none to show
  std::vector<std::string> shown;  // codes of a sheet, a pass
};

// The event is the caller's to record.
Result<Registering> register_method(Registrar& registrar, const Factor& factor, const Wish& wish, Random& random,
                                    Time now, const RegistrationRules& rules);
Result<Registering> register_method(Bench& bench, const Factor& factor, const Wish& wish);  // with its event

// Where a code for registering is asked for: by whichever program of this person, so that it can be confirmed later.
SignIn registering_place(const std::string& user);

// Proves the first code of a waiting method. Refused: the words for the person.
Status prove(Bench& bench, std::string_view id, std::string_view answer);

// What has proven that it works is asked for from now on.
Status confirm(Bench& bench, const Registering& made);

Status told_verdict(const Verdict& verdict);  // the words for the person

// Away again, without rules: only for what was registered a moment ago and not finished.
Status withdraw(Bench& bench, const std::string& id);

// A real sign-in on the test service in which `id` is asked first ("" = the default). The method that was really used,
// which is then marked as tested.
Result<std::string> try_method(Bench& bench, const std::string& id);

std::vector<Method> lasting(const MethodFile& file, Proof proof);  // without temporary passes

// What a person must see once.
Status show_app(Bench& bench, const Registering& made);
Status show_sheet(Bench& bench, const std::vector<std::string>& codes);

// Takes a method back unless it was finished: whatever ends the step, nothing half registered is left.
class Unfinished {
 public:
  Unfinished(Bench& bench, std::string id) : bench_(bench), id_(std::move(id)) {}
  ~Unfinished();
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void finished() { id_.clear(); }

 private:
  Bench& bench_;
  std::string id_;
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// A token goes to a person and comes back. The stock is changed first when a token goes out and last when it comes
// back, so that a cut in between leaves a token that counts as lent: it can be lent to the same person again, or
// returned, and never stands in two registrations. Called by utmfa-admin token; the caller writes the log.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "setup/setup.h"
#include "tokens/stock.h"

namespace utmfa {

// What lending works on; everything is the caller's.
struct LendingDesk {
  StockPlace stock;
  Registry& registry;
  const KeyRing& ring;
  Clock& clock;
  Random& random;
  FactorRules rules;
  RegistrationRules registration;
};

struct LoanWish {
  std::string serial, user;  // the canonical name
  std::string due;           // "" = no end
  std::string label;         // of the method
  std::string code;          // that the token shows now; "" = the person proves the first code later
};

struct Lent {
  std::string method, kind;
  Proof proof = Proof::waiting;
};

struct Back {
  std::string user;    // who had it; "" = nobody
  std::string method;  // taken out of the registration; "" = it was not there any more
  std::string kind;
  int left = 0;           // methods that the person can still use
  bool short_of = false;  // an active person has fewer than the minimum now
  bool unknown = false;   // resync must come before the next loan
};

enum class Minimum { kept, waived };

// Refused where somebody else has the token, or had it last and still has it registered.
Result<Lent> lend(const LendingDesk& desk, const LoanWish& wish);
Result<Back> take_back(const LendingDesk& desk, const std::string& serial, Minimum minimum);
// Out of use for good: taken from whoever has it, and its secret forgotten.
Result<Back> retire(const LendingDesk& desk, const std::string& serial, const std::string& reason, Minimum minimum);
// Two codes in a row set right what is known of a token, in the stock and with the person who has it.
Status resync(const LendingDesk& desk, const std::string& serial, std::string_view first, std::string_view second);

// Ids of methods that are tokens of the stock which this person does not have, or not any more. They must not come back
// with an old registration: whoever has the token now could sign in.
Result<std::vector<std::string>> tokens_of_others(const StockPlace& place, const MethodFile& file);

// The method of a person that is this token; null where there is none.
const Method* method_of(const MethodFile& file, const Token& token);

}  // namespace utmfa

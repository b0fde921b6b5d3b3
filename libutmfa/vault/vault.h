// SPDX-License-Identifier: Apache-2.0
// The vault: where one person's methods, secrets and counters live and are judged. The port never hands out a
// secret, so that a database which judges inside itself can stand behind it (a fleet's hosts hold none).
// A Vault is bound to one person when it is made. Called by signin/ and setup/; knows nothing of PAM.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "methods/account.h"

namespace utmfa {

enum class Judged {
  accepted,
  rejected,
  used,       // it was right, and has been used before
  throttled,  // not looked at: too many failures; see locked_until
  disabled    // not looked at: this method needs to be registered again
};

struct Verdict {
  Judged judged = Judged::rejected;
  Time locked_until = 0;       // after this answer; 0 = not locked
  std::uint32_t failures = 0;  // consecutive, of this person, after this answer
};

struct Attempt {
  std::string_view method;  // id; "" = the person has no method of this kind: a decoy is judged, and rejected
  std::string_view kind;
  std::string_view answer;           // what was typed
  std::uint64_t remember_place = 0;  // 0 = do not remember
  Time remember_until = 0;
  Proof proof = Proof::confirmed;  // waiting: setup/ proves the first code of a new method; never at a sign-in
};

class Vault {
 public:
  virtual Result<Account> account() = 0;
  // Charge, judge, spend in one durable step: when this returns, the disk has it.
  virtual Result<Verdict> judge(const Attempt& attempt) = 0;

 protected:
  ~Vault() = default;
};

}  // namespace utmfa

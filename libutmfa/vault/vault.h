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
  copied,     // it was right, but there seems to be a second one of it
  throttled,  // not looked at: too many failures; see locked_until
  disabled    // not looked at: this method needs to be registered again
};

struct Verdict {
  Judged judged = Judged::rejected;
  Time locked_until = 0;       // after this answer; 0 = not locked
  std::uint32_t failures = 0;  // consecutive, of this person, after this answer
  std::string_view why = {};   // for the log: why it was rejected, where the kind says so
};

// Where a question is put: what was sent for one place is worth nothing at another.
struct Asked {
  std::string_view service;
  std::uint64_t where = 0;  // line_mark() of the sign-in
};

struct Attempt {
  std::string_view method;  // id; "" = the person has no method of this kind: a decoy is judged, and rejected
  std::string_view kind;
  std::string_view answer;           // what was typed
  std::uint64_t remember_place = 0;  // 0 = do not remember
  Time remember_until = 0;
  Proof proof = Proof::confirmed;  // waiting: setup/ proves the first code of a new method; never at a sign-in
  Asked asked = {};                // of a code that was sent
  std::string_view receiver = {};  // whom it was sent to; "" = as the method says
  // What a device was asked in this sign-in, or what the host has verified. Never what somebody typed.
  std::string_view challenge = {};
};

// A code that somebody wants to have sent to a person.
struct Asking {
  std::string_view method, kind;
  std::string_view channel;  // a kind of gateway
  Asked asked;
  std::string_view receiver = {};  // "" = as the method says; setup/ proves another one
  // any: one that was sent for this place and is still good will do. another: a new one, and the old is worth nothing.
  enum class Want { any, another } want = Want::any;
  Proof proof = Proof::confirmed;
};

// sent_before: nothing is to be sent, and no code is given. The last four: nothing may be sent, until `again`.
enum class Issued { fresh, sent_before, too_soon, too_many, denied, locked };
struct Issue {
  Issued issued = Issued::fresh;
  Secret code;     // to be handed to the gateway, and to nobody else
  Time until = 0;  // the code is good
  Time again = 0;
};

// refused: the person says no. fraud: he says that somebody else does it.
enum class Denial { refused, fraud };

class Vault {
 public:
  virtual Result<Account> account() = 0;
  // Charge, judge, spend in one durable step: when this returns, the disk has it.
  virtual Result<Verdict> judge(const Attempt& attempt) = 0;
  // A new code for a method whose code is sent. When this returns, the disk has what it is judged by, and that something
  // was sent; failures are as they were.
  virtual Result<Issue> issue(const Asking& asking) = 0;
  // What was issued is worth nothing from now on: it was not sent, or nobody waits for it. Another one may be sent after
  // so many seconds; -1 = as the rules say.
  virtual Status withdraw(const Asking& asking, std::int64_t retry_after) = 0;
  // Everything that was sent is worth nothing, and nothing more is sent for a time.
  virtual Result<Verdict> denied(Denial denial) = 0;

 protected:
  ~Vault() = default;
};

}  // namespace utmfa

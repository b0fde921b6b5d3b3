// SPDX-License-Identifier: Apache-2.0
// The sign-in, one straight function. Everything outside comes in as a port. The only place in the tree that says
// Outcome::granted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/config.h"
#include "device/key.h"
#include "factors/factor.h"
#include "gateway/gateway.h"
#include "policy/plan.h"
#include "vault/vault.h"

namespace utmfa {

// observed: a service is only tried out until a stated day (observe-until), and whoever was denied or locked is let on
// as if nothing had been asked; never where something could not be decided.
// set_up_done: at the door of set-up only; whoever was led through registration has proven each of his methods there.
// set_up_put_off: by somebody to whom it was only offered.
enum class Outcome {
  granted,
  denied,
  locked,
  exempt,
  observed,
  not_needed,
  set_up_offered,
  set_up_needed,
  set_up_done,
  set_up_put_off,
  unavailable,
  aborted
};
std::string_view name(Outcome outcome);

// password_unasked: the password, sooner than a person can type: a program answers every question with it.
enum class Said { text, password_again, password_unasked };
struct Answer {
  Said said = Said::text;
  Secret text;
};

enum class Style { info, error };

// What a conversation says of a program that would not put the question to anybody.
inline constexpr std::string_view never_asked = "the program put the question to nobody";
// The remedy, for the log: what must be set so that people are asked.
std::string to_be_asked(const SignIn& who);

// What stands between a person and the sign-in: the module over the wire, or a script in a test. An Error means that
// the person is gone.
class Conversation {
 public:
  virtual Result<Answer> ask(std::string_view prompt, Echo echo) = 0;
  // One hidden field for the password and, right behind it, so many digits. Only the digits are the answer, "" where there
  // are none: the password never comes here.
  virtual Result<Answer> ask_behind_password(std::string_view prompt, std::size_t digits);
  virtual Status tell(std::string_view text, Style style) = 0;
  // A list to choose from; the reply is untrusted text: a number, first letters, or anything.
  virtual Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                                std::string_view prompt) = 0;

 protected:
  ~Conversation() = default;
};

// What carries a question to a person who is elsewhere, one at a time. It runs on while the person is asked here.
struct News {
  std::string fault;   // why there is no reply of the gateway's own; "" = there is
  GatewayReply reply;  // cleaned; a stranger's word all the same
};
class Messenger {
 public:
  // Everything of the request but its id, which is the messenger's own.
  virtual Status begin(GatewayRequest request) = 0;
  // Waits at most so long; absent: it is still at it. An Error: the person is gone.
  virtual Result<std::optional<News>> news(std::int64_t at_most_seconds) = 0;
  virtual void end() = 0;  // nobody waits for it any more

 protected:
  ~Messenger() = default;
};

struct Outside {
  const Config& config;
  Vault& vault;
  Conversation& conversation;
  Clock& clock;
  Audit& audit;
  Messenger* messenger = nullptr;  // null: nothing can be sent from here
  SecurityKey* keys = nullptr;     // null: no key of this machine can be asked
  Random* random = nullptr;        // for what a key is asked; null: no key is asked
  std::string host = {};           // this machine's name, for people
};

// The dialogue of one sign-in, from the plan to the outcome.
Outcome sign_in(const SignIn& who, Outside& outside);

// Account management reached without our dialogue in the same process (an ssh key alone): denied where a second
// confirmation is demanded and the service says `account: enforce`; otherwise not_needed. Nothing is asked.
Outcome account_check(const SignIn& who, Outside& outside);

}  // namespace utmfa

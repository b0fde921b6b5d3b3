// SPDX-License-Identifier: Apache-2.0
// A person's e-mail address: where notices go, never a way to sign in. It counts once a code that was mailed to it is
// typed back. Pure, but for prove_address(), which mails and asks. The code lives in the process that asks for it and
// nowhere else: not in a file, not in a log, and with its end it is gone.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "gateway/gateway.h"
#include "setup/setup.h"
#include "signin/sign_in.h"

namespace utmfa {

inline constexpr std::int64_t address_proof_seconds = 600;
inline constexpr int address_proof_tries = 3;

// As it is kept: the domain in lower case. Error: expected form.
Result<std::string> mail_address(std::string_view text);

struct AddressProof {
  Secret code;  // six digits
  Time until = 0;
  int tries_left = address_proof_tries;
};
Result<AddressProof> begin_proof(Random& random, Time now);
enum class Proven { yes, wrong, over };
// A right answer is right once; after the last try or the last second nothing is.
Proven judge_proof(AddressProof& proof, std::string_view answer, Time now);

struct AddressClaim {
  std::string user, address, language, issuer;
};
// Mails a code to the address and asks for it. Refused: not proven, in words for the person.
Status prove_address(const AddressClaim& claim, Gateway& gateway, Conversation& conversation, Clock& clock,
                     Random& random);

// Edits. `verified` 0: the desk says so, nobody has proven it.
Status set_contact(Registered& registered, const std::string& address, Time verified);
Status remove_contact(Registered& registered);
// What is written to the log and told, also to the address that was there before.
Event contact_event(const std::string& user, const std::string& former, std::string_view reason);

}  // namespace utmfa

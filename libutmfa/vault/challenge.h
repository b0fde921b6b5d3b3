// SPDX-License-Identifier: Apache-2.0
// Codes that are sent, as arithmetic on a state: made, found again, spent, taken back. The state keeps a keyed digest of
// the code together with everything that it is bound to; no code is kept. For vault/ and its stand-ins in tests.
#pragma once

#include <functional>
#include <string>

#include "factors/factor.h"
#include "guard/guard.h"
#include "vault/vault.h"

namespace utmfa {

struct Bound {
  std::string_view user, method, kind, receiver;
  Asked asked;
};
// What the digest is taken of; unambiguous.
std::string bound(const Bound& to, const Challenge& challenge, std::string_view code);

using Digest = std::function<Result<std::string>(std::string_view data)>;  // 32 bytes, under this person's key

Result<Issue> make_challenge(State& state, const Asking& asking, const Bound& to, const DeliveryRules& rules,
                             Random& random, const Digest& digest, Time now);
// The one for this place that is still in its time, used or not; null = none.
const Challenge* open_challenge(const State& state, std::string_view method, std::uint64_t where, Time now);
Use spend_challenge(State& state, std::string_view method, std::uint64_t where, Time now);
void withdraw_challenge(State& state, const Asking& asking, std::int64_t retry_after, Time now);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// What phone.cc and push.cc share: codes that are made at the sign-in and sent. Used by these two only.
#pragma once

#include "factors/factor.h"

namespace utmfa {

// `sent` and `typed` are keyed digests, made by who holds the key; an empty one is no code.
Result<Judgement> judge_sent(const Method&, const Secret& sent, const MethodState& state, const FactorRules&,
                             std::string_view typed, Time);
// Digits as a person types them, without spaces and hyphens; empty where there is anything else.
Result<Secret> sent_digits(const Secret&, std::string_view answer);

std::string_view always_usable(const Method&, const MethodState&, Time);
int none_left(const Method&, const MethodState&);
// Codes that were sent are forgotten with the state.
MethodState nothing_spent(const Method&, const FactorRules&, Time);

}  // namespace utmfa

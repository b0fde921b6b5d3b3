// SPDX-License-Identifier: Apache-2.0
#include "factors/sent.h"

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_typed = 16;

}  // namespace

Result<Judgement> judge_sent(const Method&, const Secret& sent, const MethodState& state, const FactorRules&,
                             std::string_view typed, Time) {
  const bool same = equal(sent.view(), typed);
  return Judgement{same && !sent.empty() ? Use::accepted : Use::rejected, state};
}

Result<Secret> sent_digits(const Secret&, std::string_view answer) {
  Secret typed(longest_typed);
  std::size_t count = 0;
  while (!answer.empty()) {
    const char each = take_typed(answer);
    if (each == ' ' || (each == '-' && count > 0)) continue;
    if (each < '0' || each > '9' || count == longest_typed) return Secret();
    typed.data()[count++] = each;
  }
  return Secret(typed.view().substr(0, count));
}

std::string_view always_usable(const Method&, const MethodState&, Time) { return {}; }
int none_left(const Method&, const MethodState&) { return -1; }
MethodState nothing_spent(const Method&, const FactorRules&, Time) { return {}; }

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Counter-based hardware token (RFC 4226). The next counter only ever goes up; codes skipped at the token's button are
// looked for ahead, within the rules' window.
#include <algorithm>

#include "base/text.h"
#include "factors/oath.h"
#include "factors/rows.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"secret", FieldType::sealed, "", ""},
                                {"digits", FieldType::number, "6|7|8", "6"},
                                {"serial", FieldType::text, "", "-"}};

constexpr std::int64_t look_back = 3;  // only to tell a person that the code was used; never accepted
constexpr std::int64_t resync_window = 2000;
constexpr std::int64_t last_counter = std::int64_t{1} << 62;

Result<Judgement> judge(const Method& method, const Secret& secret, const MethodState& state, const FactorRules& rules,
                        std::string_view answer, Time) {
  const std::int64_t next = std::clamp<std::int64_t>(state.moving, 0, last_counter);
  const Secret typed = typed_digits(method, answer);
  Judgement judgement{Use::rejected, state};
  for (std::int64_t counter = std::max<std::int64_t>(next - look_back, 0); counter <= next + rules.hotp_window;
       ++counter) {
    const Result<Secret> code = hotp_code(method, secret, counter);
    if (!code) return code.error();
    if (!equal(code->view(), typed.view()) || judgement.use == Use::accepted) continue;
    judgement.use = counter < next ? Use::used : Use::accepted;
    if (counter >= next) judgement.after.moving = counter + 1;
  }
  return judgement;
}

// Two codes in a row are looked for further than one could be.
Result<Use> resync(Method& method, const Secret& secret, MethodState& state, std::string_view first,
                   std::string_view second, Time) {
  const std::int64_t next = std::clamp<std::int64_t>(state.moving, 0, last_counter);
  const Secret one = typed_digits(method, first), two = typed_digits(method, second);
  std::int64_t matched = -1;
  bool before = false;  // whether the code of the counter before was the first one
  for (std::int64_t counter = std::max<std::int64_t>(next - look_back, 0); counter <= next + resync_window; ++counter) {
    const Result<Secret> code = hotp_code(method, secret, counter);
    if (!code) return code.error();
    if (before && matched < next + 1 && equal(code->view(), two.view())) matched = counter;
    before = equal(code->view(), one.view());
  }
  if (matched < next + 1) return matched < 0 ? Use::rejected : Use::used;
  state.moving = matched + 1;
  return Use::accepted;
}

std::string_view unusable(const Method&, const MethodState&, Time) { return {}; }
int left(const Method&, const MethodState&) { return -1; }

Result<Made> make(const Wish& wish, Random& random, Time now) {
  if (Status known = known_options(wish, fields, "counter"); !known) return known.error();
  Result<Made> made = make_oath(hotp_factor, wish, 20, random, now);
  const auto counter = wish.options.find("counter");
  if (!made || counter == wish.options.end()) return made;
  const auto first = number(counter->second, 0, last_counter);
  if (!first) return Error{Code::invalid, "counter: expected a number from 0"};
  made->moving = *first;
  return made;
}

Result<Made> decoy(Random& random, Time now) { return make_oath(hotp_factor, {}, 20, random, now); }

// Which counters were used is known to nobody any more: the token must be registered again.
MethodState spent(const Method&, const FactorRules&, Time) {
  MethodState state;
  state.moving = last_counter;
  state.failures = ~std::uint32_t{0};
  return state;
}

}  // namespace

constexpr Factor hotp_factor = {
    .kind = "hotp",
    .fields = fields,
    .secret_field = "secret",
    .id_stem = "token",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Code from {0}"),
    .plain_prompt = UTMFA_MSG("Verification code"),
    .listed = UTMFA_MSG("{0} - code from the token"),
    .title = UTMFA_MSG("Hardware token"),
    .brief_listed = UTMFA_MSG("{0}"),
    .standing = Standing::lasting,
    .token = UTMFA_MSG("its codes go by a counter (the usual)"),
    .prepare = nullptr,
    .judge = judge,
    .unusable = unusable,
    .left = left,
    .make = make,
    .decoy = decoy,
    .resync = resync,
    .spent = spent,
};

}  // namespace utmfa

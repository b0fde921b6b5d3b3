// SPDX-License-Identifier: Apache-2.0
// Authenticator app or time-based token (RFC 6238). A code is accepted once, and none older than the last one used.
#include <algorithm>

#include "factors/oath.h"
#include "factors/rows.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {
    {"secret", FieldType::sealed, "", ""},        {"digits", FieldType::number, "6|7|8", "6"},
    {"period", FieldType::number, "30|60", "30"}, {"algorithm", FieldType::choice, "sha1|sha256|sha512", "sha1"},
    {"serial", FieldType::text, "", "-"},         {"ahead", FieldType::number, "0..240", "-"},
    {"behind", FieldType::number, "0..240", "-"}};

constexpr std::int64_t resync_window = 240;  // steps; the most that ahead and behind may say

// A token's drift is followed up to this bound. The steps around the true time are always among those searched, so
// that a clock that was set right again is not locked out by the drift that it had.
std::int64_t drift_bound(const FactorRules& rules) { return std::int64_t{rules.totp_window} * 2; }

// The step that this token's own clock shows: a token whose clock is off by more than drifts was set right once.
std::int64_t step_now(const Method& method, Time now) {
  return now / method.number("period") + method.number("ahead") - method.number("behind");
}

Result<Judgement> judge(const Method& method, const Secret& secret, const MethodState& state, const FactorRules& rules,
                        std::string_view answer, Time now) {
  const std::int64_t present = step_now(method, now);
  const std::int64_t drift = std::clamp<std::int64_t>(state.drift, -drift_bound(rules), drift_bound(rules));
  const std::int64_t first = present + std::min<std::int64_t>(drift, 0) - rules.totp_window;
  const std::int64_t last = present + std::max<std::int64_t>(drift, 0) + rules.totp_window;
  const Secret typed = typed_digits(method, answer);
  std::int64_t matched = -1;
  for (std::int64_t step = std::max<std::int64_t>(first, 0); step <= last; ++step) {
    const Result<Secret> code = totp_code(method, secret, step);
    if (!code) return code.error();
    if (equal(code->view(), typed.view())) matched = step;
  }
  Judgement judgement{Use::rejected, state};
  if (matched < 0) return judgement;
  judgement.use = matched > state.moving ? Use::accepted : Use::used;
  judgement.after.moving = matched;
  judgement.after.drift =
      static_cast<std::int32_t>(std::clamp(matched - present, -drift_bound(rules), drift_bound(rules)));
  return judgement;
}

std::string steps(std::int64_t off) { return std::to_string(off < 0 ? -off : off); }

// The second code is the one that the token shows now.
Result<Use> resync(Method& method, const Secret& secret, MethodState& state, std::string_view first,
                   std::string_view second, Time now) {
  const std::int64_t present = now / method.number("period");
  const Secret one = typed_digits(method, first), two = typed_digits(method, second);
  std::int64_t matched = -1;
  bool before = false;  // whether the code of the step before was the first one
  for (std::int64_t step = std::max<std::int64_t>(present - resync_window - 1, 0); step <= present + resync_window;
       ++step) {
    const Result<Secret> code = totp_code(method, secret, step);
    if (!code) return code.error();
    const bool pair = before && step >= present - resync_window && equal(code->view(), two.view());
    if (pair && (matched <= state.moving || matched < 0)) matched = step;
    before = equal(code->view(), one.view());
  }
  if (matched < 0) return Use::rejected;
  if (matched - 1 <= state.moving) return Use::used;
  state.moving = matched;
  state.drift = 0;
  method.fields.erase("ahead");
  method.fields.erase("behind");
  if (matched != present) method.fields.emplace(matched > present ? "ahead" : "behind", steps(matched - present));
  return Use::accepted;
}

std::string_view unusable(const Method&, const MethodState&, Time) { return {}; }
int left(const Method&, const MethodState&) { return -1; }

// As long as the hash's output (RFC 6238 section 5.1).
std::size_t seed_size(const Wish& wish) {
  const auto found = wish.options.find("algorithm");
  if (found == wish.options.end() || found->second == "sha1") return 20;
  return found->second == "sha256" ? 32 : 64;
}

Result<Made> make(const Wish& wish, Random& random, Time now) {
  if (Status known = known_options(wish, fields, ""); !known) return known.error();
  return make_oath(totp_factor, wish, seed_size(wish), random, now);
}

Result<Made> decoy(Random& random, Time now) { return make_oath(totp_factor, {}, 20, random, now); }

// The furthest step that could have been accepted until now, so that it and all before it are spent.
MethodState spent(const Method& method, const FactorRules& rules, Time now) {
  MethodState state;
  state.moving = step_now(method, now) + drift_bound(rules) + rules.totp_window;
  return state;
}

}  // namespace

constexpr Factor totp_factor = {
    .kind = "totp",
    .fields = fields,
    .secret_field = "secret",
    .id_stem = "app",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Code from {0}"),
    .plain_prompt = UTMFA_MSG("Verification code"),
    .listed = UTMFA_MSG("{0} - code from the app"),
    .title = UTMFA_MSG("Authenticator app"),
    .brief_listed = UTMFA_MSG("{0}"),
    .standing = Standing::lasting,
    .token = UTMFA_MSG("its codes go by the time"),
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

// SPDX-License-Identifier: Apache-2.0
// One-time passwords through liboath (RFC 4226, RFC 6238) and what is common to registering them.
#include "factors/oath.h"

#include <liboath/oath.h>

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_serial = 64;

Status ready() {
  static const int code = oath_init();
  if (code != OATH_OK) return Error{Code::internal, "liboath: " + std::string(oath_strerror_name(code))};
  return Done{};
}

Result<Secret> finished(int code, Secret otp, const Method& method) {
  if (code != OATH_OK) return Error{Code::internal, method.id + ": liboath: " + oath_strerror_name(code)};
  return Secret(otp.view().substr(0, static_cast<std::size_t>(method.number("digits"))));
}

int totp_flags(std::string_view algorithm) {
  if (algorithm == "sha256") return OATH_TOTP_HMAC_SHA256;
  if (algorithm == "sha512") return OATH_TOTP_HMAC_SHA512;
  return 0;
}

bool chosen_from(std::string_view choices, std::string_view value) {
  const std::vector<std::string_view> each = split(choices, '|');
  return std::find(each.begin(), each.end(), value) != each.end();
}

bool text_field(std::string_view value) {
  return !value.empty() && value.size() <= longest_serial && cleaned(value, longest_serial) == value;
}

}  // namespace

Result<Secret> hotp_code(const Method& method, const Secret& seed, std::int64_t counter) {
  if (Status oath = ready(); !oath) return oath.error();
  const auto digits = static_cast<unsigned>(method.number("digits"));
  Secret otp(std::size_t{digits} + 1);
  const int code = oath_hotp_generate(seed.view().data(), seed.size(), static_cast<std::uint64_t>(counter), digits,
                                      false, OATH_HOTP_DYNAMIC_TRUNCATION, otp.data());
  return finished(code, std::move(otp), method);
}

Result<Secret> totp_code(const Method& method, const Secret& seed, std::int64_t step) {
  if (Status oath = ready(); !oath) return oath.error();
  const auto digits = static_cast<unsigned>(method.number("digits"));
  const auto period = static_cast<unsigned>(method.number("period"));
  Secret otp(std::size_t{digits} + 1);
  const int code = oath_totp_generate2(seed.view().data(), seed.size(), step * period, period, 0, digits,
                                       totp_flags(method.field("algorithm")), otp.data());
  return finished(code, std::move(otp), method);
}

Secret typed_digits(const Method& method, std::string_view answer) {
  const auto digits = static_cast<std::size_t>(method.number("digits"));
  Secret typed(digits);
  std::size_t count = 0;
  while (!answer.empty()) {
    const char each = take_typed(answer);
    if (each == ' ' || (each == '-' && count > 0 && count < digits)) continue;
    if (each < '0' || each > '9' || count == digits) return Secret();
    typed.data()[count++] = each;
  }
  return count == digits ? std::move(typed) : Secret();
}

Result<std::string> wished(const Wish& wish, const FieldRule& rule) {
  const auto found = wish.options.find(rule.key);
  if (found == wish.options.end()) return rule.fallback == "-" ? std::string() : std::string(rule.fallback);
  const bool right = rule.type == FieldType::telephone ? valid_telephone(found->second)
                     : rule.type == FieldType::text    ? text_field(found->second)
                                                       : chosen_from(rule.choices, found->second);
  if (!right)
    return Error{Code::invalid, std::string(rule.key) + ": expected " +
                                    (rule.type == FieldType::text        ? "1 to 64 bytes of text"
                                     : rule.type == FieldType::telephone ? "a number like +819012345678"
                                                                         : std::string(rule.choices))};
  return found->second;
}

Status known_options(const Wish& wish, std::span<const FieldRule> fields, std::string_view others) {
  for (const auto& [key, value] : wish.options) {
    bool known = !key.empty() && chosen_from(others, key);
    for (const FieldRule& rule : fields) known = known || (rule.key == key && rule.type != FieldType::sealed);
    if (!known) return Error{Code::invalid, cleaned(key, 32) + ": not an option of this kind of method"};
  }
  return Done{};
}

Result<Made> make_oath(const Factor& factor, const Wish& wish, std::size_t seed_size, Random& random, Time now) {
  Made made;
  made.method.kind = factor.kind;
  made.method.label = wish.label.empty() ? std::string(factor.title) : wish.label;
  made.method.registered = now;
  made.method.proof = Proof::waiting;
  for (const FieldRule& rule : factor.fields) {
    if (rule.type == FieldType::sealed) continue;
    Result<std::string> value = wished(wish, rule);
    if (!value) return value.error();
    if (!value->empty()) made.method.fields.emplace(rule.key, *value);
  }
  if (!wish.secret.empty() && (wish.secret.size() < shortest_seed || wish.secret.size() > longest_seed))
    return Error{Code::invalid, "secret: " + std::to_string(wish.secret.size()) + " bytes: expected 16 to 128"};
  Result<Secret> seed = wish.secret.empty() ? random.bytes(seed_size) : Result<Secret>(wish.secret.clone());
  if (!seed) return seed.error();
  made.secrets.emplace(factor.secret_field, std::move(*seed));
  return made;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The table of kinds. A new kind is one file and one row here.
#include "factors/factor.h"

#include <array>
#include <type_traits>

#include "factors/rows.h"

namespace utmfa {
namespace {

// Copied at first use: rows of other files may not be read while static objects are still being made.
const auto& rows() {
  static const std::array table = {totp_factor, hotp_factor,     phone_factor, push_factor,
                                   fido_factor, recovery_factor, pass_factor};
  return table;
}
using Rows = std::remove_cvref_t<decltype(rows())>;

}  // namespace

std::span<const Factor> factors() { return rows(); }

const Factor* factor_for(std::string_view kind) {
  for (const Factor& each : rows())
    if (each.kind == kind) return &each;
  return nullptr;
}

std::span<const KindRule> kind_rules() {
  static const auto rules = [] {
    std::array<KindRule, std::tuple_size_v<Rows>> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = {rows()[i].kind, rows()[i].fields};
    return made;
  }();
  return rules;
}

std::span<const std::string_view> kind_names() {
  static const auto names = [] {
    std::array<std::string_view, std::tuple_size_v<Rows>> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = rows()[i].kind;
    return made;
  }();
  return names;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// What the tests of the kinds share: cmocka, vectors read from tests/vectors, a method made by hand, a judgement.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "factors/factor.h"

// Last: cmocka makes macros of common names.
#include "support/check.h"

namespace utmfa::test {

// The lines of a vector file, split at spaces; comments left out.
inline std::vector<std::vector<std::string>> vectors(const std::string& name) {
  std::ifstream file(std::string(UTMFA_VECTORS) + "/" + name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    rows.emplace_back();
    for (std::string word; words >> word;) rows.back().push_back(word);
  }
  assert_true(!rows.empty());
  return rows;
}

inline Secret bytes_of(const std::string& hex_text) {
  Result<Secret> bytes = from_hex(hex_text);
  assert_true(static_cast<bool>(bytes));
  return std::move(*bytes);
}

inline Method oath_method(std::string kind, std::string digits, std::string algorithm = "sha1",
                          std::string period = "30") {
  Method method;
  method.id = "app-1";
  method.kind = std::move(kind);
  method.fields = {{"digits", digits}, {"algorithm", algorithm}, {"period", period}};
  return method;
}

// As the vault does it: the slow part first, and on acceptance the state goes on.
inline Use use(const Method& method, const Secret& secret, MethodState& state, std::string_view answer, Time now,
               const FactorRules& rules = {}) {
  const Factor* factor = factor_for(method.kind);
  assert_non_null(factor);
  Result<Secret> typed = factor->prepare == nullptr ? Result<Secret>(Secret(answer)) : factor->prepare(secret, answer);
  assert_true(static_cast<bool>(typed));
  const Result<Judgement> judgement = factor->judge(method, secret, state, rules, typed->view(), now);
  assert_true(static_cast<bool>(judgement));
  if (judgement->use == Use::accepted) state = judgement->after;
  return judgement->use;
}

}  // namespace utmfa::test

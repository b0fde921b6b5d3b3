// SPDX-License-Identifier: Apache-2.0
// One hardware token of the university, and the stock of them as one file: plain values, no I/O. A token is free, lent
// to one person, or retired for good. Its secret is sealed and bound to its serial number. Called by stock.cc and
// lending.cc; utmfa-admin shows what is here. What is in a person's registration is that person's method file's affair.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace utmfa {

enum class Holding { free, lent, retired };
std::string_view name(Holding holding);

struct Loan {
  std::string user;
  Time lent = 0;
  std::string due;    // 2027-03-31, the last day; "" = no end
  Time returned = 0;  // only of loans that are over
};

struct Token {
  std::string serial;
  std::string kind;                                        // of a method: totp, hotp
  std::map<std::string, std::string, std::less<>> fields;  // the kind's own: digits, period, algorithm, ahead, behind
  std::string manufacturer, model;
  std::string meant;   // for whom the vendor's file says that it is; nothing is lent by it
  std::string secret;  // sealed; empty once retired
  Time imported = 0;
  std::int64_t moving = -1;  // as MethodState::moving, with which the next loan begins
  bool unknown = false;      // what was used at the last loan is not known: two codes must set it right first
  std::optional<Loan> loan;
  std::vector<Loan> past;  // the last first
  Time retired = 0;
  std::string reason;  // why it was retired

  Holding holding() const;
  bool overdue(std::string_view today) const { return loan && !loan->due.empty() && loan->due < today; }
};

inline constexpr std::size_t most_tokens = 100000;
inline constexpr std::size_t most_past_loans = 5;
inline constexpr std::size_t longest_stock_file = 96U << 20;

bool valid_serial(std::string_view serial);  // 1 to 64 of A-Z a-z 0-9 . _ + : / and, not first, -
bool valid_day(std::string_view day);        // 2027-03-31, and there is such a day

// Errors are "PATH:LINE:COLUMN: what is wrong: what was expected". `path` is only shown.
Result<std::vector<Token>> parse_stock(std::string_view text, const std::string& path);
std::string print_stock(const std::vector<Token>& tokens);  // parse's exact inverse

}  // namespace utmfa

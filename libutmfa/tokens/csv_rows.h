// SPDX-License-Identifier: Apache-2.0
// A text of separated values (RFC 4180), row by row: quoted cells, any of the three separators or blanks, empty lines
// and lines that begin with # left out. Called by csv.cc only. Cells may hold secrets and are wiped with their row.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace utmfa {

struct TokenRow {
  TokenRow() = default;
  TokenRow(TokenRow&&) = default;
  TokenRow& operator=(TokenRow&&) = default;
  TokenRow(const TokenRow&) = delete;
  TokenRow& operator=(const TokenRow&) = delete;
  ~TokenRow() {
    for (std::string& cell : cells) wipe(cell);
  }
  int line = 0;
  std::vector<std::string> cells;  // trimmed
  std::string problem;             // what is wrong with the row itself; nothing else of it counts then
};

class TokenRows {
 public:
  explicit TokenRows(std::string_view text);
  bool next(TokenRow& row);  // false at the end

 private:
  void cell(TokenRow& row);
  void quoted_cell(TokenRow& row, std::string& cell);
  void skip_line();
  std::string_view rest_;
  char separator_;
  int line_ = 1;
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Comma-separated values as RFC 4180 writes them: quoted cells with doubled quotes, line ends inside quotes, CR LF or LF,
// a byte order mark in front. Strict: what reads two ways is an Error with the line. Cells may be secrets, and are wiped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

struct CsvRow {
  int line = 0;  // where it begins, counted from 1
  std::vector<Secret> cells;
};

inline constexpr std::size_t most_csv_cells = 64, longest_csv_cell = 4096;

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string path);  // the text must outlive the reader
  // The next row that is not empty; absent at the end. Errors are "PATH:LINE: what is wrong: what was expected".
  Result<std::optional<CsvRow>> next();

 private:
  Error wrong(int line, std::string_view what) const;
  Status read_cell(CsvRow& row);
  Result<Secret> quoted(int begun);
  bool at_line_end() const;
  void end_line();
  std::string_view rest_;
  std::string path_;
  int line_ = 1;
};

// A cell as it must be written: quoted where it holds a comma, a quote or a line end.
std::string csv_cell(std::string_view text);

}  // namespace utmfa

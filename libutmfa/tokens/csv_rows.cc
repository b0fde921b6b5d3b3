// SPDX-License-Identifier: Apache-2.0
// One pass, bounded in cells and in their length, whatever the text is.
#include "tokens/csv_rows.h"

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t most_cells = 64, longest_cell = 1024;
constexpr char blanks = ' ';  // as a separator: any run of spaces

// The one that stands most often in the first line that says something.
char separator_of(std::string_view text) {
  for (const std::string_view line : split(text.substr(0, 8192), '\n')) {
    const std::string_view said = trimmed(line);
    if (said.empty() || said.front() == '#') continue;
    char best = blanks;
    std::ptrdiff_t most = 0;
    for (const char each : {',', ';', '\t'}) {
      const auto count = std::count(said.begin(), said.end(), each);
      if (count > most) best = each;
      most = std::max(most, count);
    }
    return best;
  }
  return ',';
}

}  // namespace

TokenRows::TokenRows(std::string_view text) : rest_(text), separator_(separator_of(text)) {}

void TokenRows::skip_line() {
  const std::size_t end = rest_.find('\n');
  rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
  ++line_;
}

void TokenRows::quoted_cell(TokenRow& row, std::string& cell) {
  rest_.remove_prefix(1);
  for (;;) {
    const std::size_t quote = rest_.find('"');
    if (quote == rest_.npos) {
      row.problem = "a quote is opened and never closed";
      rest_ = {};
      return;
    }
    cell += rest_.substr(0, std::min(quote, longest_cell + 1));
    line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
    rest_.remove_prefix(quote + 1);
    if (rest_.substr(0, 1) != "\"") return;
    cell += '"';
    rest_.remove_prefix(1);
  }
}

// One cell and the separator behind it, which stays where it ends the row.
void TokenRows::cell(TokenRow& row) {
  while (!rest_.empty() && (rest_.front() == ' ' || (rest_.front() == '\t' && separator_ != '\t')))
    rest_.remove_prefix(1);
  std::string cell;
  const bool quoted = !rest_.empty() && rest_.front() == '"';
  if (quoted) quoted_cell(row, cell);
  const char ends[] = {separator_, '\n', separator_ == blanks ? '\t' : '\n'};
  const std::size_t end = std::min(rest_.find_first_of({ends, sizeof ends}), rest_.size());
  const std::string_view plain = trimmed(rest_.substr(0, end));
  if (quoted && !plain.empty()) row.problem = "text stands behind a closing quote";
  if (!quoted) cell = plain;
  rest_.remove_prefix(end);
  if (cell.size() > longest_cell) row.problem = "a cell is longer than " + std::to_string(longest_cell) + " bytes";
  if (row.problem.empty() && (!valid_utf8(cell) || cleaned(cell, cell.size()) != cell))
    row.problem = "a cell is not plain text: expected UTF-8 without control characters";
  if (row.cells.size() == most_cells)
    row.problem = "more than " + std::to_string(most_cells) + " cells";
  else
    row.cells.emplace_back(trimmed(cell));
  wipe(cell);
}

bool TokenRows::next(TokenRow& row) {
  while (!rest_.empty()) {
    const std::string_view said = trimmed(rest_.substr(0, rest_.find('\n')));
    if (!said.empty() && said.front() != '#') break;
    skip_line();
  }
  if (rest_.empty()) return false;
  row = TokenRow();
  row.line = line_;
  for (;;) {
    cell(row);
    if (rest_.empty() || rest_.front() == '\n') break;
    rest_.remove_prefix(1);
    const std::string_view left = trimmed(rest_.substr(0, rest_.find('\n')));
    if (separator_ == blanks && left.empty()) break;
  }
  if (!rest_.empty()) skip_line();
  return true;
}

}  // namespace utmfa

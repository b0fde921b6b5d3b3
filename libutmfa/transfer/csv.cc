// SPDX-License-Identifier: Apache-2.0
// One pass over the text; a cell is copied once, into memory that is wiped.
#include "transfer/csv.h"

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string path) : rest_(text), path_(std::move(path)) {
  if (rest_.substr(0, byte_order_mark.size()) == byte_order_mark) rest_.remove_prefix(byte_order_mark.size());
}

Error CsvReader::wrong(int line, std::string_view what) const {
  return {Code::invalid, path_ + ":" + std::to_string(line) + ": " + std::string(what)};
}

bool CsvReader::at_line_end() const { return rest_.empty() || rest_[0] == '\n' || rest_.substr(0, 2) == "\r\n"; }

void CsvReader::end_line() {
  if (rest_.empty()) return;
  rest_.remove_prefix(rest_[0] == '\r' ? 2 : 1);
  ++line_;
}

// Behind the opening quote.
Result<Secret> CsvReader::quoted(int begun) {
  Secret cell(std::min(rest_.size(), longest_csv_cell + 1));
  std::size_t size = 0;
  for (;; rest_.remove_prefix(1)) {
    if (rest_.empty()) return wrong(begun, "a quote is opened and never closed");
    if (rest_[0] == '"') {
      rest_.remove_prefix(1);
      if (rest_.empty() || rest_[0] != '"') return Secret(cell.view().substr(0, size));
    }
    if (size == longest_csv_cell) return wrong(begun, "a cell is longer than 4096 bytes");
    if (rest_[0] == '\n') ++line_;
    cell.data()[size++] = rest_[0];
  }
}

Status CsvReader::read_cell(CsvRow& row) {
  if (!rest_.empty() && rest_[0] == '"') {
    rest_.remove_prefix(1);
    Result<Secret> cell = quoted(line_);
    if (!cell) return cell.error();
    if (!at_line_end() && rest_[0] != ',')
      return wrong(line_, "text behind a closing quote: a comma or the end of the line is expected");
    row.cells.push_back(std::move(*cell));
  } else {
    std::size_t size = rest_.find_first_of(",\"\r\n");
    if (size == rest_.npos) size = rest_.size();
    if (size > longest_csv_cell) return wrong(line_, "a cell is longer than 4096 bytes");
    row.cells.emplace_back(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (!at_line_end() && rest_[0] != ',')
      return wrong(line_, rest_[0] == '"' ? "a quote inside a cell: quote the whole cell, and double the quotes in it"
                                          : "a carriage return without a line feed");
  }
  if (!valid_utf8(row.cells.back().view()) && !row.cells.back().empty())
    return wrong(line_, "not UTF-8 text: save the file as UTF-8");
  if (row.cells.size() > most_csv_cells) return wrong(line_, "more than 64 cells in a row");
  return Done{};
}

Result<std::optional<CsvRow>> CsvReader::next() {
  while (!rest_.empty() && at_line_end()) end_line();
  if (rest_.empty()) return std::optional<CsvRow>();
  CsvRow row;
  row.line = line_;
  for (;;) {
    if (Status read = read_cell(row); !read) return read.error();
    if (at_line_end()) break;
    rest_.remove_prefix(1);  // the comma
  }
  end_line();
  return std::optional<CsvRow>(std::move(row));
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string cell = "\"";
  for (const char each : text) {
    if (each == '"') cell += '"';
    cell += each;
  }
  return cell + "\"";
}

}  // namespace utmfa

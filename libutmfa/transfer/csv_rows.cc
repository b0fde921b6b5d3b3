// SPDX-License-Identifier: Apache-2.0
// Rows from CSV. The whole text is read before anything is done with it: a table with a broken line is not imported by
// half.
#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "transfer/cells.h"
#include "transfer/csv.h"

namespace utmfa {
namespace {

using Header = std::vector<std::string>;

Result<Header> header_of(CsvReader& reader, const std::string& path) {
  const Result<std::optional<CsvRow>> row = reader.next();
  if (!row) return row.error();
  const std::string where = path + ":" + std::to_string(*row ? (*row)->line : 1) + ": ";
  if (!*row) return Error{Code::invalid, where + "empty: a first line with the names of the columns is expected"};
  Header names;
  for (const Secret& cell : (*row)->cells) {
    const std::string name = lower_ascii(trimmed(cell.view()));
    if (!known_column(name))
      return Error{Code::invalid,
                   where + shown_unless_secret(name) + " is no column: expected some of " + column_names()};
    if (std::find(names.begin(), names.end(), name) != names.end())
      return Error{Code::invalid, where + "the column " + name + " stands twice"};
    names.push_back(name);
  }
  if (std::find(names.begin(), names.end(), "user") == names.end())
    return Error{Code::invalid, where + "no column user: the first line names the columns"};
  return names;
}

}  // namespace

Result<ImportRows> parse_csv_rows(std::string_view text, const std::string& path) {
  CsvReader reader(text, path);
  const Result<Header> header = header_of(reader, path);
  if (!header) return header.error();
  ImportRows rows;
  for (;;) {
    Result<std::optional<CsvRow>> row = reader.next();
    if (!row) return row.error();
    if (!*row) return rows;
    const int line = (*row)->line;
    std::vector<Secret>& cells = (*row)->cells;
    if (cells.size() != header->size())
      return Error{Code::invalid, path + ":" + std::to_string(line) + ": " + std::to_string(cells.size()) +
                                      " cells: expected " + std::to_string(header->size()) + ", as in the first line"};
    ImportCells named;
    for (std::size_t i = 0; i < cells.size(); ++i) named.emplace_back((*header)[i], std::move(cells[i]));
    if (Status taken = take(rows, line, std::move(named), path); !taken) return taken.error();
  }
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Named cells made into a row: what CSV and JSON have in common. Used by this room only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transfer/row.h"

namespace utmfa {

using ImportCells = std::vector<std::pair<std::string_view, Secret>>;  // column and what stands in it

bool known_column(std::string_view name);
std::string column_names();                             // for messages: "user, kind, ..."
Result<ImportRow> row_of(int line, ImportCells cells);  // the Error says what is wrong with the row, without its line

// At most most_rows, and every fault remembered with its line.
Status take(ImportRows& rows, int line, ImportCells cells, const std::string& path);

}  // namespace utmfa

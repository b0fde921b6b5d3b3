// SPDX-License-Identifier: Apache-2.0
#include "transfer/again.h"

#include "base/text.h"
#include "transfer/csv.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_reason = 1000;

bool ours(std::string_view column) {
  const std::string name = lower_ascii(trimmed(column));
  return name == "line" || name == "reason";
}

}  // namespace

std::string csv_again(std::string_view text, const Reasons& reasons) {
  CsvReader reader(text, {});
  const Result<std::optional<CsvRow>> header = reader.next();
  if (!header || !*header) return {};
  std::string again;
  for (const Secret& cell : (*header)->cells)
    if (!ours(cell.view())) again += csv_cell(trimmed(cell.view())) + ",";
  again += "line,reason\r\n";
  for (;;) {
    const Result<std::optional<CsvRow>> row = reader.next();
    if (!row || !*row) return again;
    const auto reason = reasons.find((*row)->line);
    if (reason == reasons.end()) continue;
    for (std::size_t i = 0; i < (*row)->cells.size(); ++i)
      if (!ours((*header)->cells[i].view())) again += csv_cell((*row)->cells[i].view()) + ",";
    again += std::to_string(reason->first) + "," + csv_cell(cleaned(reason->second, longest_reason)) + "\r\n";
  }
}

std::string lines_again(std::string_view text, const Reasons& reasons) {
  std::string again;
  int number = 0;
  for (const std::string_view line : split(text, '\n')) {
    const auto reason = reasons.find(++number);
    if (reason == reasons.end()) continue;
    again += "# line " + std::to_string(number) + ": " + cleaned(reason->second, longest_reason) + "\n";
    again.append(line).append("\n");
  }
  return again;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// One row: the columns that every kind has, and those that a kind asks for by its field table.
#include "transfer/cells.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view usual_kind = "totp";
constexpr std::size_t longest_user = 255;

Error wrong(std::string_view column, const std::string& expected) {
  return {Code::invalid, std::string(column) + ": " + expected};
}

Status read_user(ImportRow& row, const Secret& cell) {
  row.user = cell.view();
  const bool right = row.user.size() <= longest_user && cleaned(row.user, longest_user) == row.user;
  return right ? Status(Done{}) : wrong("user", "expected 1 to 255 bytes without control characters");
}

Status read_kind(ImportRow& row, const Secret& cell) {
  const Factor* factor = factor_for(cell.view());
  row.kind = cell.view();
  if (factor == nullptr) return wrong("kind", shown_unless_secret(cell.view()) + " is no kind of method");
  if (factor->standing == Standing::lasting) return Done{};
  return wrong("kind", row.kind + " is given by utmfa-admin, and not imported");
}

Status read_secret(ImportRow& row, const Secret& cell) {
  Result<Secret> secret = from_base32(cell.view());
  if (!secret || secret->empty()) return wrong("secret", "expected base32, the letters A to Z and the digits 2 to 7");
  row.wish.secret = std::move(*secret);
  return Done{};
}

Status read_codes(ImportRow& row, const Secret& cell) {
  row.wish.secret = cell.clone();
  return Done{};
}

Status read_label(ImportRow& row, const Secret& cell) {
  row.wish.label = cell.view();
  if (valid_label(row.wish.label)) return Done{};
  return wrong("label", "expected 1 to 64 bytes of text without control characters");
}

Status read_status(ImportRow& row, const Secret& cell) {
  for (const Registration each : {Registration::setting_up, Registration::active})
    if (name(each) == cell.view()) row.status = each;
  return row.status ? Status(Done{}) : wrong("status", "expected setting-up or active");
}

Status read_language(ImportRow& row, const Secret& cell) {
  row.language = cell.view();
  return row.language == "en" || row.language == "ja" ? Status(Done{}) : wrong("language", "expected en or ja");
}

Status read_proven(ImportRow& row, const Secret& cell) {
  row.proof = cell.view() == "no" ? Proof::waiting : Proof::confirmed;
  return cell.view() == "yes" || cell.view() == "no" ? Status(Done{}) : wrong("proven", "expected yes or no");
}

// Of a file of rejected rows.
Status pass_over(ImportRow&, const Secret&) { return Done{}; }

struct ImportColumn {
  std::string_view name;
  Status (*read)(ImportRow&, const Secret&);
};
constexpr ImportColumn columns[] = {{"user", read_user},         {"kind", read_kind},     {"secret", read_secret},
                                    {"codes", read_codes},       {"label", read_label},   {"status", read_status},
                                    {"language", read_language}, {"proven", read_proven}, {"line", pass_over},
                                    {"reason", pass_over}};

const ImportColumn* column_named(std::string_view name) {
  const auto found =
      std::find_if(std::begin(columns), std::end(columns), [&](const ImportColumn& c) { return c.name == name; });
  return found == std::end(columns) ? nullptr : found;
}

// What the kinds ask for; the counter is state, and in no field table.
const std::set<std::string_view>& options() {
  static const std::set<std::string_view> all = [] {
    std::set<std::string_view> names{"counter"};
    for (const KindRule& kind : kind_rules())
      for (const FieldRule& field : kind.fields)
        if (field.type != FieldType::sealed && factor_for(kind.kind)->standing == Standing::lasting)
          names.insert(field.key);
    return names;
  }();
  return all;
}

}  // namespace

bool known_column(std::string_view name) { return column_named(name) != nullptr || options().count(name) > 0; }

std::string column_names() {
  std::string names;
  for (const ImportColumn& each : columns) names.append(names.empty() ? "" : ", ").append(each.name);
  for (const std::string_view each : options()) names.append(", ").append(each);
  return names;
}

Result<ImportRow> row_of(int line, ImportCells cells) {
  ImportRow row;
  row.line = line;
  row.kind = usual_kind;
  bool secret = false;
  for (auto& [name, cell] : cells) {
    const std::string_view text = trimmed(cell.view());
    if (text.empty()) continue;
    const ImportColumn* column = column_named(name);
    if (column == nullptr) row.wish.options.emplace(name, text);
    if (name == "secret" || name == "codes") {
      if (secret) return wrong("codes", "a method has a secret or codes, not both");
      secret = true;
    }
    if (column != nullptr)
      if (Status read = column->read(row, Secret(text)); !read) return read.error();
  }
  if (row.user.empty()) return wrong("user", "missing");
  const Factor& factor = *factor_for(row.kind);
  if (!secret && !factor.secret_field.empty()) return wrong(factor.secret_field, "missing");
  return row;
}

Status take(ImportRows& rows, int line, ImportCells cells, const std::string& path) {
  if (rows.rows.size() + rows.rejected.size() == most_rows)
    return Error{Code::invalid, path + ":" + std::to_string(line) + ": more than a million rows: divide the file"};
  std::string user;
  for (const auto& [name, cell] : cells)
    if (name == "user") user = cleaned(trimmed(cell.view()), longest_user);
  Result<ImportRow> row = row_of(line, std::move(cells));
  if (row)
    rows.rows.push_back(std::move(*row));
  else
    rows.rejected.push_back({line, user, row.error().what});
  return Done{};
}

}  // namespace utmfa

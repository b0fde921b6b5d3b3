// SPDX-License-Identifier: Apache-2.0
// users.oath of pam_oath, one token a line: TYPE USER PIN SECRET [MOVING-FACTOR [LAST-CODE [TIME]]], separated by blanks.
#include <time.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"
#include "factors/oath.h"
#include "transfer/row.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_line = 4096, least_fields = 4, most_fields = 7;
constexpr std::int64_t last_counter = std::int64_t{1} << 62;
constexpr std::int64_t searched = 10;  // steps around a sign-in that pam_oath may have taken

using Fields = std::vector<std::string_view>;

Fields fields_of(std::string_view line) {
  Fields fields;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    if (end > 0) fields.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

Error wrong(const std::string& what) { return {Code::invalid, what}; }

// HOTP, HOTP/E, HOTP/E/6 count; HOTP/T30, HOTP/T30/6 go by the time.
Status read_type(ImportRow& row, std::string_view type) {
  const Fields parts = split(type, '/');
  const Error unknown = wrong(shown(type) + " is no type of token: expected HOTP, HOTP/E/6, HOTP/T30/6 or the like");
  if (parts[0] != "HOTP" || parts.size() > 3) return unknown;
  row.kind = "hotp";
  if (parts.size() > 1 && parts[1].size() > 1 && parts[1][0] == 'T') {
    row.kind = "totp";
    if (!number(parts[1].substr(1), 1, 86400)) return unknown;
    row.wish.options.emplace("period", parts[1].substr(1));
  } else if (parts.size() > 1 && parts[1] != "E") {
    return unknown;
  }
  if (parts.size() > 2) row.wish.options.emplace("digits", parts[2]);
  return Done{};
}

// pam_oath writes the local time and an L behind it.
std::optional<Time> time_of(std::string_view text) {
  const std::string whole(text);
  struct tm parts {};
  const char* end = strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%SL", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  parts.tm_isdst = -1;
  const time_t time = mktime(&parts);
  return time < 0 ? std::nullopt : std::optional<Time>(time);
}

// The step of the last code: looked for around the time of that sign-in, because a code from the window's far end may
// come later than its time says.
Result<std::int64_t> step_used(const ImportRow& row, std::string_view code, Time time) {
  Method method;
  method.fields.emplace("digits", row.wish.options.count("digits") > 0 ? row.wish.options.at("digits") : "6");
  method.fields.emplace("period", row.wish.options.at("period"));
  method.fields.emplace("algorithm", "sha1");
  const std::int64_t present = time / std::max<std::int64_t>(method.number("period"), 1);
  for (std::int64_t step = present + searched; step >= std::max<std::int64_t>(present - searched, 0); --step) {
    const Result<Secret> right = totp_code(method, row.wish.secret, step);
    if (!right) return right.error();
    if (equal(right->view(), code)) return step;
  }
  return present + searched;  // nothing that may have been used is taken again
}

bool oath_digits(const ImportRow& row) {
  const auto found = row.wish.options.find("digits");
  return found == row.wish.options.end() || found->second == "6" || found->second == "7" || found->second == "8";
}

Status read_used(ImportRow& row, const Fields& fields) {
  const bool used = fields.size() > 5 && fields[5] != "-";
  const auto counter = fields.size() > 4 ? number(fields[4], 0, last_counter) : std::optional<std::int64_t>(0);
  if (!counter) return wrong("moving factor: expected a number");
  if (used && !ascii_digits(fields[5])) return wrong("last code: expected digits");
  const std::optional<Time> time = fields.size() > 6 ? time_of(fields[6]) : std::optional<Time>();
  if (fields.size() > 6 && !time) return wrong("time of the last sign-in: expected the form 2026-11-22T10:00:00L");
  if (row.kind == "hotp") {  // the counter of the last code stands there, and of no code where there was none
    row.wish.options.emplace("counter", std::to_string(*counter + (used ? 1 : 0)));
  } else if (used && time && oath_digits(row)) {
    const Result<std::int64_t> step = step_used(row, fields[5], *time);
    if (!step) return step.error();
    row.moving = *step;
  }
  return Done{};
}

Result<ImportRow> row_of(const Fields& fields) {
  if (fields.size() < least_fields || fields.size() > most_fields)
    return wrong(std::to_string(fields.size()) + " fields: expected type, user, PIN, secret, and up to three more");
  ImportRow row;
  row.user = fields[1];
  if (!valid_utf8(row.user)) return wrong("user: not UTF-8 text");
  if (Status read = read_type(row, fields[0]); !read) return read.error();
  Result<Secret> secret = from_hex(fields[3]);
  if (!secret || secret->empty()) return wrong("secret: expected hexadecimal digits, two a byte");
  row.wish.secret = std::move(*secret);
  if (fields[2] == "+")
    row.notes.emplace_back("the password in the code (+) is not asked for any more: the service's own one must be");
  else if (fields[2] != "-")
    row.notes.emplace_back("the PIN is not asked for any more: the service's own password must be");
  if (Status read = read_used(row, fields); !read) return read.error();
  return row;
}

}  // namespace

Result<ImportRows> parse_users_oath(std::string_view text, const std::string& path) {
  ImportRows rows;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::string where = path + ":" + std::to_string(number) + ": ";
    if (line.size() > longest_line) return Error{Code::invalid, where + "longer than 4096 bytes"};
    if (line.find('\0') != line.npos) return Error{Code::invalid, where + "a byte 0: this is not a text file"};
    const Fields fields = fields_of(line);
    if (fields.empty() || fields[0][0] == '#') continue;
    if (rows.rows.size() + rows.rejected.size() == most_rows)
      return Error{Code::invalid, where + "more than a million rows: divide the file"};
    Result<ImportRow> row = row_of(fields);
    if (row) {
      row->line = number;
      rows.rows.push_back(std::move(*row));
    } else {
      rows.rejected.push_back({number, fields.size() > 1 ? cleaned(fields[1], 255) : "", row.error().what});
    }
  }
  return rows;
}

}  // namespace utmfa

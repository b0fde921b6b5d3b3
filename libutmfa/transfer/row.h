// SPDX-License-Identifier: Apache-2.0
// What another system knew of one method of one person, as a row, and what could not be read as one. Rows are made by
// the parsers of this room, which are pure: text in, rows out, nothing opened and nobody looked up. Called by
// utmfa-admin import. A text that is broken as a whole is an Error with its line; a row that makes no sense is rejected
// with its line and reason, and the others stand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "factors/factor.h"

namespace utmfa {

struct ImportRow {
  int line = 0;  // of the text
  std::string user;
  std::string kind;
  Wish wish;
  std::optional<Registration> status;  // wished for the person; absent = not said
  std::string language;                // "" = not said
  Proof proof = Proof::confirmed;
  std::int64_t moving = -1;  // what was used already, as MethodState has it
  std::int32_t drift = 0;
  std::vector<std::string> notes;  // what does not come along, and why
};

struct RejectedRow {
  int line = 0;
  std::string user, reason;
};

struct ImportRows {
  std::vector<ImportRow> rows;
  std::vector<RejectedRow> rejected;
};

inline constexpr std::size_t most_rows = 1000000;

// Our own form: the first line names the columns. utmfa-admin(8) describes them.
Result<ImportRows> parse_csv_rows(std::string_view text, const std::string& path);
// The same columns as the keys of objects in one list.
Result<ImportRows> parse_json_rows(std::string_view text, const std::string& path);

// ~/.google_authenticator of pam_google_authenticator: its key, and its scratch codes as a recovery sheet. Any fault is
// an Error: a file that is half understood would let half of it in.
Result<std::vector<ImportRow>> parse_google_authenticator(std::string_view text, const std::string& path,
                                                          const std::string& user);
// users.oath of pam_oath.
Result<ImportRows> parse_users_oath(std::string_view text, const std::string& path);

// The mappings of pam_u2f: each key a row. `rp` is what they were made for: its origin, which the file does not say.
Result<ImportRows> parse_u2f_mappings(std::string_view text, const std::string& path, const std::string& rp);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The tables that vendors send: with a heading (Entra ID, SafeID, Token2 and most others), without one (serial, secret,
// type, digits, interval or counter), and the two logs of the YubiKey Personalization Tool.
#include <algorithm>
#include <array>
#include <span>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"
#include "tokens/csv_rows.h"
#include "tokens/reading.h"

namespace utmfa {
namespace {

enum class Column { serial, secret, interval, digits, counter, kind, algorithm, manufacturer, model, meant };
enum class Spelling { found_out, base32, hex };

struct Heading {
  std::string_view word;
  Column column;
};

// Without case, spaces and punctuation.
constexpr Heading headings[] = {
    {"serialnumber", Column::serial},
    {"serial", Column::serial},
    {"serialno", Column::serial},
    {"sn", Column::serial},
    {"tokenserial", Column::serial},
    {"tokenserialnumber", Column::serial},
    {"secretkey", Column::secret},
    {"secret", Column::secret},
    {"seed", Column::secret},
    {"key", Column::secret},
    {"otpkey", Column::secret},
    {"tokenseed", Column::secret},
    {"sharedsecret", Column::secret},
    {"timeinterval", Column::interval},
    {"timeintervalseconds", Column::interval},
    {"timeintervalinseconds", Column::interval},
    {"interval", Column::interval},
    {"period", Column::interval},
    {"timestep", Column::interval},
    {"digits", Column::digits},
    {"otpdigits", Column::digits},
    {"otplength", Column::digits},
    {"otplen", Column::digits},
    {"codelength", Column::digits},
    {"counter", Column::counter},
    {"movingfactor", Column::counter},
    {"startcounter", Column::counter},
    {"initialcounter", Column::counter},
    {"type", Column::kind},
    {"tokentype", Column::kind},
    {"otptype", Column::kind},
    {"algorithm", Column::algorithm},
    {"hash", Column::algorithm},
    {"hashfunction", Column::algorithm},
    {"hashalgorithm", Column::algorithm},
    {"manufacturer", Column::manufacturer},
    {"vendor", Column::manufacturer},
    {"model", Column::model},
    {"product", Column::model},
    {"upn", Column::meant},
    {"userprincipalname", Column::meant},
    {"username", Column::meant},
    {"user", Column::meant},
};

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : lower_ascii(text))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters += c;
  return letters;
}

bool strip(std::string& text, std::string_view part) {
  const std::size_t at = text.find(part);
  if (at == text.npos || text.size() == part.size()) return false;
  text.erase(at, part.size());
  return true;
}

struct Layout {
  std::vector<const Heading*> columns;  // null = one that we do not know
  Spelling spelling = Spelling::found_out;
  bool has(Column column) const {
    return std::any_of(columns.begin(), columns.end(),
                       [column](const Heading* each) { return each != nullptr && each->column == column; });
  }
};

const Heading* heading_of(std::string word, Spelling& spelling) {
  if (strip(word, "base32")) spelling = Spelling::base32;
  if (strip(word, "hex")) spelling = Spelling::hex;
  const auto found =
      std::find_if(std::begin(headings), std::end(headings), [&](const Heading& each) { return each.word == word; });
  return found == std::end(headings) ? nullptr : found;
}

Layout layout_of(const TokenRow& row) {
  Layout layout;
  for (const std::string& cell : row.cells) layout.columns.push_back(heading_of(letters_of(cell), layout.spelling));
  return layout;
}

// Hexadecimal where it can be that and is long enough; a base32 secret of such letters alone is once in 10^13 files.
Result<Secret> secret_of(std::string_view text, Spelling spelling) {
  constexpr std::size_t shortest = 16;
  if (spelling != Spelling::base32) {
    Result<Secret> read = from_hex(text);
    if (spelling == Spelling::hex && !read) return Error{Code::invalid, "the secret is not hexadecimal"};
    if (read && (spelling == Spelling::hex || read->size() >= shortest)) return read;
  }
  if (Result<Secret> read = from_base32(text); read) return read;
  return Error{Code::invalid, spelling == Spelling::base32 ? "the secret is not base32: expected A to Z and 2 to 7"
                                                           : "the secret is neither base32 nor hexadecimal"};
}

std::string kind_of(std::string_view text) {
  const std::string word = letters_of(text);
  for (const char* each : {"totp", "oathtotp", "time", "timebased", "t"})
    if (word == each) return "totp";
  for (const char* each : {"hotp", "oathhotp", "event", "eventbased", "counter", "h"})
    if (word == each) return "hotp";
  return std::string(text);
}

std::string algorithm_of(std::string_view text) {
  std::string word = letters_of(text);
  (void)strip(word, "hmac");
  return word;
}

class Tables {
 public:
  Tables(Reading& reading, TokenForm form) : reading_(reading), form_(form) {}

  void row(TokenRow& row) {
    if (!row.problem.empty()) return reading_.problem(row.line, row.problem);
    if (!begun_) {
      begun_ = true;
      if (begins(row)) return;
    }
    if (yubico(row)) return;
    if (!layout_.columns.empty()) return by_heading(row);
    by_place(row);
  }

 private:
  bool begins(const TokenRow& row);
  bool yubico(const TokenRow& row);
  void yubico_log(const TokenRow& row);
  void by_heading(const TokenRow& row);
  void by_place(const TokenRow& row);
  void take(Written& written, std::string_view secret, Spelling spelling);
  bool entra_heading(const TokenRow& row);

  Reading& reading_;
  TokenForm form_;
  Layout layout_;
  bool begun_ = false, stopped_ = false;
};

bool Tables::entra_heading(const TokenRow& row) {
  for (const Column column :
       {Column::meant, Column::serial, Column::secret, Column::interval, Column::manufacturer, Column::model})
    if (!layout_.has(column)) {
      reading_.problem(row.line,
                       "not the heading of Entra ID: expected "
                       "upn,serial number,secret key,time interval,manufacturer,model");
      stopped_ = true;
      return false;
    }
  return true;
}

// Whether this is a heading. Two columns for the same thing, or none for what must be there, end the reading.
bool Tables::begins(const TokenRow& row) {
  Layout layout = layout_of(row);
  const auto known =
      std::count_if(layout.columns.begin(), layout.columns.end(), [](const Heading* each) { return each != nullptr; });
  if (form_ != TokenForm::entra && known < 2) return false;
  layout_ = std::move(layout);
  if (form_ == TokenForm::entra && !entra_heading(row)) return true;
  if (form_ == TokenForm::entra) layout_.spelling = Spelling::base32;
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    const Heading* heading = layout_.columns[i];
    if (heading == nullptr) {
      if (!row.cells[i].empty())
        reading_.note(row.line, "the column " + shown_unless_secret(row.cells[i]) + " is not read");
      continue;
    }
    for (std::size_t j = 0; j < i; ++j)
      if (layout_.columns[j] != nullptr && layout_.columns[j]->column == heading->column) {
        reading_.problem(row.line, "the columns " + shown(row.cells[j]) + " and " + shown(row.cells[i]) +
                                       " say the same: expected one of them");
        stopped_ = true;
      }
  }
  if (!layout_.has(Column::serial) || !layout_.has(Column::secret)) {
    reading_.problem(row.line, "the heading has no column for serial number and secret key");
    stopped_ = true;
  }
  return true;
}

void Tables::take(Written& written, std::string_view text, Spelling spelling) {
  if (written.kind.empty()) written.kind = reading_.assumed().kind;
  if (written.kind.empty())
    return reading_.problem(written.line,
                            "it is not said whether the token follows a clock or counts: "
                            "expected --kind totp or --kind hotp");
  if (text.empty()) return reading_.problem(written.line, "no secret");
  Result<Secret> secret = secret_of(text, spelling);
  if (!secret) return reading_.problem(written.line, secret.error().what);
  written.secret = std::move(*secret);
  reading_.take(std::move(written));
}

void Tables::by_heading(const TokenRow& row) {
  if (stopped_) return;
  if (row.cells.size() != layout_.columns.size())
    return reading_.problem(row.line, std::to_string(row.cells.size()) + " cells: expected " +
                                          std::to_string(layout_.columns.size()) + ", as in the heading");
  Written written;
  written.line = row.line;
  std::string_view secret;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const std::string& cell = row.cells[i];
    if (layout_.columns[i] == nullptr) continue;
    switch (layout_.columns[i]->column) {
      case Column::serial: written.serial = cell; break;
      case Column::secret: secret = cell; break;
      case Column::interval: written.period = cell; break;
      case Column::digits: written.digits = cell; break;
      case Column::counter: written.counter = cell; break;
      case Column::kind: written.kind = kind_of(cell); break;
      case Column::algorithm: written.algorithm = algorithm_of(cell); break;
      case Column::manufacturer: written.manufacturer = cell; break;
      case Column::model: written.model = cell; break;
      case Column::meant: written.meant = cell; break;
    }
  }
  if (form_ == TokenForm::entra && written.period.empty())
    return reading_.problem(row.line, "no time interval: expected 30 or 60");
  if (written.kind.empty() && !written.period.empty()) written.kind = "totp";
  if (written.kind.empty() && !written.counter.empty()) written.kind = "hotp";
  take(written, secret, layout_.spelling);
}

// serial, secret, type, digits, and the interval of a clock or the counter of a button.
void Tables::by_place(const TokenRow& row) {
  const std::vector<std::string>& cells = row.cells;
  if (cells.size() < 2 || cells.size() > 5)
    return reading_.problem(row.line, std::to_string(cells.size()) +
                                          " cells and no heading: expected serial,secret[,type[,digits[,interval]]]");
  Written written;
  written.line = row.line;
  written.serial = cells[0];
  if (cells.size() > 2) written.kind = kind_of(cells[2]);
  if (cells.size() > 3) written.digits = cells[3];
  if (cells.size() > 4) (written.kind == "hotp" ? written.counter : written.period) = cells[4];
  take(written, cells[1], Spelling::found_out);
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// "Traditional" rows say what was written into a key, "Yubico" rows begin with the serial number of the key.
bool Tables::yubico(const TokenRow& row) {
  const std::vector<std::string>& cells = row.cells;
  const std::string first = lower_ascii(cells[0]);
  if (starts_with(first, "logging start") && cells.size() <= 3) return true;
  for (const char* other : {"yubico otp", "static password", "challenge-response", "configuration "})
    if (starts_with(first, other)) {
      reading_.note(row.line, "left out, because it is not a token of codes: " + shown_unless_secret(cells[0]));
      return true;
    }
  if (first == "oath-hotp") {
    yubico_log(row);
    return true;
  }
  const bool numbered = layout_.columns.empty() && cells.size() == 7 && cells[6].empty() && ascii_digits(cells[0]) &&
                        cells[5].size() == 19 && cells[5][10] == 'T';
  if (!numbered) return false;
  constexpr std::size_t oath_key = 40;  // hexadecimal; the others have 32
  if (cells[3].size() != oath_key || !ascii_digits(cells[2])) {
    reading_.note(row.line, "left out, because it is not a token of codes");
    return true;
  }
  Written written;
  written.line = row.line;
  written.serial = cells[0];
  written.kind = "hotp";
  written.counter = cells[2];
  written.manufacturer = "Yubico";
  take(written, cells[3], Spelling::hex);
  return true;
}

// The time of some languages has a comma in it, so that one cell more stands in front.
void Tables::yubico_log(const TokenRow& row) {
  constexpr std::size_t usual = 18;
  const std::vector<std::string>& cells = row.cells;
  if (cells.size() < usual || cells.size() > usual + 1)
    return reading_.problem(row.line, std::to_string(cells.size()) + " cells: expected 18 of an OATH-HOTP line");
  const std::size_t shift = cells.size() - usual;
  Written written;
  written.line = row.line;
  written.serial = cells[3 + shift];
  written.kind = "hotp";
  written.digits = cells[11 + shift];
  written.counter = cells[12 + shift];
  written.manufacturer = "Yubico";
  if (written.serial.empty())
    return reading_.problem(row.line,
                            "no token identifier in this log: expected the Yubico format of the log, "
                            "which has the serial number of the key");
  take(written, cells[5 + shift], Spelling::hex);
}

}  // namespace

void read_token_csv(std::string_view text, TokenForm form, Reading& reading) {
  if (text.find('\0') != text.npos || !valid_utf8(text))
    return reading.problem(1, "the file is not text in UTF-8: save it as CSV UTF-8, not as a workbook");
  TokenRows rows(text);
  Tables tables(reading, form);
  for (TokenRow row; rows.next(row);) tables.row(row);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The stock as YAML that a person can read: tokens, and loans that are over. Both are flat lists, so that our own layout
// is read without a YAML parser however many tokens there are.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/formats.h"
#include "base/text.h"
#include "base/yaml.h"
#include "factors/factor.h"
#include "tokens/token.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_text = 255;
constexpr std::size_t longest_serial = 64;

using Entries = std::map<std::string, std::pair<Place, std::string>, std::less<>>;

bool plain_text(std::string_view text) {
  return !text.empty() && text.size() <= longest_text && cleaned(text, text.size()) == text;
}

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

class Reader final : public YamlReader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  std::vector<Token> tokens;

  bool complete() const { return where_ == Where::done && version_; }
  Status key(Place at, std::string_view name) override;
  Status value(Place at, std::string_view text, Form form) override;
  Status begin_map(Place at) override;
  Status begin_list(Place at) override;
  Status end() override;

 private:
  enum class Where { start, file, tokens, token, loans, loan, done };

  Error wrong(Place at, const std::string& what, std::string_view expected) const {
    return yaml_error(path_, at, what, expected);
  }
  Status read_token();
  Status read_loan();
  Status read_field(Token& token, std::string_view key, Place at, const std::string& text);
  Status read_kind_field(Token& token, std::string_view key, Place at, const std::string& text) const;
  Status take_time(Place at, const std::string& text, Time& time) const;
  Status take_text(Place at, std::string_view key, const std::string& text, std::string& to) const;
  Result<std::string> needed(std::string_view key) const;

  const std::string& path_;
  Where where_ = Where::start;
  bool version_ = false;
  std::string now_;
  Place now_at_, item_at_;
  Entries entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

Status Reader::key(Place at, std::string_view name) {
  now_ = name;
  now_at_ = at;
  return Done{};
}

Status Reader::value(Place at, std::string_view text, Form form) {
  if (where_ == Where::token || where_ == Where::loan) {
    if (form == Form::nothing) return wrong(at, now_ + " has no value", "a value is expected");
    entries_.insert_or_assign(now_, std::pair(at, std::string(text)));
    return Done{};
  }
  if (where_ == Where::file && now_ == "version") {
    if (form != Form::plain) return wrong(at, "version is " + shown(text), "1 is expected");
    if (!number(text, formats::token_stock.version, formats::token_stock.version))
      return other_version(shown_place(path_, at), formats::token_stock, text);
    version_ = true;
    return Done{};
  }
  return wrong(at, shown(where_ == Where::file ? now_ : std::string(text)) + " does not stand here",
               "version, tokens and loans are expected");
}

Status Reader::begin_map(Place at) {
  if (where_ == Where::start) {
    where_ = Where::file;
    return Done{};
  }
  if (where_ == Where::tokens && tokens.size() == most_tokens)
    return wrong(at, "too many tokens", filled("at most {0} are expected", {std::to_string(most_tokens)}));
  if (where_ != Where::tokens && where_ != Where::loans) return wrong(at, "a map does not stand here", "a value");
  where_ = where_ == Where::tokens ? Where::token : Where::loan;
  item_at_ = at;
  entries_.clear();
  return Done{};
}

Status Reader::begin_list(Place at) {
  if (where_ != Where::file || (now_ != "tokens" && now_ != "loans"))
    return wrong(at, "a list does not stand here", "tokens or loans is expected");
  where_ = now_ == "tokens" ? Where::tokens : Where::loans;
  return Done{};
}

Status Reader::end() {
  switch (where_) {
    case Where::token: where_ = Where::tokens; return read_token();
    case Where::loan: where_ = Where::loans; return read_loan();
    case Where::tokens:
    case Where::loans: where_ = Where::file; return Done{};
    case Where::file: where_ = Where::done; return Done{};
    case Where::start:
    case Where::done: break;
  }
  return Done{};
}

Result<std::string> Reader::needed(std::string_view key) const {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second.second;
  return wrong(item_at_, std::string(key) + " is missing", "it belongs to every entry");
}

Status Reader::take_time(Place at, const std::string& text, Time& time) const {
  const std::optional<Time> read = from_iso_time(text);
  if (!read) return wrong(at, shown(text) + " is no time", "a time like 2026-11-22T10:00:00+09:00 is expected");
  time = *read;
  return Done{};
}

Status Reader::take_text(Place at, std::string_view key, const std::string& text, std::string& to) const {
  if (!plain_text(text))
    return wrong(at, std::string(key) + " is " + shown(text), "text of 1 to 255 bytes without control characters");
  to = text;
  return Done{};
}

Status Reader::read_kind_field(Token& token, std::string_view key, Place at, const std::string& text) const {
  const Factor* factor = factor_for(token.kind);
  if (factor != nullptr)
    for (const FieldRule& rule : factor->fields)
      if (rule.key == key && rule.type != FieldType::sealed && key != "serial" && valid_choice(text, rule.choices)) {
        token.fields.insert_or_assign(std::string(key), text);
        return Done{};
      }
  return wrong(at, shown(key) + " with " + shown(text), "a key of a token of kind " + token.kind + " is expected");
}

Status Reader::read_field(Token& token, std::string_view key, Place at, const std::string& text) {
  if (key == "serial" || key == "kind") return Done{};
  if (key == "manufacturer") return take_text(at, key, text, token.manufacturer);
  if (key == "model") return take_text(at, key, text, token.model);
  if (key == "meant-for") return take_text(at, key, text, token.meant);
  if (key == "reason") return take_text(at, key, text, token.reason);
  if (key == "imported") return take_time(at, text, token.imported);
  if (key == "retired") return take_time(at, text, token.retired);
  if (key == "secret") {  // not shown, not even when broken
    token.secret = text;
    return Done{};
  }
  if (key == "moving") {
    const auto read = number(text, 0, INT64_MAX);
    if (!read) return wrong(at, "moving is " + shown(text), "a number is expected");
    token.moving = *read;
    return Done{};
  }
  if (key == "unknown") {
    if (text != "yes") return wrong(at, "unknown is " + shown(text), "yes is expected");
    token.unknown = true;
    return Done{};
  }
  if (key == "lent-to" || key == "lent" || key == "due") {
    if (!token.loan) token.loan.emplace();
    if (key == "lent-to") return take_text(at, key, text, token.loan->user);
    if (key == "lent") return take_time(at, text, token.loan->lent);
    if (!valid_day(text)) return wrong(at, "due is " + shown(text), "a day like 2027-03-31 is expected");
    token.loan->due = text;
    return Done{};
  }
  return read_kind_field(token, key, at, text);
}

Status Reader::read_token() {
  Result<std::string> serial = needed("serial"), kind = needed("kind");
  if (!serial) return serial.error();
  if (!kind) return kind.error();
  Token token;
  token.serial = *serial;
  token.kind = *kind;
  if (!valid_serial(token.serial) || index_.count(token.serial) != 0)
    return wrong(entries_.at("serial").first, "serial is " + shown(token.serial), "a serial that no other token has");
  if (const Factor* factor = factor_for(token.kind); factor == nullptr || factor->resync == nullptr)
    return wrong(entries_.at("kind").first, "kind is " + shown(token.kind), "totp or hotp is expected");
  for (const auto& [key, entry] : entries_)
    if (Status read = read_field(token, key, entry.first, entry.second); !read) return read;
  const bool whole = token.retired != 0 ? !token.loan && token.secret.empty() : !token.secret.empty();
  if (!whole || (token.loan && (token.loan->user.empty() || token.loan->lent == 0)))
    return wrong(item_at_, "the token " + token.serial + " is not complete",
                 "a secret, or retired; with lent-to also lent");
  index_.emplace(token.serial, tokens.size());
  tokens.push_back(std::move(token));
  return Done{};
}

Status Reader::read_loan() {
  Loan loan;
  const Result<std::string> serial = needed("serial");
  if (!serial) return serial.error();
  const auto token = index_.find(*serial);
  for (const auto& [key, entry] : entries_) {
    Status read = Done{};
    if (key == "user")
      read = take_text(entry.first, key, entry.second, loan.user);
    else if (key == "lent")
      read = take_time(entry.first, entry.second, loan.lent);
    else if (key == "returned")
      read = take_time(entry.first, entry.second, loan.returned);
    else if (key != "serial")
      read = wrong(entry.first, "unknown key " + shown(key), "serial, user, lent or returned is expected");
    if (!read) return read;
  }
  if (token == index_.end() || loan.user.empty())
    return wrong(item_at_, "a loan of " + shown(*serial), "a token above, and a user, are expected");
  tokens[token->second].past.push_back(std::move(loan));
  return Done{};
}

// Text is always quoted: "0123456789", "null" and "yes" stay text for every reader of YAML.
void put(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(key).append(": \"");
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\"\n";
}

void put_word(std::string& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out.append(key).append(": ").append(value).append("\n");
}

void put_time(std::string& out, std::string_view key, Time time) {
  if (time != 0) out.append(key).append(": ").append(iso_time(time)).append("\n");
}

void print_token(std::string& out, const Token& token) {
  put(out, "  - serial", token.serial);
  put_word(out, "    kind", token.kind);
  for (const auto& [key, value] : token.fields) put_word(out, "    " + key, value);
  put(out, "    manufacturer", token.manufacturer);
  put(out, "    model", token.model);
  put(out, "    meant-for", token.meant);
  put_time(out, "    imported", token.imported);
  if (token.moving >= 0) put_word(out, "    moving", std::to_string(token.moving));
  if (token.unknown) put_word(out, "    unknown", "yes");
  if (token.loan) {
    put(out, "    lent-to", token.loan->user);
    put_time(out, "    lent", token.loan->lent);
    put(out, "    due", token.loan->due);
  }
  put_time(out, "    retired", token.retired);
  put(out, "    reason", token.reason);
  put(out, "    secret", token.secret);
}

}  // namespace

std::string_view name(Holding holding) {
  switch (holding) {
    case Holding::free: return "free";
    case Holding::lent: return "lent";
    case Holding::retired: return "retired";
  }
  return "";
}

Holding Token::holding() const {
  if (retired != 0) return Holding::retired;
  return loan ? Holding::lent : Holding::free;
}

bool valid_serial(std::string_view serial) {
  const auto allowed = [](char c) {
    return letter_or_digit(c) || std::string_view("._+:/-").find(c) != std::string_view::npos;
  };
  return !serial.empty() && serial.size() <= longest_serial && letter_or_digit(serial.front()) &&
         std::all_of(serial.begin(), serial.end(), allowed);
}

bool valid_day(std::string_view day) {
  if (day.size() != 10 || day[4] != '-' || day[7] != '-') return false;
  const auto year = number(day.substr(0, 4), 2000, 9999), month = number(day.substr(5, 2), 1, 12),
             date = number(day.substr(8, 2), 1, 31);
  if (!year || !month || !date) return false;
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = *month == 2 && (*year % 400 == 0 || (*year % 4 == 0 && *year % 100 != 0));
  return *date <= days[static_cast<std::size_t>(*month - 1)] + (leap ? 1 : 0);
}

Result<std::vector<Token>> parse_stock(std::string_view text, const std::string& path) {
  Reader quick(path);
  if (read_own_layout(text, longest_stock_file, quick) && quick.complete()) return std::move(quick.tokens);
  Reader reader(path);
  if (Status read = read_yaml(text, path, longest_stock_file, reader); !read) return read.error();
  if (!reader.complete())
    return yaml_error(path, {1, 1}, "this is not a stock of tokens", "a map that begins with version: 1 is expected");
  return std::move(reader.tokens);
}

std::string print_stock(const std::vector<Token>& tokens) {
  std::string out = "# Hardware tokens, kept by utmfa-admin(8), token; the secrets are sealed.\n";
  out.append("version: ").append(std::to_string(formats::token_stock.version)).append("\n");
  out.append(tokens.empty() ? "tokens: []\n" : "tokens:\n");
  for (const Token& token : tokens) print_token(out, token);
  bool first = true;
  for (const Token& token : tokens) {
    for (const Loan& loan : token.past) {
      if (std::exchange(first, false)) out.append("loans:\n");
      put(out, "  - serial", token.serial);
      put(out, "    user", loan.user);
      put_time(out, "    lent", loan.lent);
      put_time(out, "    returned", loan.returned);
    }
  }
  return out;
}

}  // namespace utmfa

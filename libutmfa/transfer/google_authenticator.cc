// SPDX-License-Identifier: Apache-2.0
// The file of pam_google_authenticator: the secret, lines `" NAME VALUE`, then scratch codes of eight digits. A name that
// is not known may change what a code means (there are variants with other digests), so it is an Error.
#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"
#include "transfer/row.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_line = 4096, scratch_digits = 8;
constexpr std::int64_t last_number = std::int64_t{1} << 62, longest_skew = 1000000;

struct Key {
  Secret secret;
  bool time_based = false;
  std::int64_t counter = 0;  // 0 = not said
  std::int64_t period = 30, skew = 0, last_step = -1;
  std::vector<std::string> notes;
  std::vector<std::string> seen;
  std::string scratch;  // separated by spaces; wiped by its owner
};

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::optional<std::int64_t> signed_number(std::string_view text, std::int64_t most) {
  const bool below = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const auto value = number(text, 0, most);
  if (!value) return std::nullopt;
  return below ? -*value : *value;
}

// Each option: "" = understood, otherwise what is expected. `values` are the words behind its name.
using Reader = std::string_view (*)(Key&, const Words& values);

std::string_view time_based(Key& key, const Words& values) {
  key.time_based = true;
  return values.empty() ? "" : "nothing behind it";
}

std::string_view counter(Key& key, const Words& values) {
  const auto read = values.size() == 1 ? number(values[0], 1, last_number) : std::nullopt;
  key.counter = read.value_or(0);
  return read ? "" : "a number from 1";
}

std::string_view step_size(Key& key, const Words& values) {
  const auto read = values.size() == 1 ? number(values[0], 1, 60) : std::nullopt;
  key.period = read.value_or(30);
  return read ? "" : "a number, 1 to 60";
}

std::string_view time_skew(Key& key, const Words& values) {
  const auto read = values.size() == 1 ? signed_number(values[0], longest_skew) : std::nullopt;
  key.skew = read.value_or(0);
  return read ? "" : "a number of steps";
}

std::string_view disallow_reuse(Key& key, const Words& values) {
  for (const std::string_view each : values) {
    const auto step = number(each, 0, last_number);
    if (!step) return "numbers of steps";
    key.last_step = std::max(key.last_step, *step);
  }
  return "";
}

std::string_view window_size(Key& key, const Words& values) {
  if (values.size() != 1 || !number(values[0], 1, 100)) return "a number, 1 to 100";
  key.notes.push_back("WINDOW_SIZE " + std::string(values[0]) + ": the window of utmfa.yaml holds instead");
  return "";
}

std::string_view rate_limit(Key& key, const Words& values) {
  if (values.size() < 2 || !number(values[0], 1, 100) || !number(values[1], 1, 3600)) return "tries and seconds";
  for (const std::string_view each : values)
    if (!ascii_digits(each)) return "tries, seconds and times";
  key.notes.push_back("RATE_LIMIT " + std::string(values[0]) + " " + std::string(values[1]) +
                      ": the throttle of utmfa.yaml holds instead");
  return "";
}

// Pairs of a time and the steps that the clock seemed to be off: somebody was about to set it right.
std::string_view resetting(Key&, const Words& values) {
  for (const std::string_view each : values) {
    const std::size_t sign = each.find_first_of("+-");
    if (sign == each.npos || !ascii_digits(each.substr(0, sign)) || !signed_number(each.substr(sign), last_number))
      return "pairs of a time and steps";
  }
  return "";
}

std::string_view grace(Key& key, const Words& values) {
  if (values.empty()) return "";
  const std::string note = "LAST: the grace period is not carried over; `remember` of a service is its like";
  if (std::find(key.notes.begin(), key.notes.end(), note) == key.notes.end()) key.notes.push_back(note);
  return "";
}

struct Option {
  std::string_view name;
  Reader read;
};
constexpr Option options[] = {{"TOTP_AUTH", time_based},          {"HOTP_COUNTER", counter},
                              {"STEP_SIZE", step_size},           {"TIME_SKEW", time_skew},
                              {"WINDOW_SIZE", window_size},       {"RATE_LIMIT", rate_limit},
                              {"DISALLOW_REUSE", disallow_reuse}, {"RESETTING_TIME_SKEW", resetting}};

Reader reader_of(std::string_view name) {
  for (const Option& each : options)
    if (each.name == name) return each.read;
  const bool last = name.size() == 5 && name.substr(0, 4) == "LAST" && ascii_digits(name.substr(4));
  return last ? grace : nullptr;
}

Error wrong(const std::string& path, int line, const std::string& what) {
  return {Code::invalid, path + ":" + std::to_string(line) + ": " + what};
}

Status read_option(Key& key, std::string_view text, const std::string& path, int line) {
  Words words = words_of(text);
  if (words.empty()) return wrong(path, line, "a quote without an option behind it");
  const std::string name(words[0]);
  const Reader reader = reader_of(name);
  if (reader == nullptr)
    return wrong(path, line,
                 "unknown option " + shown(name) + ": it may change what a code means, so nothing is taken");
  if (std::find(key.seen.begin(), key.seen.end(), name) != key.seen.end())
    return wrong(path, line, name + " stands twice");
  key.seen.push_back(name);
  words.erase(words.begin());
  const std::string_view expected = reader(key, words);
  return expected.empty() ? Status(Done{}) : wrong(path, line, name + ": expected " + std::string(expected));
}

Status read_line(Key& key, std::string_view text, const std::string& path, int line) {
  if (text.size() > longest_line) return wrong(path, line, "longer than 4096 bytes");
  if (line == 1) {
    Result<Secret> secret = from_base32(text);
    if (!secret || secret->empty()) return wrong(path, 1, "no secret in base32");
    key.secret = std::move(*secret);
    return Done{};
  }
  if (text.empty()) return Done{};
  if (text[0] == '"') return read_option(key, text.substr(1), path, line);
  if (text.size() != scratch_digits || !ascii_digits(text) || text[0] == '0')
    return wrong(path, line, "neither an option nor a scratch code of eight digits");
  key.scratch.append(key.scratch.empty() ? "" : " ").append(text);
  return Done{};
}

Status read_key(Key& key, std::string_view text, const std::string& path) {
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (Status read = read_line(key, line, path, ++number); !read) return read;
  }
  if (key.counter > 0 && key.time_based) return wrong(path, 1, "both TOTP_AUTH and HOTP_COUNTER: expected one of them");
  if (key.counter == 0 && !key.time_based) return wrong(path, 1, "neither TOTP_AUTH nor HOTP_COUNTER");
  if (key.skew < INT32_MIN || key.skew > INT32_MAX) return wrong(path, 1, "TIME_SKEW: too large");
  return Done{};
}

// 60 steps and 30 are what our codes have; another length of a step would give other codes.
ImportRow key_row(Key& key, const std::string& user) {
  ImportRow row;
  row.line = 1;
  row.user = user;
  row.kind = key.time_based ? "totp" : "hotp";
  row.wish.secret = std::move(key.secret);
  row.moving = key.last_step;
  row.drift = static_cast<std::int32_t>(key.skew);
  if (key.time_based)
    row.wish.options.emplace("period", std::to_string(key.period));
  else
    row.wish.options.emplace("counter", std::to_string(key.counter));
  row.notes = std::move(key.notes);
  return row;
}

}  // namespace

Result<std::vector<ImportRow>> parse_google_authenticator(std::string_view text, const std::string& path,
                                                          const std::string& user) {
  Key key;
  key.scratch.reserve(text.size());  // no copy is left behind by growing
  const Status read = read_key(key, text, path);
  std::vector<ImportRow> rows;
  if (read) {
    rows.push_back(key_row(key, user));
    if (!key.scratch.empty()) {
      ImportRow sheet;
      sheet.line = 1;
      sheet.user = user;
      sheet.kind = "recovery";
      sheet.wish.secret = Secret(key.scratch);
      sheet.notes.emplace_back("scratch codes have eight digits only: give the person a new sheet soon");
      rows.push_back(std::move(sheet));
    }
  }
  wipe(key.scratch);
  if (!read) return read.error();
  return rows;
}

}  // namespace utmfa

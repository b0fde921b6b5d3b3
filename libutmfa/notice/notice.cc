// SPDX-License-Identifier: Apache-2.0
// The table of what is told, and a notice as lines of text: the broker, which writes some, reads no other format.
#include "notice/notice.h"

#include <algorithm>
#include <array>

#include "base/formats.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view first_word = "utmfa-notice ";
constexpr std::int64_t hour = 3600;
constexpr Time latest = 253402300799;  // 9999-12-31

struct Told {
  std::string_view event, kind, notice;  // kind "" = every kind
  std::int64_t quiet;
};
// Whoever types wrong codes for somebody must not be able to fill his mailbox as well.
constexpr Told told[] = {
    {"enrolled", "", "enrolled", 0},
    {"removed", "", "removed", 0},
    {"reordered", "", "reordered", 0},
    {"renamed", "", "renamed", 0},
    {"applied", "", "applied", 0},
    {"reset", "", "reset", 0},
    {"terminated", "", "terminated", 0},
    {"restored", "", "restored", 0},
    {"unlocked", "", "unlocked", 0},
    {"state-rebuilt", "", "state-rebuilt", 0},
    {"contact", "", "contact", 0},
    {"pass-issued", "", "pass-issued", 0},
    {"granted", "pass", "pass-used", 60},
    {"lock", "", "lock", hour},
    {"number-changed", "", "number-changed", 0},
    {"fraud", "", "fraud", 0},
    {"refused-by-person", "", "refused", hour},
    {"token-lent", "", "enrolled", 0},
    {"token-returned", "", "removed", 0},
    {"token-retired", "", "removed", 0},
};

using Text = std::string Notice::*;
constexpr std::pair<std::string_view, Text> texts[] = {
    {"what", &Notice::what},         {"user", &Notice::user},       {"to", &Notice::to},
    {"language", &Notice::language}, {"service", &Notice::service}, {"from", &Notice::from},
    {"method", &Notice::method},     {"kind", &Notice::kind},       {"by", &Notice::by}};

constexpr std::size_t longest_value = 300;

Error broken(const std::string& what) { return {Code::corrupt, "notice: " + what}; }

Status read_line(std::string_view line, Notice& notice) {
  const std::size_t equals = line.find('=');
  if (equals == line.npos) return broken("a line without =");
  const std::string_view key = line.substr(0, equals), value = line.substr(equals + 1);
  for (const auto& [name, member] : texts)
    if (name == key) {
      notice.*member = value;
      return cleaned(value, longest_notice) == value ? Status(Done{}) : broken(std::string(name) + " is no text");
    }
  const auto whole = number(value, 0, key == "attempts" ? 1000000 : latest);
  if (!whole) return broken("unknown line " + cleaned(key, 32));
  if (key == "made")
    notice.made = *whole;
  else if (key == "next")
    notice.next = *whole;
  else if (key == "attempts")
    notice.attempts = static_cast<int>(*whole);
  else
    return broken("unknown line " + cleaned(key, 32));
  return Done{};
}

}  // namespace

std::vector<Notice> notices_of(const Event& event, Time now) {
  for (const Told& each : told) {
    if (each.event != event.what || (!each.kind.empty() && each.kind != event.kind)) continue;
    // Cleaned it would be the name of somebody else.
    if (event.user.empty() || cleaned(event.user, longest_value) != event.user) return {};
    Notice notice;
    notice.what = each.notice;
    notice.user = event.user;
    notice.service = event.service;
    notice.from = event.from;
    notice.method = event.method;
    notice.kind = event.kind;
    notice.by = event.by;
    notice.made = now;
    std::vector<Notice> notices{notice};
    if (event.also_tell.empty()) return notices;
    notice.to = event.also_tell;
    notices.push_back(std::move(notice));
    return notices;
  }
  return {};
}

std::int64_t quiet_time(const Notice& notice) {
  for (const Told& each : told)
    if (each.notice == notice.what) return each.quiet;
  return 0;
}

std::string print_notice(const Notice& notice) {
  std::string text(first_word);
  text += std::to_string(formats::notice.version) + "\n";
  for (const auto& [name, member] : texts)
    if (const std::string& value = notice.*member; !value.empty())
      text.append(name).append("=").append(cleaned(value, longest_value)).append("\n");
  text += "made=" + std::to_string(std::max<Time>(notice.made, 0)) + "\n";
  if (notice.attempts > 0) text += "attempts=" + std::to_string(notice.attempts) + "\n";
  if (notice.next > 0) text += "next=" + std::to_string(notice.next) + "\n";
  return text;
}

Result<Notice> parse_notice(std::string_view text) {
  if (text.size() > longest_notice) return broken("too long");
  if (text.empty() || text.back() != '\n') return broken("cut short");
  text.remove_suffix(1);
  const std::vector<std::string_view> lines = split(text, '\n');
  if (!lines.front().starts_with(first_word)) return broken("it does not begin as one");
  const std::string_view version = lines.front().substr(first_word.size());
  if (newer(formats::notice, version)) return other_version("outbox", formats::notice, version);
  if (!number(version, formats::notice.version, formats::notice.version)) return broken("it does not begin as one");
  Notice notice;
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (Status read = read_line(lines[i], notice); !read) return read.error();
  if (notice.what.empty() || notice.user.empty() || notice.made == 0) return broken("what, user or made is missing");
  return notice;
}

}  // namespace utmfa

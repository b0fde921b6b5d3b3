// SPDX-License-Identifier: Apache-2.0
// The system's clock, and times as people and files write them. The local zone is the one of the process (TZ or
// /etc/localtime), read by libc at the first use: a program that closes its file system uses it once before.
#include "base/clock.h"

#include <ctime>

#include "base/text.h"

namespace utmfa {
namespace {

struct Local {
  explicit Local(Time time) {
    const std::time_t seconds = time;
    localtime_r(&seconds, &parts);  // a year that does not fit an int leaves zeros: the text is wrong, not random
  }
  std::tm parts{};
  char text[64];
};

// The number written at [at, at + length), which must be digits within [least, most].
std::optional<int> part(std::string_view text, std::size_t at, std::size_t length, int least, int most) {
  const auto value = number(text.substr(at, length), least, most);
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<Time> zone_offset(std::string_view zone) {
  if (zone == "Z") return 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const auto hours = part(zone, 1, 2, 0, 23);
  const auto minutes = part(zone, 4, 2, 0, 59);
  if (!hours || !minutes) return std::nullopt;
  const Time offset = *hours * 3600 + *minutes * 60;
  return zone[0] == '-' ? -offset : offset;
}

}  // namespace

Time SystemClock::now() {
  std::timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

std::string iso_time(Time time) {
  Local local(time);
  std::string text(local.text, std::strftime(local.text, sizeof local.text, "%Y-%m-%dT%H:%M:%S%z", &local.parts));
  text.insert(text.size() - 2, 1, ':');
  return text;
}

std::optional<Time> from_iso_time(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 'd' && text[i] != shape[i]) return std::nullopt;
  }
  const auto year = part(text, 0, 4, 1970, 9999), month = part(text, 5, 2, 1, 12), day = part(text, 8, 2, 1, 31);
  const auto hour = part(text, 11, 2, 0, 23), minute = part(text, 14, 2, 0, 59), second = part(text, 17, 2, 0, 59);
  const auto offset = zone_offset(text.substr(shape.size()));
  if (!year || !month || !day || !hour || !minute || !second || !offset) return std::nullopt;
  std::tm parts{};
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_hour = *hour;
  parts.tm_min = *minute;
  parts.tm_sec = *second;
  const std::time_t seconds = timegm(&parts);
  if (parts.tm_mday != *day) return std::nullopt;  // 31 April has become 1 May
  return seconds - *offset;
}

std::string clock_text(Time time) {
  Local local(time);
  return {local.text, std::strftime(local.text, sizeof local.text, "%H:%M", &local.parts)};
}

std::string end_text(Time end) {
  constexpr Time minute = 60;
  return clock_text(end % minute == 0 ? end : end - end % minute + minute);
}

std::string date_text(Time time) {
  Local local(time);
  return {local.text, std::strftime(local.text, sizeof local.text, "%Y-%m-%d", &local.parts)};
}

std::optional<Time> end_of_date(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = part(date, 0, 4, 1970, 9999), month = part(date, 5, 2, 1, 12), day = part(date, 8, 2, 1, 31);
  if (!year || !month || !day) return std::nullopt;
  std::tm parts{};
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_isdst = -1;
  std::tm checked = parts;
  if (std::mktime(&checked) == -1 || checked.tm_mday != *day) return std::nullopt;  // 31 April has become 1 May
  ++parts.tm_mday;
  return std::mktime(&parts);
}

}  // namespace utmfa

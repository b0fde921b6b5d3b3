// SPDX-License-Identifier: Apache-2.0
// The Clock port and the two written forms of time. Only a Clock knows what time it is, so that tests can.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace utmfa {

using Time = std::int64_t;  // seconds since 1970-01-01T00:00:00Z

class Clock {
 public:
  virtual Time now() = 0;

 protected:
  ~Clock() = default;
};

class SystemClock final : public Clock {
 public:
  Time now() override;
};

std::string iso_time(Time time);                           // local zone: 2026-11-22T10:00:00+09:00
std::optional<Time> from_iso_time(std::string_view text);  // needs a zone: +09:00 or Z
std::string clock_text(Time time);                         // local hour and minute: 10:25
std::string end_text(Time end);                            // the first whole minute at which it is over: 10:26
std::string date_text(Time time);                          // local date: 2026-11-22
std::optional<Time> end_of_date(std::string_view date);    // the first moment after that local date

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// What a person is told of: that somebody changed his registration, locked him out, or came in by a temporary pass.
// A notice is made from the event that is written to the log, by who writes it; it never has a secret, a code or a
// number in it. Plain values; nothing here knows how a notice is delivered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/result.h"

namespace utmfa {

struct Notice {
  std::string what;          // of the table in notice.cc
  std::string user;          // canonical
  std::string to, language;  // "" = as his method file says when it is delivered
  std::string service, from, method, kind, by;
  Time made = 0;
  int attempts = 0;  // to deliver it
  Time next = 0;     // not before
};

inline constexpr std::size_t longest_notice = 4096;

// None: nothing that the person is told. Two: an address that he had before is told as well.
std::vector<Notice> notices_of(const Event& event, Time now);
// At most one in this many seconds for one person; 0 = each.
std::int64_t quiet_time(const Notice& notice);

std::string print_notice(const Notice& notice);
Result<Notice> parse_notice(std::string_view text);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "hid_line.h"

namespace utmfa {

// CTAP 2.1 section 11.2.9.1.8.
LineState told_by(const unsigned char* packet) {
  constexpr unsigned char error = 0x80 | 0x3f, channel_busy = 0x06;
  constexpr std::size_t command_at = 4, code_at = 7;
  const bool busy = packet[command_at] == error && packet[code_at] == channel_busy;
  return busy ? LineState::busy : LineState::well;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "local_keys.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "device/frames.h"
#include "device/presence.h"
#include "device/start.h"

namespace utmfa {
namespace {

constexpr int beyond = 20;  // seconds that ending it may take, after the time for a touch

}  // namespace

// Ctrl-C ends us, and with our end of the line the question.
Result<KeyNews> LocalKeys::ask(const KeyWish& wish) {
  if (key_presence() == Presence::none) {
    KeyNews none;
    none.end = KeyEnd::absent;
    return none;
  }
  wire::Writer frame(key_wish_verb);
  write_wish(frame, wish);
  if (!frame.fits()) return unable("too many credentials");
  const std::string program = rules_.program.empty() ? std::string(UTMFA_KEY) : rules_.program;
  const Result<Descriptor> line = start_key_program({program, rules_.user}, frame.frame());
  frame.wipe();
  if (!line) return unable(line.error().what);
  const timeval patience = {wish.seconds + beyond, 0};
  (void)setsockopt(line->get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char bytes[wire::longest_frame];
  ssize_t got;
  do got = recv(line->get(), bytes, sizeof bytes, MSG_TRUNC);
  while (got < 0 && errno == EINTR);
  if (got <= 0 || got > static_cast<ssize_t>(sizeof bytes)) return unable("utmfa-key has ended without an answer");
  return read_news(wire::Reader({bytes, static_cast<std::size_t>(got)}), wish);
}

}  // namespace utmfa

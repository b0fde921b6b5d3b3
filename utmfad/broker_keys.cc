// SPDX-License-Identifier: Apache-2.0
#include "broker_keys.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "device/frames.h"
#include "gateway/gateway.h"

namespace utmfa {
namespace {

constexpr std::int64_t between_signs = 10;  // seconds; the module waits 30
constexpr std::int64_t beyond = 20;         // what ending the program may take, after the time for a touch

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

void set_patience(int channel, time_t seconds) {
  const timeval limit = {seconds, 0};
  (void)setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

}  // namespace

Status BrokerKeys::send(const KeyWish& wish, const std::string& id) {
  wire::Writer frame(key_wish_verb);
  frame.text("request", id);
  write_wish(frame, wish);
  if (!frame.fits()) return Error{Code::invalid, "keys: too many credentials"};
  const Status sent = send_packet(channel_, frame.frame(), {}, Wait::yes);
  frame.wipe();
  return sent;
}

// A second at a time, because a process that may hold no new descriptor cannot poll.
Result<KeyNews> BrokerKeys::wait(const KeyWish& wish, const std::string& id) {
  const std::int64_t begun = monotonic_seconds();
  std::int64_t sign = begun;
  while (monotonic_seconds() - begun < wish.seconds + beyond) {
    Result<Packet> packet = receive_packet(channel_, Wait::yes);
    if (packet && !messenger_.took(*packet)) {
      const wire::Reader frame(packet->bytes);
      if (frame.valid() && frame.verb() == key_news_verb && frame.text("request") == id) return read_news(frame, wish);
      if (!frame.valid() || frame.verb() != key_news_verb) return Error{Code::internal, "broker: unexpected reply"};
    }
    if (!packet && packet.error().code != Code::unavailable) return packet.error();
    if (!line_.there()) return Error{Code::unavailable, "the program that asked has gone"};
    if (monotonic_seconds() - sign < between_signs) continue;
    sign = monotonic_seconds();
    if (Status sent = line_.send(wire::Writer("wait")); !sent) return sent.error();
  }
  (void)send_packet(channel_, wire::Writer("stop").frame(), {}, Wait::yes);
  return unable("utmfa-key: no answer in time");
}

Result<KeyNews> BrokerKeys::ask(const KeyWish& wish) {
  const Result<std::string> id = new_request_id(random_);
  if (!id) return id.error();
  if (Status sent = send(wish, *id); !sent) return unable(sent.error().what);
  set_patience(channel_, 1);
  Result<KeyNews> news = wait(wish, *id);
  set_patience(channel_, 0);
  return news;
}

}  // namespace utmfa

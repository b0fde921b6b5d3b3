// SPDX-License-Identifier: Apache-2.0
#include "broker_messenger.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::int64_t between_signs = 10;  // seconds; the module waits 30
constexpr std::array results = {Delivered::sent, Delivered::approved, Delivered::denied, Delivered::failed,
                                Delivered::busy};

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

News read(const wire::Reader& frame) {
  News news;
  news.fault = cleaned(frame.text("fault"), 500);
  for (const Delivered each : results)
    if (frame.text("result") == name(each)) news.reply.result = each;
  news.reply.entered = frame.text("entered");
  news.reply.detail = cleaned(frame.text("detail"), 300);
  news.reply.retry_after = static_cast<std::int64_t>(frame.number("retry-after", longest_retry_after, 0));
  return news;
}

}  // namespace

Status BrokerMessenger::begin(GatewayRequest request) {
  end();
  Result<std::string> id = new_request_id(random_);
  if (!id) return id.error();
  wire::Writer frame("deliver");
  const std::pair<std::string_view, std::string_view> fields[] = {{"kind", request.kind},
                                                                  {"id", *id},
                                                                  {"to", request.to},
                                                                  {"extension", request.extension},
                                                                  {"language", request.language},
                                                                  {"service", request.service},
                                                                  {"from", request.from},
                                                                  {"text", request.text.view()},
                                                                  {"code", request.code.view()},
                                                                  {"connection", connection_}};
  for (const auto& [key, value] : fields)
    if (!value.empty()) frame.text(key, value);
  frame.number("expires", static_cast<unsigned long>(std::max(request.expires, 0)));
  if (!frame.fits()) return Error{Code::invalid, "the message is too long"};
  const Status sent = send_packet(channel_, frame.frame(), {}, Wait::yes);
  frame.wipe();
  if (!sent) return sent;
  id_ = std::move(*id);
  return Done{};
}

// What comes for another one than that which is waited for is nobody's.
bool BrokerMessenger::took(const Packet& packet) {
  const wire::Reader frame(packet.bytes);
  if (!frame.valid() || frame.verb() != "delivered") return false;
  if (!id_.empty() && frame.text("id") == id_) {
    news_ = read(frame);
    id_.clear();
  }
  return true;
}

// A second at a time, because a process that may hold no new descriptor cannot poll.
Status BrokerMessenger::wait_a_little() {
  const timeval second = {1, 0};
  if (setsockopt(channel_, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) != 0)
    return os_error("channel", "setsockopt");
  const Result<Packet> packet = receive_packet(channel_, Wait::yes);
  const timeval forever = {0, 0};
  (void)setsockopt(channel_, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
  if (packet) return took(*packet) ? Status(Done{}) : Error{Code::internal, "broker: unexpected reply"};
  return packet.error().code == Code::unavailable ? Status(Done{}) : packet.error();
}

Result<std::optional<News>> BrokerMessenger::news(std::int64_t at_most_seconds) {
  const std::int64_t begun = monotonic_seconds();
  std::int64_t sign = begun;
  while (!news_ && !id_.empty() && monotonic_seconds() - begun < at_most_seconds) {
    if (Status waited = wait_a_little(); !waited) return waited.error();
    if (!line_.there()) return Error{Code::unavailable, "the program that asked has gone"};
    if (monotonic_seconds() - sign < between_signs) continue;
    sign = monotonic_seconds();
    if (Status sent = line_.send(wire::Writer("wait")); !sent) return sent.error();
  }
  std::optional<News> come = std::move(news_);
  news_.reset();
  return come;
}

void BrokerMessenger::end() {
  if (!id_.empty()) (void)send_packet(channel_, wire::Writer("stop").frame(), {}, Wait::yes);
  id_.clear();
  news_.reset();
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Messages to the person of a record: bounded for each sign-in process and for the machine in an hour, queued where more
// are asked for than may run at a time. The gateway is run by a process of the runner's, so that none holds the broker up;
// what it said is passed on unread.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "broker.h"
#include "delivery_process.h"
#include "ssh_line.h"

namespace utmfa {
namespace {

constexpr int most_deliveries = 12;  // of one sign-in
constexpr std::int64_t hour = 3600;
constexpr int most_starting = 64;  // so many fit the runner's channel
// mail goes by the queue of notices, and never with a code of a sign-in.
constexpr std::array<std::string_view, 3> kinds = {"sms", "voice", "push"};

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Whoever cannot be seen from here, as in a container, counts as there.
Descriptor asker_of(pid_t pid) { return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool has_ended(const Descriptor& process) {
  pollfd ended = {process.get(), POLLIN, 0};
  return process && poll(&ended, 1, 0) > 0;
}

}  // namespace

void Broker::undelivered(Process& process, std::string_view id, const Error& why) {
  wire::Writer frame("delivered");
  frame.text("id", id);
  frame.text("result", "failed");
  frame.text("fault", cleaned(why.what, 300));
  (void)send_packet(process.channel.get(), frame.frame(), {}, Wait::no);
}

bool Broker::too_many_deliveries() {
  const std::int64_t now = monotonic_seconds();
  while (!delivered_.empty() && now - delivered_.front() >= hour) delivered_.pop_front();
  return delivered_.size() >= static_cast<std::size_t>(config_.config().limits.deliveries_per_hour);
}

// Whom it is for is the broker's own word.
Status Broker::grant_deliver(Process& process, const wire::Reader& frame, Packet& packet) {
  if (process.stage != Stage::opened || !(process.registered || process.change.open))
    return Error{Code::refused, "deliver: there is nobody to send to"};
  const std::string_view kind = frame.text("kind");
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) return Error{Code::invalid, "deliver: kind"};
  if (++process.deliveries > (process.change.open ? 2 * most_deliveries : most_deliveries))
    return Error{Code::refused, "deliver: asked too often"};
  wire::Writer request("deliver");
  for (const std::string_view key : {"kind", "id", "to", "extension", "language", "service", "from", "text", "code"})
    if (frame.has(key)) request.text(key, frame.text(key));
  request.text("user", process.user);
  request.number("expires", frame.number("expires", hour, 0));
  if (!request.fits()) return Error{Code::invalid, "deliver: too long"};
  queued_.push_back({process.channel.get(), std::string(frame.text("id").substr(0, 64)), Secret(request.frame()),
                     asker_of(process.peer_process), std::string(frame.text("connection")), false});
  request.wipe();
  wipe(packet.bytes);
  start_queued();
  if (!queued_.empty()) queued_.back().waited = true;
  return Done{};
}

// sshd, which waits for PAM, does not see that its client has hung up, and goes on. The table of connections is long: it is
// read for those only that have waited.
bool Broker::has_gone(const Message& message) {
  return has_ended(message.asker) || (message.waited && hung_up(message.line));
}

bool Broker::room_for_delivery() const {
  const auto starting =
      std::count_if(deliveries_.begin(), deliveries_.end(), [](const auto& each) { return !each.second.handle; });
  return starting < most_starting && deliveries_.size() < static_cast<std::size_t>(config_.config().limits.deliveries);
}

// In the order in which they came, as soon as there is room: a whole class may sign in at once. Whoever has gone is told that
// it did not work, in case that a program of his is still there.
void Broker::start_queued() {
  while (!queued_.empty() && room_for_delivery()) {
    Message next = std::move(queued_.front());
    queued_.pop_front();
    const bool gone = has_gone(next);
    const Status started = gone ? Error{Code::not_found, "nobody waits for it any more"} : start_delivery(next);
    const auto process = processes_.find(next.process);
    if (started || process == processes_.end()) continue;
    if (!gone) log("unavailable", "deliver: " + started.error().what);
    undelivered(process->second, next.id, started.error());
  }
}

Status Broker::start_delivery(Message& message) {
  if (too_many_deliveries())
    return Error{Code::unavailable, "too much was sent in this hour: limits.deliveries-per-hour"};
  Result<Descriptor> line = runner_ ? started_delivery(runner_.get()) : Error{Code::not_found, "no runner"};
  if (!line) {  // there is none yet, or it has ended
    Result<Descriptor> runner = start_runner(settings_);
    if (!runner) return runner.error();
    runner_ = std::move(*runner);
    line = started_delivery(runner_.get());
  }
  if (!line) return line.error();
  const int fd = line->get();
  if (Status watched = watch(fd); !watched) return watched;
  deliveries_.insert_or_assign(fd, Delivery{std::move(*line), {}, std::move(message)});
  delivered_.push_back(monotonic_seconds());
  return Done{};
}

// Its process is there, and can be ended from now on: so it is told what to send.
Status Broker::hand_on(Delivery& delivery, Packet& packet) {
  if (delivery.handle || packet.descriptors.size() != 1) return Error{Code::invalid, "deliver: malformed packet"};
  delivery.handle = std::move(packet.descriptors.front());
  const Status sent = send_packet(delivery.line.get(), delivery.message.request.view(), {}, Wait::no);
  delivery.message.request = Secret();
  return sent;
}

Status Broker::grant_stop(Process& process, const wire::Reader&, Packet&) {
  end_deliveries(process.channel.get());
  end_questions(process.channel.get());
  return Done{};
}

// false: this is no line of a delivery.
bool Broker::served_delivery(int line) {
  const auto delivery = deliveries_.find(line);
  if (delivery == deliveries_.end()) return false;
  Result<Packet> packet = receive_packet(line, Wait::no);
  if (!packet && packet.error().code == Code::unavailable) return true;
  if (packet && wire::Reader(packet->bytes).verb() == "running" && hand_on(delivery->second, *packet)) {
    start_queued();
    return true;
  }
  const Delivery ended = std::move(delivery->second);
  (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, line, nullptr);
  deliveries_.erase(delivery);
  start_queued();
  delivered(ended, packet);
  return true;
}

void Broker::delivered(const Delivery& ended, const Result<Packet>& packet) {
  const auto process = processes_.find(ended.message.process);
  if (process == processes_.end()) return;
  const bool whole = packet && wire::Reader(packet->bytes).verb() == "delivered";
  if (!whole)
    undelivered(process->second, ended.message.id, {Code::internal, "the process that ran the gateway has ended"});
  else if (Status sent = send_packet(ended.message.process, packet->bytes, {}, Wait::no); !sent)
    log("unavailable", "deliver: " + sent.error().what);
}

// The gateway goes with the process that waited for it: its minder sees that we are gone.
void Broker::end_deliveries(int process) {
  queued_.erase(std::remove_if(queued_.begin(), queued_.end(),
                               [process](const Message& each) { return each.process == process; }),
                queued_.end());
  for (auto each = deliveries_.begin(); each != deliveries_.end();) {
    const auto delivery = each++;
    if (delivery->second.message.process != process) continue;
    // One that is not running yet ends when its line does, without knowing what to send.
    if (delivery->second.handle)
      (void)syscall(SYS_pidfd_send_signal, delivery->second.handle.get(), SIGKILL, nullptr, 0);
    (void)epoll_ctl(events_.get(), EPOLL_CTL_DEL, delivery->first, nullptr);
    deliveries_.erase(delivery);
  }
  start_queued();
}

}  // namespace utmfa

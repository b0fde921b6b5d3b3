// SPDX-License-Identifier: Apache-2.0
// Frames out, frames in, and the clock that ends it.
#include "wire_conversation.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <cstring>

namespace utmfa {
namespace {

constexpr std::int64_t typed_no_sooner_ms = 300;  // than a person could type a password and Enter

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

void WireConversation::end_after(std::int64_t seconds) { deadline_ms_ = monotonic_ms() + seconds * 1000; }

// A time limit on the socket and not poll(), which a process that may hold no new descriptor cannot use.
Result<std::string> WireConversation::receive() {
  for (;;) {
    const std::int64_t left = deadline_ms_ - monotonic_ms();
    if (left <= 0) return Error{Code::unavailable, "the time for this sign-in is over"};
    const timeval wait = {static_cast<time_t>(left / 1000), static_cast<suseconds_t>(left % 1000 * 1000)};
    if (setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0) return os_error("module", "setsockopt");
    char bytes[wire::longest_frame];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, MSG_TRUNC);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Error{Code::unavailable, "the program that asked has gone"};
    if (got > static_cast<ssize_t>(sizeof bytes)) return Error{Code::invalid, "module: frame too long"};
    std::string frame(bytes, static_cast<std::size_t>(got));
    explicit_bzero(bytes, static_cast<std::size_t>(got));
    return frame;
  }
}

bool WireConversation::there() const {
  char byte;
  const ssize_t got = recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool open = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  return open && monotonic_ms() < deadline_ms_;
}

Status WireConversation::send(const wire::Writer& frame) {
  if (!frame.fits()) return Error{Code::invalid, "module: frame too long to send"};
  ssize_t sent;
  do sent = ::send(socket_, frame.frame().data(), frame.frame().size(), MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return Error{Code::unavailable, "the program that asked has gone"};
  return Done{};
}

Result<Answer> WireConversation::reply(std::string_view verb) {
  Result<std::string> bytes = receive();
  if (!bytes) return bytes.error();
  const wire::Reader frame(*bytes);
  Answer answer;
  if (frame.valid() && frame.verb() == verb) {
    if (frame.number("again", 1, 0) == 1) answer.said = Said::password_again;
    answer.text = Secret(frame.text("text"));
    wipe(*bytes);
    return answer;
  }
  broken_off_ = frame.valid() && frame.verb() == "goodbye";
  if (broken_off_) return Error{Code::unavailable, "the conversation was broken off"};
  return Error{Code::invalid, "module: unexpected frame"};
}

Result<Answer> WireConversation::ask(std::string_view prompt, Echo echo) {
  wire::Writer frame("prompt");
  frame.text("echo", echo == Echo::shown ? "shown" : "hidden");
  frame.text("text", prompt);
  const std::int64_t asked = monotonic_ms();
  if (Status sent = send(frame); !sent) return sent.error();
  Result<Answer> answer = reply("answer");
  if (!answer && broken_off_ && monotonic_ms() - asked < typed_no_sooner_ms)
    return Error{Code::unavailable, std::string(never_asked)};
  const bool hasty = answer && answer->said == Said::password_again && monotonic_ms() - asked < typed_no_sooner_ms;
  // Once may be somebody's paste; who is told that it was the password and sends it again as fast is no person.
  if (hasty && hasty_) answer->said = Said::password_unasked;
  hasty_ = hasty;
  return answer;
}

Result<Answer> WireConversation::ask_behind_password(std::string_view prompt, std::size_t digits) {
  wire::Writer frame("prompt");
  frame.text("echo", "hidden");
  frame.text("text", prompt);
  frame.number("behind-password", digits);
  if (Status sent = send(frame); !sent) return sent.error();
  return reply("answer");
}

Status WireConversation::tell(std::string_view text, Style style) {
  wire::Writer frame("tell");
  frame.text("style", style == Style::info ? "info" : "error");
  frame.text("text", text);
  return send(frame);
}

Result<Answer> WireConversation::choose(std::string_view title, const std::vector<std::string>& items,
                                        std::string_view prompt) {
  wire::Writer frame("choose");
  frame.text("title", title);
  frame.text("prompt", prompt);
  frame.number("count", items.size());
  for (std::size_t i = 0; i < items.size(); ++i) frame.text("item" + std::to_string(i + 1), items[i]);
  if (Status sent = send(frame); !sent) return sent.error();
  return reply("chosen");
}

Status WireConversation::result(Outcome outcome) {
  wire::Writer frame("result");
  frame.text("code", name(outcome));
  return send(frame);
}

}  // namespace utmfa

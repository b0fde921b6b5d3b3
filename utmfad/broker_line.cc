// SPDX-License-Identifier: Apache-2.0
// Requests out, replies in. Used after the world is closed, so no reply here may carry a descriptor but the record.
#include "broker_line.h"

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_name = 255;

}  // namespace

Status BrokerAudit::record(const Event& event) {
  wire::Writer frame("audit");
  frame.text("what", event.what);
  frame.text("user", cleaned(event.user, longest_name));
  frame.text("service", cleaned(event.service, longest_name));
  frame.text("from", cleaned(event.from, longest_name));
  frame.text("tty", cleaned(event.tty, longest_name));
  frame.text("method", event.method);
  frame.text("kind", event.kind);
  frame.text("reason", event.reason);
  if (event.failures >= 0) frame.number("failures", static_cast<unsigned long>(event.failures));
  if (!frame.fits()) return Error{Code::invalid, "audit: too long"};
  return send_packet(channel_, frame.frame(), {}, Wait::yes);
}

Result<Record> record_from_broker(int channel, int connection, const std::string& user, Name name, For what) {
  wire::Writer frame("open");
  frame.text("user", user);
  frame.number("unknown", name == Name::unknown ? 1 : 0);
  if (what == For::change) frame.number("change", 1);
  if (Status sent = send_packet(channel, frame.frame(), {connection}, Wait::yes); !sent) return sent.error();
  Result<Packet> reply = receive_packet(channel, Wait::yes);
  if (!reply) return reply.error();
  return received_record(std::move(*reply));
}

Result<Packet> BrokerShelf::reply() {
  Result<Packet> packet = receive_packet(channel_, Wait::yes);
  while (packet && messenger_.took(*packet)) packet = receive_packet(channel_, Wait::yes);
  if (!packet) return packet;
  const wire::Reader frame(packet->bytes);
  if (frame.verb() == "refused") return Error{Code::unavailable, std::string(frame.text("why"))};
  if (!frame.valid()) return Error{Code::internal, "broker: unexpected reply"};
  return packet;
}

Result<std::optional<std::string>> BrokerShelf::load() {
  std::string text;
  for (;;) {
    wire::Writer frame("load");
    frame.number("at", text.size());
    if (Status sent = send_packet(channel_, frame.frame(), {}, Wait::yes); !sent) return sent.error();
    const Result<Packet> packet = reply();
    if (!packet) return packet.error();
    const wire::Reader part(packet->bytes);
    if (part.verb() == "absent" && text.empty()) return std::optional<std::string>();
    if (part.verb() != "methods" || part.text("text").empty())
      return Error{Code::internal, "broker: unexpected reply to load"};
    text += part.text("text");
    if (text.size() > longest_method_file) return Error{Code::internal, "broker: method file too long"};
    if (text.size() >= part.number("size", longest_method_file, 0)) return std::optional<std::string>(std::move(text));
  }
}

Status BrokerShelf::save(std::string_view text, std::string_view kept_as) {
  std::size_t at = 0;
  do {
    const std::string_view part = text.substr(at, longest_part);
    wire::Writer frame("save");
    frame.number("at", at);
    frame.number("size", text.size());
    frame.text("text", part);
    if (!kept_as.empty()) frame.text("keep", kept_as);
    const Status sent = send_packet(channel_, frame.frame(), {}, Wait::yes);
    frame.wipe();
    if (!sent) return sent;
    at += part.size();
  } while (at < text.size());
  const Result<Packet> packet = reply();
  if (!packet) return packet.error();
  if (wire::Reader(packet->bytes).verb() != "saved") return Error{Code::internal, "broker: unexpected reply to save"};
  return Done{};
}

}  // namespace utmfa

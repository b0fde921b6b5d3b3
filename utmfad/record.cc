// SPDX-License-Identifier: Apache-2.0
// What the broker opens, and how it is packed: at most 24 keys, the state's descriptor first.
#include "record.h"

namespace utmfa {
namespace {

constexpr std::size_t most_keys = 24;

}  // namespace

Result<Records> Records::open(const Settings& settings) {
  Seen keys(settings.keys_dir);
  Result<KeyRing> ring = KeyRing::open(settings.keys_dir);
  if (!ring) return ring.error();
  if (Status made = make_decoys(settings.data_dir, *ring); !made) return made.error();
  Result<House> house = open_house(settings.data_dir);
  if (!house) return house.error();
  return Records(std::move(keys), std::move(*house), std::move(*ring));
}

Status send_record(int channel, const Record& record) {
  wire::Writer frame("record");
  frame.text("user", record.user);
  frame.text("state-user", record.state_user);
  frame.text("methods-path", record.methods_path);
  frame.text("state-path", record.state_path);
  frame.text("active", record.keys.active);
  unsigned long count = 0;
  for (const auto& [id, key] : record.keys.keys) {
    if (++count > most_keys) return Error{Code::invalid, "key ring: more than 24 keys: reseal and remove old ones"};
    frame.text("key-id-" + std::to_string(count), id);
    frame.text("key-" + std::to_string(count), key.view());
  }
  frame.number("keys", count);
  std::vector<int> descriptors = {record.state.get()};
  if (record.methods) descriptors.push_back(record.methods.get());
  if (!frame.fits()) return Error{Code::invalid, "record: too long for the channel"};
  const Status sent = send_packet(channel, frame.frame(), descriptors, Wait::no);
  frame.wipe();
  return sent;
}

Result<Record> received_record(Packet packet) {
  const wire::Reader frame(packet.bytes);
  if (frame.verb() == "refused") return Error{Code::unavailable, std::string(frame.text("why"))};
  if (!frame.valid() || frame.verb() != "record" || packet.descriptors.empty())
    return Error{Code::internal, "broker: unexpected reply"};
  Record record;
  record.user = frame.text("user");
  record.state_user = frame.text("state-user");
  record.methods_path = frame.text("methods-path");
  record.state_path = frame.text("state-path");
  record.keys.active = frame.text("active");
  const unsigned long count = frame.number("keys", most_keys, 0);
  for (unsigned long i = 1; i <= count; ++i)
    record.keys.keys.emplace(frame.text("key-id-" + std::to_string(i)), Secret(frame.text("key-" + std::to_string(i))));
  wipe(packet.bytes);
  record.state = std::move(packet.descriptors[0]);
  if (packet.descriptors.size() > 1) record.methods = std::move(packet.descriptors[1]);
  return record;
}

}  // namespace utmfa

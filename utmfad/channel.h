// SPDX-License-Identifier: Apache-2.0
// The private channel between the broker and one sign-in process: packets of the wire's frames, with descriptors
// beside them. Both ends are ours, but the broker believes nothing that comes from a sign-in process.
#pragma once

#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "wire/frame.h"

namespace utmfa {

struct Packet {
  std::string bytes;  // a frame; parse with wire::Reader
  std::vector<Descriptor> descriptors;
};

inline constexpr std::size_t most_descriptors = 2;

struct ChannelPair {
  Descriptor broker, sign_in;
};
Result<ChannelPair> make_channel();

// The broker never waits, so that no sign-in process can hold it up; the others do.
enum class Wait { yes, no };

Status send_packet(int channel, std::string_view frame, const std::vector<int>& descriptors, Wait wait);
// Code::not_found: the other end has closed. Code::unavailable: nothing has come.
Result<Packet> receive_packet(int channel, Wait wait);

}  // namespace utmfa

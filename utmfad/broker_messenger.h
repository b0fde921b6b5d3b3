// SPDX-License-Identifier: Apache-2.0
// Messages as a sign-in process sends them: a request to the broker, and its reply some time later on the same channel.
// While it is waited for, the module is told that we are still there, and is looked at whether it is.
#pragma once

#include <optional>

#include "base/random.h"
#include "channel.h"
#include "signin/sign_in.h"
#include "wire_conversation.h"

namespace utmfa {

class BrokerMessenger final : public Messenger {
 public:
  // `connection`: from where the person asks, so that nothing is sent to who has hung up while it waited for its turn.
  BrokerMessenger(int channel, WireConversation& line, std::string connection)
      : channel_(channel), line_(line), connection_(std::move(connection)) {}

  Status begin(GatewayRequest request) override;
  Result<std::optional<News>> news(std::int64_t at_most_seconds) override;
  void end() override;
  // A packet that came while something else was waited for; false: it is none of ours.
  bool took(const Packet& packet);

 private:
  Status wait_a_little();
  int channel_;
  WireConversation& line_;
  std::string connection_;
  SystemRandom random_;
  std::string id_;  // of the one that is under way
  std::optional<News> news_;
};

}  // namespace utmfa

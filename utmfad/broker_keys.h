// SPDX-License-Identifier: Apache-2.0
// The security keys of this machine as a sign-in process asks them: the broker starts the program that talks to them.
// What comes back is read here, in the process without rights, and believed by nobody.
#pragma once

#include "base/random.h"
#include "broker_messenger.h"
#include "device/key.h"
#include "wire_conversation.h"

namespace utmfa {

class BrokerKeys final : public SecurityKey {
 public:
  BrokerKeys(int channel, WireConversation& line, BrokerMessenger& messenger)
      : channel_(channel), line_(line), messenger_(messenger) {}
  Result<KeyNews> ask(const KeyWish& wish) override;

 private:
  Status send(const KeyWish& wish, const std::string& id);
  Result<KeyNews> wait(const KeyWish& wish, const std::string& id);
  int channel_;
  WireConversation& line_;
  BrokerMessenger& messenger_;
  SystemRandom random_;
};

}  // namespace utmfa

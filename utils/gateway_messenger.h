// SPDX-License-Identifier: Apache-2.0
// Messages as root's own programs send them: the gateway is run from here, in a thread, while the person is asked.
#pragma once

#include <future>
#include <optional>

#include "gateway/gateway.h"
#include "signin/sign_in.h"

namespace utmfa {

class GatewayMessenger final : public Messenger {
 public:
  explicit GatewayMessenger(const Config& config) : config_(config) {}
  Status begin(GatewayRequest request) override;
  Result<std::optional<News>> news(std::int64_t at_most_seconds) override;
  // Its thread ends with the gateway's time limit at the latest.
  void end() override { running_ = {}; }

 private:
  const Config& config_;
  SystemRandom random_;
  std::future<Exchange> running_;
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "gateway_messenger.h"

#include <chrono>
#include <exception>

namespace utmfa {

Status GatewayMessenger::begin(GatewayRequest request) {
  end();
  Result<std::string> id = new_request_id(random_);
  if (!id) return id.error();
  request.id = std::move(*id);
  const auto& rules = config_.gateway(request.kind);
  try {
    running_ = std::async(std::launch::async,
                          [rules, sent = std::move(request)] { return CommandGateway(rules).deliver(sent); });
  } catch (const std::exception& e) {
    return Error{Code::os, std::string("gateway: ") + e.what()};
  }
  return Done{};
}

Result<std::optional<News>> GatewayMessenger::news(std::int64_t at_most_seconds) {
  if (!running_.valid()) return std::optional<News>();
  if (running_.wait_for(std::chrono::seconds(at_most_seconds)) != std::future_status::ready)
    return std::optional<News>();
  Exchange exchange = running_.get();
  return std::optional(News{std::move(exchange.fault), std::move(exchange.reply)});
}

}  // namespace utmfa

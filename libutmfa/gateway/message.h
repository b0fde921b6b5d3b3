// SPDX-License-Identifier: Apache-2.0
// The JSON of a gateway, both ways. Pure; used by gateway.cc and its tests. What comes back is a stranger's: bounded in
// size and depth, one object, every known key once and of its type, text cleaned before anybody sees it.
#pragma once

#include <string>
#include <string_view>

#include "gateway/gateway.h"

namespace utmfa {

Result<Secret> request_text(const GatewayRequest& request);
Result<GatewayReply> parse_reply(std::string_view text, const GatewayRequest& request);

}  // namespace utmfa

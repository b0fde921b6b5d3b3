// SPDX-License-Identifier: Apache-2.0
// The one contract by which a command of the administrator's delivers a message: one JSON object in, one out, within
// a time limit; utmfa-gateway(7). Called by what delivers notices, proves addresses and tries gateways; never by a
// process that judges. Whatever the command does, the answer is a reply: an Error would not be more than "failed".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/config.h"

namespace utmfa {

inline constexpr std::size_t longest_request = 32768, longest_reply = 65536;
inline constexpr std::int64_t longest_retry_after = 86400;  // seconds

struct GatewayRequest {
  std::string kind;  // one of gateway_kinds
  std::string id;    // new_request_id(): of this request alone
  std::string user, to, extension, language, service, from;
  std::string subject;  // of a mail
  Secret text, code;    // the text may have the code in it
  int expires = 0;      // seconds; 0 = not said
};

enum class Delivered { sent, approved, denied, failed, busy };
std::string_view name(Delivered delivered);

struct GatewayReply {
  Delivered result = Delivered::failed;
  std::string entered;           // what the person typed in an app, as it came
  std::string detail;            // cleaned; for a log and for the administrator
  std::int64_t retry_after = 0;  // seconds
};

// One run, with what utmfa-admin gateway test shows of it.
struct Exchange {
  GatewayReply reply;
  std::string fault;  // why there is no reply of the gateway's own; "" = there is, and it is `reply`
  Secret sent;
  std::string came_back, complaint;  // standard output and standard error, raw
  std::int64_t took_ms = 0;

  std::string why() const;  // fault, or the gateway's detail, or the name of the result
};

class Gateway {
 public:
  virtual Exchange deliver(const GatewayRequest& request) = 0;

 protected:
  ~Gateway() = default;
};

// The configured command, started anew for each request.
class CommandGateway final : public Gateway {
 public:
  // `before_reading`: done once the command has ended and before a word of it is read; its error is the fault.
  explicit CommandGateway(GatewayRules rules, std::function<Status()> before_reading = {})
      : rules_(std::move(rules)), before_reading_(std::move(before_reading)) {}
  Exchange deliver(const GatewayRequest& request) override;

 private:
  GatewayRules rules_;
  std::function<Status()> before_reading_;
};

Result<std::string> new_request_id(Random& random);

}  // namespace utmfa

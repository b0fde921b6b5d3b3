// SPDX-License-Identifier: Apache-2.0
// utmfa-admin gateway test: one message through a gateway, with everything that was sent and came back. What a gateway
// says is shown cleaned, and a failure is told in the same words as in the log.
#include "admin.h"
#include "base/text.h"
#include "factors/factor.h"
#include "gateway/gateway.h"
#include "json.h"
#include "setup/contact.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr std::string_view test_code = "123456", test_number = "42";
constexpr std::size_t longest_line = 500, most_lines = 40;
constexpr std::size_t least_digits = 7, most_digits = 15;  // E.164

Result<std::string> receiver(std::string_view kind, const std::string& to) {
  if (kind == "mail") return mail_address(to);
  const std::string_view digits = std::string_view(to).substr(to.starts_with('+') ? 1 : 0);
  const bool number =
      to.starts_with('+') && ascii_digits(digits) && digits.size() >= least_digits && digits.size() <= most_digits;
  if (kind == "push" ? cleaned(to, 256) == to && !to.empty() : number) return to;
  return Error{Code::invalid, kind == "push"
                                  ? say("{0} is no receiver: 1 to 256 bytes of text are expected", {shown(to)})
                                  : say("{0} is no telephone number: one like +819012345678 is expected", {shown(to)})};
}

Result<GatewayRequest> test_request(const std::string& kind, const std::string& to) {
  const Result<std::string> receiving = receiver(kind, to);
  if (!receiving) return receiving.error();
  SystemRandom random;
  const Result<std::string> id = new_request_id(random);
  if (!id) return id.error();
  const std::string_view code = kind == "mail" ? "" : kind == "push" ? test_number : test_code;
  GatewayRequest request;
  request.kind = kind;
  request.id = *id;
  request.user = administrator();
  request.to = *receiving;
  request.language = spoken();
  request.service = test_service;
  if (kind == "mail") request.subject = say("A test of utmfa");
  request.text = Secret(code.empty() ? say("This is a test by {0}: no answer is needed.", {request.user})
                                     : say("This is a test by {0}. Code: {1}", {request.user, code}));
  request.code = Secret(code);
  request.expires = 600;
  return request;
}

void show_lines(const std::string& title, std::string_view text) {
  show(title);
  std::size_t count = 0;
  for (const std::string_view line : split(trimmed(text), '\n')) {
    if (++count > most_lines) return show("  ...");
    show("  " + cleaned(line, longest_line));
  }
}

void show_exchange(const Exchange& exchange, const GatewayRules& rules) {
  show_lines(say("Sent to {0}:", {rules.command.front()}), exchange.sent.view());
  show_lines(say("Came back:"), exchange.came_back);
  if (!exchange.complaint.empty()) show_lines(say("On its standard error:"), exchange.complaint);
  show(say("It took {0} ms.", {std::to_string(exchange.took_ms)}));
  show(say("Result: {0}", {exchange.fault.empty() ? name(exchange.reply.result) : name(Delivered::failed)}));
  if (!exchange.reply.detail.empty()) show(say("Its words: {0}", {exchange.reply.detail}));
  if (!exchange.reply.entered.empty())
    show(exchange.reply.entered == test_number ? say("Typed: {0}, which is right", {exchange.reply.entered})
                                               : say("Typed: {0}, which is wrong", {exchange.reply.entered}));
  if (exchange.reply.retry_after > 0)
    show(say("It wants to be asked again after {0}.", {duration_text(exchange.reply.retry_after)}));
}

Json json_of(const Exchange& exchange) {
  return Json{{"result", std::string(name(exchange.reply.result))},
              {"fault", json_text(exchange.fault)},
              {"detail", json_text(exchange.reply.detail)},
              {"entered", json_text(exchange.reply.entered)},
              {"retry_after", exchange.reply.retry_after},
              {"took_ms", exchange.took_ms},
              {"sent", std::string(exchange.sent.view())},
              {"came_back", exchange.came_back},
              {"standard_error", exchange.complaint}};
}

}  // namespace

Status test_gateway(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  const Result<Config> config = load_config(options.common.config, kind_names());
  if (!config) return Error{Code::unavailable, config.error().what};
  const GatewayRules& rules = config->gateway(options.kind);
  if (rules.command.empty())
    return Error{Code::refused, say("{0} has no gateways.{1}", {options.common.config, options.kind})};
  const Result<GatewayRequest> request = test_request(options.kind, options.to);
  if (!request) return request.error();
  const Exchange exchange = CommandGateway(rules).deliver(*request);
  if (options.common.format == Format::json) {
    if (Status printed = print(json_of(exchange)); !printed) return printed;
  } else {
    show_exchange(exchange, rules);
  }
  if (!exchange.fault.empty()) return Error{Code::unavailable, exchange.fault};
  const Delivered result = exchange.reply.result;
  if (result == Delivered::sent || result == Delivered::approved) return Done{};
  return Error{Code::refused, exchange.why()};
}

}  // namespace utmfa

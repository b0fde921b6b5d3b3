// SPDX-License-Identifier: Apache-2.0
// From a request to a reply, through the configured command.
#include "gateway/gateway.h"

#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"
#include "gateway/message.h"
#include "gateway/run.h"

namespace utmfa {
namespace {

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

// There is nobody to fall back to: as `utmfa` it would reach sign-in processes, and `nobody` is many programs at once.
Result<std::optional<Whom>> whom(const std::string& name) {
  if (geteuid() != 0) return std::optional<Whom>();
  std::vector<char> buffer(4096);
  struct passwd entry {};
  struct passwd* found = nullptr;
  int failed;
  while ((failed = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < (1U << 20))
    buffer.resize(buffer.size() * 2);
  if (found == nullptr)
    return Error{Code::refused, "there is no user " + cleaned(name, 64) +
                                    " to run gateways: make it with `utmfa-admin setup --create-user`"};
  if (found->pw_uid == 0 || found->pw_gid == 0)
    return Error{Code::refused, "a gateway does not run as " + cleaned(name, 64) + ": expected a user without rights"};
  return std::optional<Whom>({found->pw_uid, found->pw_gid});
}

Result<Program> program_of(const GatewayRules& rules, std::string_view kind) {
  if (rules.command.empty()) return Error{Code::not_found, "gateways." + std::string(kind) + ": there is no command"};
  const Result<std::optional<Whom>> who = whom(rules.user);
  if (!who) return who.error();
  Program program;
  program.words = rules.command;
  program.whom = *who;
  program.time_limit_ms = rules.time_limit * 1000;
  program.memory = static_cast<std::size_t>(rules.memory) << 20;
  program.processes = static_cast<unsigned>(rules.processes);
  return program;
}

std::string ending_of(const ProgramRun& run, const GatewayRules& rules) {
  switch (run.ending) {
    case Ending::exited: return run.number == 0 ? "" : "it ended with status " + std::to_string(run.number);
    case Ending::killed: return "it was ended by signal " + std::to_string(run.number);
    case Ending::too_slow: return "it did not answer within " + duration_text(rules.time_limit);
    case Ending::too_much: return "it said more than " + std::to_string(longest_program_output) + " bytes";
  }
  return "it ended";
}

// A command that says "sent" and then fails has not sent: the worse of the two counts.
void read_reply(const ProgramRun& run, const GatewayRules& rules, const GatewayRequest& request, Exchange& exchange) {
  const std::string ending = ending_of(run, rules);
  const Result<GatewayReply> reply = parse_reply(run.output, request);
  const bool refuses =
      reply && (reply->result == Delivered::failed || reply->result == Delivered::busy) && run.ending == Ending::exited;
  if (reply && (ending.empty() || refuses)) {
    exchange.reply = *reply;
    return;
  }
  exchange.fault = ending.empty() ? reply.error().what : ending;
  const std::string_view complaint = trimmed(run.complaint);
  if (!complaint.empty()) exchange.fault += ": " + cleaned(complaint.substr(complaint.rfind('\n') + 1), 200);
}

}  // namespace

std::string Exchange::why() const {
  if (!fault.empty()) return fault;
  return reply.detail.empty() ? std::string(name(reply.result)) : reply.detail;
}

Exchange CommandGateway::deliver(const GatewayRequest& request) {
  Exchange exchange;
  const std::int64_t begun = monotonic_ms();
  Result<Secret> sent = request_text(request);
  const Result<Program> program = sent ? program_of(rules_, request.kind) : sent.error();
  if (!program) {
    exchange.fault = program.error().what;
    return exchange;
  }
  exchange.sent = std::move(*sent);
  Result<ProgramRun> run = run_program_as(*program, exchange.sent.view());
  exchange.took_ms = monotonic_ms() - begun;
  if (!run) {
    exchange.fault = run.error().what;
    return exchange;
  }
  if (before_reading_)
    if (Status ready = before_reading_(); !ready) {
      exchange.fault = ready.error().what;
      return exchange;
    }
  read_reply(*run, rules_, request, exchange);
  exchange.came_back = std::move(run->output);
  exchange.complaint = std::move(run->complaint);
  return exchange;
}

Result<std::string> new_request_id(Random& random) {
  const Result<Secret> bytes = random.bytes(16);
  if (!bytes) return bytes.error();
  return hex(bytes->view());
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The broker's lines in the log and the notices that follow from them: bounded, about the person of the record, and never
// a reason to let somebody in or keep him out.
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "broker.h"

namespace utmfa {
namespace {

constexpr int most_audits = 64;  // lines of one sign-in; its tries and turns are far below
constexpr int most_audits_of_a_set_up = 512;
constexpr int most_told = 8;  // notices of one sign-in
constexpr std::string_view let_in[] = {"granted", "exempt", "not-needed", "set-up-done"};

}  // namespace

Status Broker::grant_audit(Process& process, const wire::Reader& frame, Packet&) {
  if (++process.audits > (process.change.open ? most_audits_of_a_set_up : most_audits))
    return Error{Code::refused, "audit: too many lines"};
  Event event;
  event.user = process.stage == Stage::opened ? process.user : std::string(frame.text("user"));
  event.what = frame.text("what");
  event.service = frame.text("service");
  event.from = frame.text("from");
  event.tty = frame.text("tty");
  event.method = frame.text("method");
  event.kind = frame.text("kind");
  event.reason = frame.text("reason");
  event.failures = static_cast<int>(frame.number("failures", 1000000, 1000001));
  if (event.failures > 1000000) event.failures = -1;
  (void)audit_.record(event);  // a full log does not lock people out; the console of a rescue system has none
  tell(process, event);
  witness(process, event);
  counters_.count(event.what);
  return Done{};
}

// A change of this service may wait for somebody who gets in. Only root's process signs a person in somewhere.
void Broker::witness(const Process& process, const Event& event) {
  const bool in = std::find(std::begin(let_in), std::end(let_in), event.what) != std::end(let_in);
  if (!in || process.stage != Stage::opened || !process.asker) return;
  if (Status borne = bear_witness(settings_.data_dir, event.service, process.user, *process.asker); !borne)
    log("unavailable", "service " + cleaned(event.service, 64) + ": " + borne.error().what);
}

// Left for utmfa-deliver, when the process that asked already goes on. Who may be told, and where, is not known here.
void Broker::tell(Process& process, const Event& event) {
  if (!process.registered || config_.config().gateway("mail").command.empty()) return;
  for (const Notice& notice : notices_of(event, SystemClock().now())) {
    if (++process.notices > most_told) return;
    if (Status put = outbox_.put(notice, Durability::lazy); !put) log("unavailable", put.error().what);
  }
}

void Broker::log(std::string_view what, std::string_view reason) {
  Event event;
  event.what = what;
  event.reason = reason;
  if (!audit_.record(event)) (void)!write(STDERR_FILENO, (std::string(reason) + "\n").c_str(), reason.size() + 1);
}

}  // namespace utmfa

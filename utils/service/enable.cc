// SPDX-License-Identifier: Apache-2.0
// utmfa-admin service enable: looked at, shown, tried, watched, and only then written.
#include <unistd.h>

#include "admin.h"
#include "base/text.h"
#include "json.h"
#include "pam_trial.h"
#include "rollout/process.h"
#include "service/gate.h"
#include "service/observing.h"
#include "service/pam_file.h"
#include "service/pending.h"
#include "service/rehearsal.h"
#include "service/watch.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr std::int64_t shortest_wait = 30, longest_wait = 86400;

struct Wanted {
  std::string directory, service;
  FirstBy first = FirstBy::password;
  std::int64_t within = 0;
  std::string observed_until;  // a date; "" = it holds at once
  Holding holding() const { return observed_until.empty() ? Holding::enforced : Holding::observed; }
};

Result<Wanted> wanted(const AdminOptions& options) {
  const auto within = duration(options.service_options.confirm_within);
  if (!within || *within < shortest_wait || *within > longest_wait)
    return Error{Code::invalid, say("--confirm-within: expected a time from {0} to {1}, like 10m",
                                    {duration_text(shortest_wait), duration_text(longest_wait)})};
  Wanted wanted{pam_directory(options),
                options.service,
                options.service_options.first == "key" ? FirstBy::key : FirstBy::password,
                *within,
                {}};
  if (!options.service_options.observe) return wanted;
  Result<std::string> date = observed_until(options.service_options.until, SystemClock().now());
  if (!date) return date.error();
  wanted.observed_until = std::move(*date);
  return wanted;
}

Status already(const AdminOptions& options, const std::optional<Pending>& waits) {
  if (options.common.format == Format::json)
    return print(Json{{"service", options.service}, {"changed", false}, {"waits", waits.has_value()}});
  show(say("{0} asks already.", {options.service}));
  if (waits)
    show(say("It still waits to be confirmed: {0} are left. Sign in anew, and there: utmfa-admin service confirm {1}",
             {duration_text(waits->left() / 1000), options.service}));
  return Done{};
}

void show_warnings(const Findings& warnings) {
  for (const Finding& each : warnings) {
    complain(say("warning: {0}", {each.what}));
    if (!each.remedy.empty()) complain("    " + say("remedy: {0}", {each.remedy}));
  }
}

// A person sits there: he signs in once as he will from now on, on the copy, where a slip costs nothing.
Status try_for_real(const AdminOptions& options, const Wanted& wanted, const Gate& gate, const PamFacts& changed) {
  const bool asked = gate.his && gate.his->plan.need == Need::factor;
  if (options.yes || !asked || isatty(STDIN_FILENO) == 0) return Done{};
  const Result<PrivateStack> stack = PrivateStack::make(changed, options.common.run);
  if (!stack) return stack.error();
  show(say("Now sign in once as {0}, on a copy, as {1} will ask. Nothing is changed yet.",
           {gate.caller, wanted.service}));
  return try_sign_in({wanted.service, gate.caller, {}, stack->path()});
}

Result<Pending> waiting(const Options& options, const Wanted& wanted, const std::string& text) {
  const Result<std::string> boot = boot_id();
  if (!boot) return boot.error();
  Pending pending;
  pending.service = wanted.service;
  pending.directory = wanted.directory;
  pending.written = text;
  pending.boot = *boot;
  pending.began = since_boot();
  pending.until = pending.began + wanted.within * 1000;
  pending.made = SystemClock().now();
  pending.by = administrator();
  pending.config = options.config;
  return pending;
}

// In this order: whatever is cut off where, the file is as it was or is put back.
Status write(const AdminOptions& options, const Wanted& wanted, const PamChange& change, PamFile& file) {
  const Result<Changes> changes = Changes::open(options.common.data, Hold::alone);
  if (!changes) return changes.error();
  const Result<Pending> pending = waiting(options.common, wanted, change.after);
  if (!pending) return pending.error();
  if (Status same = file.unchanged(); !same) return same;
  if (Status kept = changes->keep(wanted.service, change.before); !kept) return kept;
  if (Status put = changes->put(*pending); !put) return put;
  Status done = start_watch(*pending, options.common.data);
  if (done && wanted.holding() == Holding::observed)
    done = begin_observing(options.common, wanted.service, wanted.observed_until);
  if (done) done = file.replace(change.after);
  if (done) return done;
  (void)end_observing(options.common, wanted.service);
  (void)changes->remove(wanted.service);
  return done;
}

Status tell(const AdminOptions& options, const Wanted& wanted, const PamChange& change, const Changes& changes) {
  const std::string path = wanted.directory + "/" + wanted.service;
  if (options.common.format == Format::json)
    return print(Json{{"service", wanted.service},
                      {"changed", !options.service_options.dry_run},
                      {"waits", !options.service_options.dry_run},
                      {"file", path},
                      {"difference", difference(path, change.before, change.after)},
                      {"observed_until", json_text(wanted.observed_until)},
                      {"confirm_within", wanted.within}});
  if (options.service_options.dry_run) return Done{};
  show(say("{0} asks from now on. The file as it was is kept in {1}.",
           {wanted.service, changes.kept_path(wanted.service)}));
  if (wanted.holding() == Holding::observed)
    show(say("Until {0} it is only tried out: a failure is written to the log and lets in all the same.",
             {wanted.observed_until}));
  show(say("Keep this session open, sign in anew, and run there within {0}: utmfa-admin service confirm {1}",
           {duration_text(wanted.within), wanted.service}));
  show(say("Otherwise it is taken back. To take it back now: utmfa-admin service revert {0}", {wanted.service}));
  return Done{};
}

Status agreed(const AdminOptions& options, const Wanted& wanted, const PamChange& change) {
  const std::string path = wanted.directory + "/" + wanted.service;
  if (options.common.format == Format::text) show(difference(path, change.before, change.after));
  show_warnings(change.warnings);
  if (options.yes || options.service_options.dry_run) return Done{};
  return ask_yes(say("Change {0} so? [no]: ", {path}));
}

void log(const Wanted& wanted) {
  Event event;
  event.what = "service-enabled";
  event.service = wanted.service;
  event.reason = "to be confirmed within " + duration_text(wanted.within);
  if (wanted.holding() == Holding::observed) event.reason += "; observed until " + wanted.observed_until;
  record_change(std::move(event));
}

}  // namespace

Status enable_service(Desk& desk, const AdminOptions& options) {
  const Result<Wanted> wanted = utmfa::wanted(options);
  if (!wanted) return wanted.error();
  const Result<Changes> changes = Changes::open(options.common.data, Hold::none);
  if (!changes) return changes.error();
  const Result<std::optional<Pending>> waits = changes->pending(wanted->service);
  if (!waits) return waits.error();
  PamFacts facts = pam_facts(wanted->directory);
  const Result<PamChange> change = with_ours(facts, wanted->service, desk.config, wanted->first);
  if (!change) return change.error();
  if (!change->needed()) return already(options, *waits);
  Result<PamFile> file = PamFile::open(wanted->directory, wanted->service);
  if (!file) return file.error();
  if (file->text() != change->before) return Error{Code::conflict, say("{0} was changed meanwhile", {file->path()})};
  facts.files[wanted->service] = change->after;
  const Ground ground{{}, options.sshd_settings, options.common};
  const Result<Gate> gate = may_enable(desk, wanted->service, wanted->first, wanted->holding(), ground, facts);
  if (!gate) return gate.error();
  show_warnings(gate->warnings);
  if (Status went = rehearse(facts, wanted->service, wanted->first, *gate, options.common.run); !went) return went;
  if (Status sure = agreed(options, *wanted, *change); !sure) return sure;
  if (options.service_options.dry_run) return tell(options, *wanted, *change, *changes);
  if (Status tried = try_for_real(options, *wanted, *gate, facts); !tried) return tried;
  if (Status done = write(options, *wanted, *change, *file); !done) return done;
  log(*wanted);
  return tell(options, *wanted, *change, *changes);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin service confirm, revert, disable and status: what becomes of a change. None of it needs the
// configuration, the keys or the verifier, because they may be what is broken.
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "admin.h"
#include "base/text.h"
#include "in_words.h"
#include "json.h"
#include "rollout/process.h"
#include "rollout/witness.h"
#include "service/change.h"
#include "service/observing.h"
#include "service/pam_file.h"
#include "service/pending.h"
#include "service/watch.h"
#include "setup/columns.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

void log(std::string_view what, const std::string& service, std::string reason) {
  Event event;
  event.what = what;
  event.service = service;
  event.reason = std::move(reason);
  record_change(std::move(event));
}

Status told(const AdminOptions& options, const std::string& service, std::string_view what, const std::string& words) {
  if (options.common.format == Format::json)
    return print(Json{{"service", service}, {"changed", true}, {"what", std::string(what)}});
  show(words);
  return Done{};
}

// Whose login it is, as the kernel was told when its session was opened (pam_loginuid); empty = nobody's.
std::string login_of(const std::string& process) {
  constexpr std::string_view unset = "4294967295";
  std::string uid;
  std::ifstream("/proc/" + process + "/loginuid") >> uid;
  return uid == unset ? std::string() : uid;
}

// A desktop runs below its person's service manager, not below the process that asked at the greeter. That one keeps the
// session as long as it lasts, and has a login only once PAM has come to the session: so it is open, and of whoever runs this.
bool holds_our_session(const Witness& each, const std::string& service) {
  if (service.rfind("gdm-", 0) != 0) return false;
  const std::string ours = login_of("self");
  const Result<Process> now = process(each.asked.id);
  return !ours.empty() && now && *now == each.asked && login_of(std::to_string(each.asked.id)) == ours;
}

// The sign-in below which this process runs, if it began after the change and was let in by us.
std::optional<Witness> fresh_sign_in(const std::vector<Witness>& seen, const Pending& pending) {
  const std::vector<Process> above = with_ancestors(getpid());
  for (const Witness& each : seen)
    for (const Process& process : {each.asked, each.above})
      if (began_after(process, pending.began) && std::find(above.begin(), above.end(), process) != above.end())
        return each;
  for (const Witness& each : seen)
    if (began_after(each.asked, pending.began) && holds_our_session(each, pending.service)) return each;
  return std::nullopt;
}

// The PAM file is what counts: what is left behind besides, on a disk that cannot be written, is told and undoes nothing.
void tidied(const Status& done) {
  if (!done) complain(in_words(done.error().what));
}

Status put_back(const Changes* changes, const Pending& pending, std::string_view why) {
  const Status back = PamFile::put_back(pending.directory, pending.service, pending.written);
  if (!back) return back;
  PamFile::forget(pending.directory, pending.service);
  Options options;
  options.config = pending.config;
  if (!pending.config.empty()) tidied(end_observing(options, pending.service));
  if (changes != nullptr) tidied(changes->remove(pending.service));
  log("service-reverted", pending.service, std::string(why));
  return Done{};
}

Status revert_due(const AdminOptions& options, const Changes& changes) {
  std::vector<Error> unread;  // of these nobody knows whether they are due; the others are taken back all the same
  const Result<std::vector<Pending>> all = changes.all(unread);
  if (!all) return all.error();
  Json json = Json::array();
  Status result = Done{};
  if (!unread.empty()) result = unread.front();
  for (const Pending& each : *all) {
    if (each.left() > 0) continue;
    if (Status back = put_back(&changes, each, "not confirmed in time"); !back) {
      result = back;
      continue;
    }
    json.push_back(each.service);
    if (options.common.format == Format::text)
      show(say("{0}: taken back, because nobody confirmed it.", {each.service}));
  }
  if (options.common.format == Format::json)
    if (Status shown = print(Json{{"reverted", std::move(json)}}); !shown) return shown;
  return result;
}

// Where the record cannot be read, because it is damaged, of a newer version, or of somebody else, our lines are taken out.
Status revert_by_name(const AdminOptions& options, const Changes* changes, const Error& unread) {
  complain(in_words(unread.what));
  Pending change;
  change.service = options.service;
  change.directory = pam_directory(options);
  change.config = options.common.config;
  if (Status back = put_back(changes, change, "taken back by hand"); !back) return back;
  return told(options, options.service, "reverted", say("{0}: taken back.", {options.service}));
}

Status revert_one(const AdminOptions& options, const Changes& changes) {
  const Result<std::optional<Pending>> pending = changes.pending(options.service);
  if (!pending) return revert_by_name(options, &changes, pending.error());
  if (!*pending)
    return Error{Code::refused, say("no change of {0} waits to be confirmed; to take utmfa out of it: utmfa-admin "
                                    "service disable {0}",
                                    {options.service})};
  if (Status back = put_back(&changes, **pending, "taken back by hand"); !back) return back;
  return told(options, options.service, "reverted", say("{0}: taken back.", {options.service}));
}

struct Line {
  std::string service, place, state, observed;
  std::int64_t left = 0;
};

std::string shown_state(const Line& line) {
  if (line.state == "waiting") return say("waits to be confirmed, {0} left", {duration_text(line.left)});
  if (line.state == "over") return say("not confirmed in time: it is to be taken back");
  return line.state == "asks" ? say("asks") : say("does not ask");
}

// The last day of the trial, "" = it is none. A configuration that is broken says nothing of it.
std::string observed_at(const AdminOptions& options, const std::string& service) {
  const Result<Config> config = load_config(options.common.config, kind_names());
  const Time until = config ? config->service(service).observe_until : 0;
  return until > SystemClock().now() ? date_text(until - 1) : std::string();
}

Line line_of(const PamFacts& facts, const std::string& service, const std::vector<Pending>& waiting) {
  Line line{service, {}, "off", {}, 0};
  const PamStack stack = read_pam(facts.source(), service, "auth").stack;
  for (const PamEntry* each : lines_of(stack))
    if (is_ours(*each) && line.place.empty()) line.place = each->place();
  if (!line.place.empty()) line.state = "asks";
  for (const Pending& each : waiting)
    if (each.service == service) {
      line.left = each.left() / 1000;
      line.state = each.left() > 0 ? "waiting" : "over";
    }
  return line;
}

}  // namespace

std::string pam_directory(const AdminOptions& options) {
  return options.common.pam.empty() ? "/etc/pam.d" : options.common.pam;
}

Status confirm_service(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  const Result<Changes> changes = Changes::open(options.common.data, Hold::alone);
  if (!changes) return changes.error();
  const Result<std::optional<Pending>> pending = changes->pending(options.service);
  if (!pending) return pending.error();
  if (!*pending) return Error{Code::refused, say("no change of {0} waits to be confirmed", {options.service})};
  if ((*pending)->left() == 0)
    return Error{Code::refused,
                 say("the time is over: {0} is taken back, and can be enabled again", {options.service})};
  const Result<std::vector<Witness>> seen = witnesses(options.common.data, options.service);
  if (!seen) return seen.error();
  const std::optional<Witness> fresh = fresh_sign_in(*seen, **pending);
  if (!fresh)
    return Error{
        Code::refused,
        say("this is no sign-in at {0} that began after the change: sign in anew in another window and run this "
            "there, so that it is known that people still get in",
            {options.service})};
  if (Status gone = changes->remove(options.service); !gone) return gone;
  PamFile::forget((*pending)->directory, options.service);
  log("service-confirmed", options.service, "by a sign-in of " + fresh->user);
  return told(options, options.service, "confirmed", say("{0}: confirmed. It stays.", {options.service}));
}

Status revert_service(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  if (options.service.empty() != options.service_options.due)
    return Error{Code::refused, say("name a service, or say --due")};
  const Result<Changes> changes = Changes::open(options.common.data, Hold::alone);
  if (!changes && !options.service_options.due) return revert_by_name(options, nullptr, changes.error());
  if (!changes) return changes.error();
  return options.service_options.due ? revert_due(options, *changes) : revert_one(options, *changes);
}

Status await_service(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  if (Status over = wait_until_over(options.service, options.common.data); !over) return over;
  const Result<Changes> changes = Changes::open(options.common.data, Hold::alone);
  return changes ? revert_due(options, *changes) : Status(changes.error());
}

Status disable_service(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  const std::string directory = pam_directory(options), path = directory + "/" + options.service;
  const Result<PamChange> change = without_ours(pam_facts(directory), options.service);
  if (!change) return change.error();
  if (!change->needed()) {
    if (options.common.format == Format::json) return print(Json{{"service", options.service}, {"changed", false}});
    show(say("{0} does not ask.", {options.service}));
    return Done{};
  }
  if (options.common.format == Format::text) show(difference(path, change->before, change->after));
  if (options.service_options.dry_run) return Done{};
  if (!options.yes)
    if (Status sure = ask_yes(say("Change {0} so? [no]: ", {path})); !sure) return sure;
  const Result<Changes> changes = Changes::open(options.common.data, Hold::alone);
  Result<PamFile> file = PamFile::open(directory, options.service);
  if (!file) return file.error();
  if (file->text() != change->before) return Error{Code::conflict, say("{0} was changed meanwhile", {path})};
  const Status kept = changes ? changes->keep(options.service, change->before) : Status(changes.error());
  tidied(kept);
  if (Status done = file->take_out(change->after); !done) return done;
  PamFile::forget(directory, options.service);
  tidied(end_observing(options.common, options.service));
  if (changes) tidied(changes->remove(options.service));
  log("service-disabled", options.service, {});
  if (!kept) return told(options, options.service, "disabled", say("{0} no longer asks.", {options.service}));
  return told(options, options.service, "disabled",
              say("{0} no longer asks. The file as it was is kept in {1}.",
                  {options.service, changes->kept_path(options.service)}));
}

Status service_status(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  const Result<Changes> changes = Changes::open(options.common.data, Hold::none);
  std::vector<Error> unread;
  const Result<std::vector<Pending>> waiting = changes ? changes->all(unread) : changes.error();
  if (!waiting) unread.push_back(waiting.error());
  for (const Error& each : unread) complain(in_words(each.what));
  const PamFacts facts = pam_facts(pam_directory(options));
  if (!options.service.empty() && facts.files.count(options.service) == 0)
    return Error{Code::refused, say("there is no /etc/pam.d/{0}", {options.service})};
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [service, text] : facts.files) {
    Line line = line_of(facts, service, waiting ? *waiting : std::vector<Pending>());
    if (line.state != "off") line.observed = observed_at(options, service);
    if (options.service.empty() ? line.state == "off" : service != options.service) continue;
    json.push_back(Json{{"service", service},
                        {"state", line.state},
                        {"place", json_text(line.place)},
                        {"observed_until", json_text(line.observed)},
                        {"left", line.left == 0 ? Json(nullptr) : Json(line.left)}});
    rows.push_back({service, shown_state(line), line.place,
                    line.observed.empty() ? "" : say("tried out until {0}", {line.observed})});
  }
  if (options.common.format == Format::json) return print(json);
  for (const std::string& line : table(rows)) show(line);
  if (rows.empty()) show(say("No service asks."));
  return Done{};
}

}  // namespace utmfa

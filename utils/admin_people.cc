// SPDX-License-Identifier: Apache-2.0
// utmfa-admin list, show, unlock, reset, terminate: what the desk does for a person. What takes something away keeps a
// copy first and asks.
#include "admin.h"
#include "columns.h"
#include "listing.h"
#include "registration.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

Event act(std::string_view what, const AdminOptions& options) {
  Event event;
  event.what = what;
  event.reason = options.reason;
  return event;
}

Status known_person(const Registered& registered) {
  if (!registered.file.methods.empty() || registered.file.status != Registration::none) return Done{};
  return Error{Code::refused, say("{0} has registered nothing", {registered.file.user})};
}

enum class Taken { reset, terminated };

Status take_away(Desk& desk, const AdminOptions& options, Taken what) {
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  if (Status known = known_person(*registered); !known) return known;
  for (const std::string& line : listed(*registered, desk.clock.now())) show(line);
  const bool resets = what == Taken::reset;
  if (!options.yes) {
    const Status sure = ask_yes(
        resets ? say("Take all methods of {0} away, to be registered anew? [no]: ", {options.user})
               : say("End the registration of {0}? Services that demand it are closed then. [no]: ", {options.user}));
    if (!sure) return sure;
  }
  if (Status kept = desk.registry.keep(options.user, resets ? "reset" : "terminate"); !kept) return kept;
  const Status done = desk.change(options.user, resets ? reset_registration : end_registration,
                                  act(resets ? "reset" : "terminated", options));
  if (!done) return done;
  show(say("Done. A copy of the method file is in {0}.", {desk.options.directories().kept()}));
  return Done{};
}

}  // namespace

Status list_people(Desk& desk, const AdminOptions& options) {
  std::vector<std::string> problems;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  if (!users) return users.error();
  Json people = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const std::string& user : *users) {
    const Result<Registered> registered = desk.registry.read(user);
    if (!registered) {
      problems.push_back(registered.error().what);
      continue;
    }
    const MethodFile& file = registered->file;
    std::string methods;
    Json ids = Json::array();
    for (const Method& method : file.methods) {
      methods += (methods.empty() ? "" : " ") + method.id;
      ids.push_back(method.id);
    }
    people.push_back(Json{{"user", user}, {"status", std::string(name(file.status))}, {"methods", std::move(ids)}});
    rows.push_back({user, std::string(name(file.status)), methods});
  }
  if (options.common.format == Format::json) return print(Json{{"users", std::move(people)}, {"problems", problems}});
  for (const std::string& line : table(rows)) show(line);
  for (const std::string& problem : problems) complain(say("problem: {0}", {problem}));
  if (rows.empty() && problems.empty()) show(say("Nobody has registered yet."));
  return Done{};
}

Status show_person(Desk& desk, const AdminOptions& options) {
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  const Time now = desk.clock.now();
  const Time locked = locked_until(desk.config.throttle, registered->state, now);
  if (options.common.format == Format::json) {
    Json json = json_of(*registered, now);
    json["wrong_answers"] = registered->state.streak;
    json["locked_until"] = json_time(locked);
    return print(json);
  }
  for (const std::string& line : listed(*registered, now)) show(line);
  if (locked > 0) show(say("locked until {0}", {clock_text(locked)}));
  show(say("{0} wrong answers since the last right one", {std::to_string(registered->state.streak)}));
  return Done{};
}

// A method that was disabled stays so: after that many wrong codes it must be bound anew (NIST SP 800-63B-4 3.2.2).
Status unlock(Desk& desk, const AdminOptions& options) {
  std::string closed;
  const auto edit = [&](Registered& registered) -> Status {
    if (Status known = known_person(registered); !known) return known;
    registered.state.streak = 0;
    for (const Method& method : registered.file.methods) {
      MethodState& state = registered.state.of(method.id);
      if (disabled(desk.config.throttle, state))
        closed += (closed.empty() ? "" : ", ") + method.id;
      else
        state.failures = 0;
    }
    return Done{};
  };
  if (Status done = desk.change(options.user, edit, act("unlocked", options)); !done) return done;
  show(say("{0} may try again.", {options.user}));
  if (!closed.empty()) show(say("Disabled for good by too many wrong codes, to be registered anew: {0}", {closed}));
  return Done{};
}

Status reset(Desk& desk, const AdminOptions& options) { return take_away(desk, options, Taken::reset); }

Status terminate(Desk& desk, const AdminOptions& options) { return take_away(desk, options, Taken::terminated); }

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin list, show, unlock, reset, terminate: what the desk does for a person. What takes something away keeps a
// copy first and asks.
#include "admin.h"
#include "base/text.h"
#include "each_person.h"
#include "json.h"
#include "setup/columns.h"
#include "setup/kept.h"
#include "setup/listing.h"
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

// What the end of a registration means here: the configuration says which services are closed by it.
std::string end_meaning(const Config& config) {
  bool always = config.fallback.require == Require::always;
  for (const auto& [name, service] : config.services) always = always || service.require == Require::always;
  return always ? say("Services with require: always are closed to this person then; at the others the password alone "
                      "is enough.")
                : say("No service asks this person for a second confirmation then: the password alone is enough.");
}

// The copy is made inside the change, so that no code is used between the two.
Status take_away(Desk& desk, const AdminOptions& options, const std::string& user, Taken what) {
  const bool resets = what == Taken::reset;
  const auto edit = [&](Registered& person) -> Status {
    if (Status known = known_person(person); !known) return known;
    const Registered before = person;
    const Time now = desk.clock.now();
    if (Status edited = resets ? reset_registration(person, now) : end_registration(person); !edited) return edited;
    return keep(desk.options.directories(), before, resets ? "reset" : "terminate", now);
  };
  return desk.change(user, edit, act(resets ? "reset" : "terminated", options));
}

Status prune(Desk& desk) {
  const Result<int> gone = prune_kept(desk.options.directories(), desk.clock.now() - desk.config.registration.keep);
  if (!gone) complain(say("warning: old copies could not be removed: {0}", {gone.error().what}));
  return Done{};
}

Status take_from_many(Desk& desk, const AdminOptions& options, Taken what) {
  const std::string question =
      what == Taken::reset
          ? say("Take all methods of everybody on this list away ({0} names), to be registered anew? [no]: ")
          : say("End the registration of everybody on this list ({0} names)? [no]: ");
  if (what == Taken::terminated && options.common.format == Format::text) show(end_meaning(desk.config));
  const Status done = on_everybody(options, {question, [&](const std::string& user) -> Result<Outcomes> {
                                               const Status taken = take_away(desk, options, user, what);
                                               return taken ? Result<Outcomes>(Outcomes{}) : taken.error();
                                             }});
  (void)prune(desk);
  return done;
}

Status take_from(Desk& desk, const AdminOptions& options, Taken what) {
  if (options.bulk.names_from_stdin) return take_from_many(desk, options, what);
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  if (Status known = known_person(*registered); !known) return known;
  for (const std::string& line : listed(*registered, enroll_command(options.user), desk.clock.now())) show(line);
  const bool resets = what == Taken::reset;
  if (!resets) show(end_meaning(desk.config));
  if (!options.yes) {
    const Status sure =
        ask_yes(resets ? say("Take all methods of {0} away, to be registered anew? [no]: ", {options.user})
                       : say("End the registration of {0}? [no]: ", {options.user}));
    if (!sure) return sure;
  }
  if (Status done = take_away(desk, options, options.user, what); !done) return done;
  show(say("Done. For {0} it can be taken back: utmfa-admin restore {1}",
           {duration_text(desk.config.registration.keep), options.user}));
  return prune(desk);
}

// Disabled for good by too many wrong codes: a method that was disabled stays so, and must be bound anew (NIST SP
// 800-63B-4 3.2.2).
Result<std::string> unlock_person(Desk& desk, const AdminOptions& options, const std::string& user) {
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
  if (Status done = desk.change(user, edit, act("unlocked", options)); !done) return done.error();
  if (closed.empty()) return closed;
  return say("Disabled for good by too many wrong codes, to be registered anew: {0}", {closed});
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
    rows.push_back({user, shown_status(file.status), methods});
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
  for (const std::string& line : listed(*registered, enroll_command(options.user), now)) show(line);
  if (locked > 0) show(say("locked until {0}", {end_text(locked)}));
  show(say("{0} wrong answers since the last right one", {std::to_string(registered->state.streak)}));
  return Done{};
}

Status unlock(Desk& desk, const AdminOptions& options) {
  if (options.bulk.names_from_stdin)
    return on_everybody(options, {say("Forget the wrong answers of everybody on this list ({0} names)? [no]: "),
                                  [&](const std::string& user) -> Result<Outcomes> {
                                    const Result<std::string> closed = unlock_person(desk, options, user);
                                    return closed ? Result<Outcomes>(Outcomes{*closed, {}}) : closed.error();
                                  }});
  if (!options.yes)
    if (Status sure = ask_yes_at_terminal(say("Forget the wrong answers of {0}? [no]: ", {options.user})); !sure)
      return sure;
  const Result<std::string> closed = unlock_person(desk, options, options.user);
  if (!closed) return closed.error();
  show(say("{0} may try again.", {options.user}));
  if (!closed->empty()) show(*closed);
  return Done{};
}

Status reset(Desk& desk, const AdminOptions& options) { return take_from(desk, options, Taken::reset); }

Status terminate(Desk& desk, const AdminOptions& options) { return take_from(desk, options, Taken::terminated); }

}  // namespace utmfa

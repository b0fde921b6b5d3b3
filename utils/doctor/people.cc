// SPDX-License-Identifier: Apache-2.0
// What the configuration says that cannot be meant, and people who may find themselves before a closed door.
#include "doctor/checks.h"
#include "registration.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Finding person(Level level, std::string check, const std::string& what, std::string remedy) {
  return {level, std::move(check), what, std::move(remedy)};
}

Findings check_person(Desk& desk, const Registered& registered) {
  const MethodFile& file = registered.file;
  Findings found;
  if (file.status != Registration::active) return found;
  int usable = 0;
  for (const Method& method : lasting(file, Proof::confirmed)) {
    const MethodState* known = registered.state.find(method.id);
    const MethodState state = known == nullptr ? MethodState{} : *known;
    if (disabled(desk.config.throttle, state)) {
      found.push_back(person(Level::warning, "person-disabled",
                             say("{0}: {1} is disabled after too many wrong codes", {file.user, method.id}),
                             say("register it anew: utmfa-enroll --user {0}", {file.user})));
      continue;
    }
    if (factor_for(method.kind)->unusable(method, state, desk.clock.now()).empty()) ++usable;
  }
  if (usable == 0)
    found.push_back(person(Level::problem, "person-closed", say("{0} has no method that works", {file.user}),
                           say("utmfa-admin pass {0}, and register another one", {file.user})));
  if (usable == 1)
    found.push_back(person(Level::warning, "person-single",
                           say("{0} has only one method that works: lost, it locks the person out", {file.user}),
                           "utmfa-enroll --user " + file.user + " add recovery"));
  return found;
}

}  // namespace

Findings check_config_services(const Config& config, const PamFacts& facts) {
  Findings found;
  for (const std::string& warning : config.warnings)
    found.push_back({Level::warning, "config", warning, say("change it; utmfa.yaml(5) has every key")});
  for (const auto& [service, policy] : config.services)
    if (service != test_service && facts.files.count(service) == 0)
      found.push_back({Level::warning, "config-service",
                       say("services.{0} is configured, and there is no /etc/pam.d/{0}", {service}),
                       say("correct the name, or take it away")});
  if (found.empty()) found.push_back({Level::fine, "config", say("{0} is in order", {config.path}), ""});
  return found;
}

Findings check_people(Desk& desk, std::vector<std::string>& active) {
  std::vector<std::string> problems;
  Findings found;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  if (!users) return {{Level::problem, "people", users.error().what, "utmfa-admin setup"}};
  for (const std::string& user : *users) {
    const Result<Registered> registered = desk.registry.read(user);
    if (!registered) {
      problems.push_back(registered.error().what);
      continue;
    }
    if (registered->file.status == Registration::active) active.push_back(user);
    append(found, check_person(desk, *registered));
  }
  for (const std::string& problem : problems)
    found.push_back(
        {Level::problem, "person-unreadable", problem,
         say("nobody gets in with it: repair it from a copy, or: utmfa-admin state rebuild, utmfa-admin reset")});
  if (found.empty())
    found.push_back({Level::fine, "people",
                     say("{0} people have applied, each with a backup", {std::to_string(active.size())}), ""});
  return found;
}

}  // namespace utmfa

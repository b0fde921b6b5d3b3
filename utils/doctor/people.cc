// SPDX-License-Identifier: Apache-2.0
// What the configuration says that cannot be meant, and people who may find themselves before a closed door.
#include "config/built_in.h"
#include "doctor/checks.h"
#include "setup/registering.h"
#include "signin/words.h"
#include "vault/seal.h"

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

// Keys of another machine, or one that was taken away too early: the person is refused, and nothing else of his is at fault.
Findings check_sealed(const Desk& desk, const MethodFile& file) {
  const UserKeys keys = desk.ring.keys_for(file.user);
  for (const Method& method : file.methods) {
    const Factor* factor = factor_for(method.kind);
    if (factor == nullptr) continue;
    for (const FieldRule& rule : factor->fields) {
      const auto found = method.fields.find(rule.key);
      if (rule.type != FieldType::sealed || found == method.fields.end()) continue;
      const Result<Secret> secret = unseal(keys, {file.user, method.id, method.kind, rule.key}, found->second);
      if (!secret)
        return {person(Level::problem, "person-sealed", file.user + ": " + secret.error().what,
                       say("put the key back in {0}; where it is lost: {1}",
                           {desk.options.keys, "utmfa-admin reset " + file.user + " --reason \"...\""}))};
    }
  }
  return {};
}

// A fault of owner or mode is mended where it is; nobody has to register anew for it.
Findings cannot_read(const Desk& desk, const std::string& why, const std::string& user) {
  const std::string path = why.substr(0, why.find(": "));
  const Directories directories = desk.options.directories();
  const bool methods = path.rfind(directories.methods() + "/", 0) == 0;
  if (Findings faults = methods ? check_private_file(path) : Findings(); !faults.empty()) return faults;
  return {{Level::problem, "person-unreadable", why,
           methods ? say("repair it as utmfa-methods(5) says, or from a copy in {0}; nobody gets in with it until then",
                         {directories.kept()})
                   : "utmfa-admin state rebuild " + user + " --reason \"...\""}};
}

}  // namespace

Findings check_observing(const Config& config, Time now) {
  Findings found;
  for (const auto& [service, policy] : config.services)
    if (policy.observe_until > now)
      found.push_back(
          {Level::warning, "observed",
           say("{0} is only tried out until {1}: whoever fails the second confirmation is let in all the same",
               {service, date_text(policy.observe_until - 1)}),
           say("take observe-until away to enforce it at once: {0}", {config.shown(policy.observe_at)})});
  return found;
}

Findings check_config_services(const Config& config, const PamFacts& facts) {
  Findings found;
  for (const std::string& warning : config.warnings)
    found.push_back({Level::warning, "config", warning, say("change it; utmfa.yaml(5) has every key")});
  for (const auto& [service, policy] : config.services)
    if (service != test_service && service != self_service && !is_built_in(service) && facts.files.count(service) == 0)
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
      append(found, cannot_read(desk, registered.error().what, user));
      continue;
    }
    if (registered->file.status == Registration::active) active.push_back(user);
    append(found, check_person(desk, *registered));
    append(found, check_sealed(desk, registered->file));
  }
  for (const std::string& problem : problems) append(found, cannot_read(desk, problem, "USER"));
  if (found.empty())
    found.push_back({Level::fine, "people",
                     say("{0} people have applied, each with a backup", {std::to_string(active.size())}), ""});
  return found;
}

}  // namespace utmfa

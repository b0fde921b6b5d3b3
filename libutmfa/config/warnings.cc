// SPDX-License-Identifier: Apache-2.0
#include "config/warnings.h"

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

// Only what a section says itself: what it inherits is told where it stands.
bool said_here(Place at, Place inherited) { return at.line != 0 && at != inherited; }

void check_service(const Config& config, std::string_view name, const Service& service, const Service& inherited,
                   std::vector<std::string>& told) {
  const std::string section = "services." + std::string(name);
  const std::vector<std::string>& defaults = config.registration.default_kinds;
  if (said_here(service.not_enrolled_at, inherited.not_enrolled_at) && service.require != Require::always &&
      service.not_enrolled != NotEnrolled::allow)
    told.push_back(
        filled("{0}: {1}.not-enrolled = {2} has no effect: {1}.require is {3}, and only always asks people who "
               "are not enrolled",
               {config.shown(service.not_enrolled_at), section, utmfa::name(service.not_enrolled),
                utmfa::name(service.require)}));
  const bool leads = service.not_enrolled == NotEnrolled::set_up && service.require == Require::always;
  if (leads && service.account == AccountDoor::off && said_here(service.not_enrolled_at, inherited.not_enrolled_at))
    told.push_back(filled(
        "{0}: {1}.not-enrolled = set-up needs {1}.account = enforce: without it, people who are not enrolled are "
        "refused and not led through registering",
        {config.shown(service.not_enrolled_at), section}));
  if (service.remind != 0 && service.account == AccountDoor::off && said_here(service.remind_at, inherited.remind_at))
    told.push_back(filled("{0}: {1}.remind has no effect: it needs {1}.account = enforce",
                          {config.shown(service.remind_at), section}));
  if (said_here(service.unlock_at, inherited.unlock_at) && name != "default" && name.substr(0, 4) != "gdm-")
    told.push_back(filled("{0}: {1}.unlock has no effect: only GDM (services gdm-*) tells that a screen is unlocked",
                          {config.shown(service.unlock_at), section}));
  const auto is_default = [&defaults](const std::string& kind) {
    return std::find(defaults.begin(), defaults.end(), kind) != defaults.end();
  };
  if (said_here(service.methods_at, inherited.methods_at) && !service.methods.empty() && !defaults.empty() &&
      std::none_of(service.methods.begin(), service.methods.end(), is_default))
    told.push_back(
        filled("{0}: {1}.methods takes no kind of registration.default-kinds: people cannot use their default "
               "method there",
               {config.shown(service.methods_at), section}));
}

// Programs that call account management also where they ask nobody.
void check_account_door(const Config& config, std::string_view name, const Service& service, const Service& inherited,
                        std::vector<std::string>& told) {
  if (service.account == AccountDoor::off || !said_here(service.account_at, inherited.account_at)) return;
  const std::string place = config.shown(service.account_at);
  if (name == "sudo" || name == "sudo-i")
    told.push_back(
        filled("{0}: services.{1}.account = enforce refuses whom sudo itself does not ask, within its time "
               "limit or by NOPASSWD",
               {place, name}));
  if (name == "su" || name == "su-l")
    told.push_back(
        filled("{0}: services.{1}.account = enforce refuses whom su itself does not ask: root", {place, name}));
}

void check_field(const Config& config, std::string_view name, const Service& service, const Service& inherited,
                 std::vector<std::string>& told) {
  if (name != "sshd" || service.field == Field::many || !said_here(service.field_at, inherited.field_at)) return;
  told.push_back(
      filled("{0}: services.sshd.field = one judges the code before the password: whoever knows a name can "
             "lock its codes from afar",
             {config.shown(service.field_at)}));
}

void check_exemption(const Config& config, const Exemption& rule, std::vector<std::string>& told) {
  if (!rule.services.empty() || !rule.users.empty() || !rule.groups.empty()) return;
  for (const Network& network : rule.networks)
    if (network.prefix == 0)
      told.push_back(filled("{0}: this rule exempts everybody who signs in from {1}, at every service",
                            {config.shown(rule.at), network_text(network)}));
}

void check_push(const Config& config, std::vector<std::string>& told) {
  const GatewayRules& push = config.gateway("push");
  if (push.command.empty() || push.matching == Matching::numbers) return;
  told.push_back(
      filled("{0}: gateways.push.matching is approval: whoever knows a password can ask in the app until somebody "
             "agrees without looking; numbers is safe",
             {config.shown(push.at)}));
}

}  // namespace

std::vector<std::string> warnings(const Config& config) {
  std::vector<std::string> told;
  check_service(config, "default", config.fallback, {}, told);
  for (const auto& [name, service] : config.services) {
    check_service(config, name, service, config.fallback, told);
    check_account_door(config, name, service, config.fallback, told);
    check_field(config, name, service, config.fallback, told);
  }
  for (const Exemption& rule : config.exemptions) check_exemption(config, rule, told);
  check_push(config, told);
  return told;
}

}  // namespace utmfa

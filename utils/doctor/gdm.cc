// SPDX-License-Identifier: Apache-2.0
// What GDM does besides passwords. Each way into a desktop has a PAM file of its own, and an administrator who changes one
// of them forgets the others.
#include <algorithm>
#include <array>

#include "doctor/checks.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::string_view password_service = "gdm-password", key_ring = "pam_gnome_keyring.so";
// GDM starts these by itself, beside gdm-password, where a reader is there.
constexpr std::array<std::string_view, 4> other_ways = {
    "gdm-fingerprint", "gdm-smartcard", "gdm-smartcard-pkcs11-exclusive", "gdm-smartcard-sssd-exclusive"};

bool asks(const PamFacts& facts, const std::string& service) { return reach_of(facts, service) == PamReach::yes; }

Findings check_other_ways(const PamFacts& facts, const Config& config) {
  Findings found;
  for (const std::string_view way : other_ways) {
    const std::string service(way);
    if (facts.files.count(service) == 0 || asks(facts, service)) continue;
    if (config.service(service).require == Require::off) continue;
    found.push_back(
        {Level::warning, "gdm-other-way",
         say("/etc/pam.d/{0} has no auth line with {1}: whoever has such a reader is let in without a second "
             "confirmation, and /etc/pam.d/{2} asks for one",
             {service, our_module, password_service}),
         say("add behind the first factor: auth requisite {0}; or say services.{1}.require: off",
             {our_module, service})});
  }
  return found;
}

// The key ring opens with the password: before the second confirmation it would open for whoever has no more than that.
Findings check_key_ring(const PamFacts& facts) {
  const PamStack stack = read_pam(facts.source(), std::string(password_service), "auth").stack;
  const auto lines = lines_of(stack);
  const auto of = [&lines](std::string_view module) {
    return std::find_if(lines.begin(), lines.end(), [module](const PamEntry* each) { return each->name() == module; });
  };
  const auto ring = of(key_ring), ours = of(our_module);
  if (ring == lines.end() || ours == lines.end()) return {};
  const std::string remedy = say("write above it: auth requisite {0}", {our_module});
  if (ring < ours)
    return {{Level::warning, "gdm-key-ring",
             say("/etc/pam.d/{0}: the key ring is opened before the second confirmation", {(*ring)->place()}), remedy}};
  if ((*ours)->control == "required")
    return {{Level::warning, "gdm-key-ring",
             say("/etc/pam.d/{0}: the key ring is opened even where the second confirmation was refused",
                 {(*ring)->place()}),
             remedy}};
  return {};
}

}  // namespace

Findings check_gdm(const PamFacts& facts, const Config& config) {
  if (!asks(facts, std::string(password_service))) return {};
  Findings found = check_key_ring(facts);
  append(found, check_other_ways(facts, config));
  return found;
}

}  // namespace utmfa

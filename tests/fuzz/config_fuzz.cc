// SPDX-License-Identifier: Apache-2.0
// utmfa.yaml: whatever stands in it, it is a configuration within its ranges, or one line that names the place.
#include <cstdint>
#include <cstdlib>

#include "config/config.h"

namespace {

void hold(bool so) {
  if (!so) std::abort();
}

bool one_line(const std::string& text) {
  return text.substr(0, 5) == "file:" && text.find_first_of("\n\r\x1b") == std::string::npos;
}

void check(const utmfa::Service& service) {
  hold(service.tries >= 1 && service.tries <= 10);
  hold(service.time_limit >= 10 && service.time_limit <= 600);
  hold(service.remember >= 0 && service.remember <= 30 * 86400);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kinds[] = {"totp", "hotp", "recovery", "pass"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const utmfa::Result<utmfa::Config> config = utmfa::parse_config(text, "file", kinds);
  if (!config) {
    hold(one_line(config.error().what));
    return 0;
  }
  check(config->fallback);
  for (const auto& [name, service] : config->services) check(service);
  hold(config->services.count("sshd") == 1 && config->services.count(utmfa::test_service) == 1);
  hold(config->service(utmfa::test_service).methods.empty());
  for (const utmfa::Exemption& rule : config->exemptions)
    hold(!rule.users.empty() || !rule.groups.empty() || !rule.networks.empty());
  hold(config->throttle.free >= 1 && config->throttle.first_delay <= config->throttle.longest_delay);
  hold(config->throttle.disable_after >= 1 && config->throttle.disable_after <= 100);
  for (const std::string& warning : config->warnings) hold(one_line(warning));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// What a verb of the utilities works with: options, the opened configuration, keys and registry, who the administrator
// is. Secrets are never among the options.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "exit_status.h"
#include "setup/acts.h"
#include "setup/setup.h"
#include "vault/key_ring.h"

namespace utmfa {

inline constexpr std::string_view default_config = "/etc/utmfa/utmfa.yaml";
inline constexpr std::string_view default_data = "/var/lib/utmfa";
inline constexpr std::string_view default_keys = "/etc/utmfa/keys";
inline constexpr std::string_view default_run = "/run/utmfa";

struct Options {  // of the whole program, before or after the verb
  std::string config{default_config}, data{default_data}, keys{default_keys}, run{default_run};
  std::string pam;       // directory of PAM services; "" = the system's
  std::string language;  // "" = the system's
  std::string locale;    // directory of catalogues; "" = the installed ones
  Format format = Format::text;
  Directories directories() const { return {data, keys}; }
};

class Desk {
 public:
  static Result<std::unique_ptr<Desk>> open(const Options& options);

  const Options& options;
  Config config;
  KeyRing ring;
  SystemClock clock;
  SystemRandom random;
  Registry registry;

  // One locked change, and its event when it was made.
  Status change(const std::string& user, const std::function<Status(Registered&)>& edit, Event event);

 private:
  Desk(const Options& options, Config config, KeyRing ring);
};

// Into the log, with the administrator's name, and to the person by mail; said on standard error where it cannot be.
void record_change(Event event);

class AdministratorAudit final : public Audit {
 public:
  Status record(const Event& event) override;
};

// Only root may, except on directories of one's own (tests, rehearsals).
Status may_administer(const Options& options);

// The name as name services write it. Code::refused: there is no such person; Code::unavailable: cannot be found out.
Result<std::string> canonical_name(const std::string& name);
// The same for somebody who may be gone from the name services and still have a method file.
Result<std::string> known_name(const Options& options, const std::string& name);
std::string enroll_command(const std::string& user);  // how an administrator calls utmfa-enroll for somebody
std::string administrator();  // who is behind this root shell, as far as the kernel and sudo tell

}  // namespace utmfa

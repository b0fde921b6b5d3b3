// SPDX-License-Identifier: Apache-2.0
// Changing a person's registration: the edits behind utmfa-enroll, utmfa-admin and set-up at sign-in. One lock, read, pure change, write; every change raises the state's revision, so that a sign-in which is
// waiting for an answer under the old list fails closed. Runs as root on the file vault's own directories.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "base/clock.h"
#include "config/config.h"
#include "factors/factor.h"
#include "vault/file_vault.h"
#include "vault/key_ring.h"

namespace utmfa {

struct Directories {
  std::string data = "/var/lib/utmfa";
  std::string keys = "/etc/utmfa/keys";
  std::string methods() const { return data + "/methods"; }
  std::string state() const { return data + "/state"; }
  std::string kept() const { return data + "/kept"; }
};

// One person's registration, opened for change.
struct Registered {
  MethodFile file;  // status none and no methods when absent
  State state;
};

class Registry {
 public:
  Registry(Directories directories, const KeyRing& ring, Clock& clock, Random& random);

  Result<Registered> read(const std::string& user);
  // `change` edits both; what it refuses is written nowhere. The lock is held from reading to writing.
  Status change(const std::string& user, const std::function<Status(Registered&)>& change);
  // Every enrolled name, sorted; files that cannot be read are told in `problems`.
  Result<std::vector<std::string>> users(std::vector<std::string>& problems);
  // Copies the method file to kept/ (name, time, why), so that a reset or a removal can be taken back.
  Status keep(const std::string& user, std::string_view why);
  // A new state for a person whose state is damaged or gone: nothing that was used can be used again (TOTP steps up to
  // now and recovery codes are spent, HOTP must be registered again).
  Status rebuild_state(const std::string& user, const FactorRules& rules = {});
  // Runs the vault's own judge for this person, as a sign-in would.
  Result<Verdict> judge(const std::string& user, const FactorRules& rules, const ThrottleRules& throttle,
                        const Attempt& attempt);
  Status with_vault(const std::string& user, const FactorRules& rules, const ThrottleRules& throttle,
                    const std::function<Status(Vault&)>& use);

 private:
  struct Opened;
  Result<std::optional<MethodFile>> method_file(int directory, const std::string& user) const;
  Result<Opened> open_locked(const std::string& user);
  Result<State> state_of(Opened& opened, const std::optional<MethodFile>& file);
  Status save_methods(Opened& opened, std::string_view text);
  Status rebuild_locked(Opened& opened, const MethodFile& file, const FactorRules& rules);
  void remove_alone(Opened& opened);
  Directories directories_;
  const KeyRing& ring_;
  Clock& clock_;
  Random& random_;
};

// Copies the method file to kept/ (name, time, why): see Registry::keep. Also for the broker of utmfad.
Status keep_methods(const Directories& directories, const std::string& user, std::string_view why, Time now);

// Pure edits of the four steps, each an Error with Code::refused and the reason in words when a rule says no.
Result<std::string> add_method(Registered&, Made made, const UserKeys&, Random&, Time now);  // the id
// Whether only somebody who has proven himself may make this change: of a registration in force, everything but a first
// code, a trial, and what was never confirmed being taken back.
bool needs_proof(const MethodFile& before, const MethodFile& after);
// Whether the rules let this kind be registered now: the first of all is not of every kind.
Status may_be_added(const Registered&, std::string_view kind, const RegistrationRules&);
Status confirm_method(Registered&, std::string_view id);
Status mark_tested(Registered&, std::string_view id, Time now);
std::vector<std::string> missing_before_apply(const Registered&, const RegistrationRules&);  // empty = may apply
Status apply(Registered&, const RegistrationRules&);
Status make_default(Registered&, std::string_view id, const RegistrationRules&);
Status reorder(Registered&, const std::vector<std::string>& ids, const RegistrationRules&);
Status rename_method(Registered&, std::string_view id, std::string_view label);
Status remove_method(Registered&, std::string_view id, const RegistrationRules&);
Status reseal(Registered&, const UserKeys&, Random&);  // every secret under the active key
// Nothing registered, and asked for anew at the next sign-in; the caller keeps a copy first (Registry::keep).
Status reset_registration(Registered&, Time now);
Status end_registration(Registered&);  // ended: methods stay on file and are never asked for

}  // namespace utmfa

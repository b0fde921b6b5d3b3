// SPDX-License-Identifier: Apache-2.0
// The vault of one machine: a method file and a state file per person. At a sign-in it works on descriptors that the
// broker opened and on this person's derived keys; it opens nothing itself.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "factors/factor.h"
#include "guard/guard.h"
#include "vault/key_ring.h"
#include "vault/state_file.h"
#include "vault/vault.h"

namespace utmfa {

// What the broker hands over for one person. Without a method file the person is not enrolled and `state` is one of
// the decoy files, so that an unknown name costs the same work and is throttled alike.
struct Record {
  std::string user;
  Descriptor methods;  // closed = proven absent
  Descriptor state;
  UserKeys keys;           // of state_user
  std::string state_user;  // whom the state is bound to: the user, or "decoy/017", which is no possible name
  std::string methods_path, state_path;  // for messages
};

inline constexpr int decoy_count = 256;

// The directories below `data` (/var/lib/utmfa), opened and checked once: for root's programs.
struct House {
  std::string data;
  Descriptor methods, state, decoys;
};
Result<House> open_house(const std::string& data);

enum class Name { known, unknown };  // to the name service; an unknown one gets a decoy whatever lies on the disk

Result<Record> open_record(const House& house, const KeyRing& ring, const std::string& user, Name name);
Result<Record> open_record(const std::string& data, const KeyRing& ring, const std::string& user);
// The states on which names without a record are charged; those that are there and in order are left alone.
Status make_decoys(const std::string& data, const KeyRing& ring);

class FileVault final : public Vault {
 public:
  // `methods` reads them from elsewhere than the record's descriptor, for a process that changes them as well.
  using MethodSource = std::function<Result<MethodFile>()>;
  FileVault(Record& record, const FactorRules& rules, const ThrottleRules& throttle, Clock& clock, Random& random,
            MethodSource methods = {});
  Result<Account> account() override;
  Result<Verdict> judge(const Attempt& attempt) override;
  Result<Issue> issue(const Asking& asking) override;
  Status withdraw(const Asking& asking, std::int64_t retry_after) override;
  Result<Verdict> denied(Denial denial) override;

 private:
  struct Subject;
  Result<MethodFile> read_methods();
  Result<AccountMethod> shown(const Method& method, const State& state, Time now) const;
  Result<Subject> subject_of(const Attempt& attempt);
  Result<Secret> opened(const Method& method, const Factor& factor) const;
  Status unchanged(const State& state) const;
  Result<const Method*> method_of(std::string_view id, std::string_view kind, Proof proof) const;
  Result<std::string> digest(std::string_view data) const;
  // Under the lock: read, change, write, synced.
  Status change(const std::function<Status(State&, Time)>& edit);
  Status expect_code(Subject& subject, const Attempt& attempt, const State& state) const;
  Result<Verdict> judge_locked(Subject& subject, const Attempt& attempt, State& state);
  Record& record_;
  const FactorRules& rules_;
  const ThrottleRules& throttle_;
  Clock& clock_;
  Random& random_;
  MethodSource methods_;
  StateFile state_;
  std::optional<MethodFile> file_;  // read once, by account(); judge() checks that it is still the one
  std::uint64_t revision_ = 0;
};

}  // namespace utmfa

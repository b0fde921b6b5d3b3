// SPDX-License-Identifier: Apache-2.0
// A whole outside in memory for tests of the sign-in: a vault that judges by the real factor table and the real guard,
// a clock that is told what time it is, an audit that remembers, and a switch that makes the n-th outside call fail.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "factors/factor.h"
#include "guard/guard.h"
#include "vault/challenge.h"
#include "vault/vault.h"

namespace utmfa::test {

// Counts every call to the outside; the call number `failing` (from 1) fails.
struct Faults {
  int calls = 0;
  int failing = 0;
  bool next() { return ++calls == failing; }
};

class ToldClock final : public Clock {
 public:
  Time now() override { return time; }
  Time time = 0;
};

// Different bytes at every call, the same in every run.
class CountingRandom final : public Random {
 public:
  Result<Secret> bytes(std::size_t count) override {
    Secret secret(count);
    for (std::size_t i = 0; i < count; ++i) secret.bytes()[i] = next_ = static_cast<unsigned char>(next_ * 5 + 131);
    return secret;
  }

 private:
  unsigned char next_ = 0;
};

class MemoryAudit final : public Audit {
 public:
  explicit MemoryAudit(Faults& faults) : faults_(faults) {}
  Status record(const Event& event) override {
    if (faults_.next()) return Error{Code::os, "audit: fault"};
    lines.push_back(audit_line(event));
    return Done{};
  }
  std::vector<std::string> lines;

 private:
  Faults& faults_;
};

class MemoryVault final : public Vault {
 public:
  MemoryVault(Faults& faults, ToldClock& clock) : faults_(faults), clock_(clock) {}
  Result<Account> account() override;
  Result<Verdict> judge(const Attempt& attempt) override;
  Result<Issue> issue(const Asking& asking) override;
  Status withdraw(const Asking& asking, std::int64_t retry_after) override;
  Result<Verdict> denied(Denial denial) override;

  MethodFile file;
  std::map<std::string, Secret, std::less<>> secrets;  // method id -> opened secret
  State state;
  ThrottleRules throttle;
  FactorRules rules;

 private:
  Result<Verdict> judge_method(const Method& method, const Attempt& attempt);
  Bound bound_to(const Method& method, const Asked& asked, std::string_view receiver) const;
  Faults& faults_;
  ToldClock& clock_;
  CountingRandom random_;
};

}  // namespace utmfa::test

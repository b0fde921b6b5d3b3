// SPDX-License-Identifier: Apache-2.0
// A registration as a confined process has it: the state's descriptor and this person's keys in hand, the method file
// through somebody who may open it. Used by the set-up process of utmfad; opens nothing itself.
#pragma once

#include <memory>
#include <optional>

#include "setup/registrar.h"
#include "signin/factor_rules.h"

namespace utmfa {

// Where the text of one person's method file lies.
class MethodShelf {
 public:
  virtual Result<std::optional<std::string>> load() = 0;  // absent = proven absent
  // Atomic. An empty text takes the file away. With `kept_as`, what was there is kept under that word.
  virtual Status save(std::string_view text, std::string_view kept_as) = 0;

 protected:
  ~MethodShelf() = default;
};

class HeldRegistrar final : public Registrar {
 public:
  HeldRegistrar(Record& record, MethodShelf& shelf, const Config& config, Clock& clock, Random& random)
      : record_(record), shelf_(shelf), config_(config), clock_(clock), random_(random), rules_(factor_rules(config)) {}

  const std::string& user() const override { return record_.user; }
  const UserKeys& keys() const override { return record_.keys; }
  Result<Registered> read() override;
  Status write(const Edit& edit, std::string_view kept_as) override;
  Result<Verdict> judge(const Attempt& attempt) override;
  Status with_vault(const std::function<Status(Vault&)>& use) override;
  // The person has proven himself by one of his methods. Until then nothing of an active registration is changed but
  // what a trial and a first code change.
  void trust() { trust_ = Trust::proven; }
  // For a sign-in in the same process: it sees the methods as they are now.
  std::unique_ptr<FileVault> vault();

 private:
  enum class Trust { unproven, proven };
  Result<std::optional<MethodFile>> method_file();
  Record& record_;
  MethodShelf& shelf_;
  const Config& config_;
  Clock& clock_;
  Random& random_;
  FactorRules rules_;
  Trust trust_ = Trust::unproven;
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// A registration as root has it: on the directories of the file vault, through the registry. Used by the utilities.
#pragma once

#include "setup/registrar.h"
#include "signin/factor_rules.h"

namespace utmfa {

class DirectoryRegistrar final : public Registrar {
 public:
  DirectoryRegistrar(Registry& registry, const KeyRing& ring, const Config& config, std::string user)
      : registry_(registry), config_(config), user_(std::move(user)), keys_(ring.keys_for(user_)) {}

  const std::string& user() const override { return user_; }
  const UserKeys& keys() const override { return keys_; }
  Result<Registered> read() override { return registry_.read(user_); }
  Status write(const Edit& edit, std::string_view kept_as) override {
    if (!kept_as.empty())
      if (Status kept = registry_.keep(user_, kept_as); !kept) return kept;
    return registry_.change(user_, edit);
  }
  Result<Verdict> judge(const Attempt& attempt) override {
    return registry_.judge(user_, factor_rules(config_), config_.throttle, attempt);
  }
  Status with_vault(const std::function<Status(Vault&)>& use) override {
    return registry_.with_vault(user_, factor_rules(config_), config_.throttle, use);
  }

 private:
  Registry& registry_;
  const Config& config_;
  std::string user_;
  UserKeys keys_;
};

}  // namespace utmfa

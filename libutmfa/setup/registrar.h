// SPDX-License-Identifier: Apache-2.0
// The port to one person's registration: read it, change it, judge a code against it. Two stand behind it: root on the
// directories (DirectoryRegistrar), and the confined process that holds this one person's record
// (HeldRegistrar). Both change under the same lock and in the same order, so that no change is lost.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "setup/setup.h"

namespace utmfa {

using Edit = std::function<Status(Registered&)>;

class Registrar {
 public:
  virtual const std::string& user() const = 0;
  virtual const UserKeys& keys() const = 0;
  virtual Result<Registered> read() = 0;
  // `edit` changes both; what it refuses is written nowhere. With `kept_as`, the method file of before is kept under
  // that word.
  virtual Status write(const Edit& edit, std::string_view kept_as) = 0;
  // By the vault's own judge; waiting methods may be tried.
  virtual Result<Verdict> judge(const Attempt& attempt) = 0;
  // For what is sent and then typed: the vault for as long as `use` runs. No lock is held meanwhile.
  virtual Status with_vault(const std::function<Status(Vault&)>& use) = 0;

  Status change(const Edit& edit) { return write(edit, {}); }

 protected:
  ~Registrar() = default;
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The ring of sealing keys in /etc/utmfa/keys (0700 root): KEYID.key holds 32 random bytes, `active` names the one
// for new seals. Old keys stay readable until nothing is sealed with them. Only root's programs hold a KeyRing.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "vault/seal.h"

namespace utmfa {

class KeyRing {
 public:
  static Result<KeyRing> open(const std::string& directory);
  UserKeys keys_for(std::string_view user) const;  // derived, every id
  const std::string& active() const { return active_; }
  std::vector<std::string> ids() const;

 private:
  std::string active_;
  std::map<std::string, Secret, std::less<>> keys_;
};

Result<std::string> make_key(const std::string& directory, Random& random);  // the new id; not yet active
Status activate_key(const std::string& directory, std::string_view id);

}  // namespace utmfa

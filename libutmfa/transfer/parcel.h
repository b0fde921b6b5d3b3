// SPDX-License-Identifier: Apache-2.0
// People packed for another machine: one file, sealed with AES-256-GCM under a key that scrypt makes of a passphrase, in
// which every secret is sealed once more for its person, as in a method file. Methods come with their state, so that no
// used code is good again. Called by utmfa-admin export and import; nothing is opened or written here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "methods/method.h"
#include "methods/state.h"
#include "vault/seal.h"

namespace utmfa {

struct Packed {
  MethodFile file;  // sealed under Parcel::keys_for(file.user)
  State state;
};

inline constexpr std::size_t shortest_passphrase = 12;

class Parcel {
 public:
  static Result<Parcel> empty(std::string_view passphrase, Random& random);
  // Errors are "PATH: ..." and "PATH: person 7: ...": a parcel opens whole or not at all.
  static Result<Parcel> open(std::string_view bytes, std::string_view passphrase, const std::string& path);

  // `keys`: under which the secrets of the file are sealed here.
  Status add(const MethodFile& file, const State& state, const UserKeys& keys, Random& random);
  Result<std::string> bytes(Random& random) const;

  const std::vector<Packed>& people() const { return people_; }
  Result<UserKeys> keys_for(std::string_view user) const;

 private:
  Parcel(std::string head, Secret key) : head_(std::move(head)), key_(std::move(key)) {}
  Status read_people(std::string_view text, const std::string& path);
  std::string head_;  // the first line: version, parameters and salt
  Secret key_;
  std::vector<Packed> people_;
};

// Every secret of the file, sealed under `from`, sealed under `to` instead.
Status seal_over(MethodFile& file, const UserKeys& from, const UserKeys& to, Random& random);

}  // namespace utmfa

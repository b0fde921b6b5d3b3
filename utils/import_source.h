// SPDX-License-Identifier: Apache-2.0
// Where an import reads: files that the administrator names, and files that other people own. The latter are opened with
// that person's rights and nobody else's, so that no link of theirs makes root read what they could not.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

inline constexpr std::size_t longest_import = std::size_t{512} << 20;

// "-" is standard input. Wiped with its owner.
Result<Secret> read_named(const std::string& path, std::size_t longest);

struct Person {
  std::string name, home;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<Person> person_named(const std::string& name);
std::vector<Person> everybody();  // as far as the name services list them

// ~, ${HOME} and ${USER} filled in.
std::string path_for(const std::string& pattern, const Person& person);
// Regular, owned by this person, readable by nobody else. Code::not_found where there is none.
Result<Secret> read_of_person(const Person& person, const std::string& path, std::size_t longest);
// Below directories of root that nobody else can write.
Result<Secret> read_of_root(const std::string& path, std::size_t longest);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// User names and groups by the name service (NSS). Called by a sign-in process before it closes the file system to
// itself, and by the broker for callers that are not root.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace utmfa {

inline constexpr char name_service_file[] = "/etc/nsswitch.conf";  // which name services there are

struct Person {
  std::string name;  // canonical
  uid_t uid = 0;
  gid_t gid = 0;
};

// Code::not_found: every name service says that there is nobody of this name. Code::unavailable: one of them did not
// find it and gave a reason, which may be that it does not run. Any other error: it could not say.
Result<Person> person(const std::string& name);

// As people call this machine; "" never.
std::string host_name();

// Of the groups that the exemptions name, those that the person is in. Absent: could not be found out.
std::optional<std::vector<std::string>> groups_of(const Person& person, const Config& config);

}  // namespace utmfa

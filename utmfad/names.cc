// SPDX-License-Identifier: Apache-2.0
// Names and groups. A failing name service is told apart from a name that does not exist.
#include "names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_entry = 1 << 20;

// getpwnam(3): these mean "not found" in one name service or another, and in others that their daemon is not there.
bool in_doubt(int error) { return error == ENOENT || error == ESRCH || error == EBADF || error == EPERM; }

std::optional<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(4096);
  group entry{};
  group* found = nullptr;
  int error;
  while ((error = getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < longest_entry)
    buffer.resize(buffer.size() * 2);
  if (error != 0 || found == nullptr) return std::nullopt;
  return entry.gr_gid;
}

}  // namespace

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return cleaned(name, sizeof name);
}

Result<Person> person(const std::string& name) {
  std::vector<char> buffer(2048);
  passwd entry{};
  passwd* found = nullptr;
  int error;
  while ((error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < longest_entry)
    buffer.resize(buffer.size() * 2);
  if (found != nullptr) return Person{entry.pw_name, entry.pw_uid, entry.pw_gid};
  if (error == 0) return Error{Code::not_found, "no such user"};
  errno = error;
  Error failed = os_error("name service", "getpwnam");
  if (in_doubt(error)) failed.code = Code::unavailable;
  return failed;
}

std::optional<std::vector<std::string>> groups_of(const Person& person, const Config& config) {
  std::vector<std::string> asked;
  for (const Exemption& rule : config.exemptions) asked.insert(asked.end(), rule.groups.begin(), rule.groups.end());
  if (asked.empty()) return asked;
  int count = 64;
  std::vector<gid_t> held(static_cast<std::size_t>(count));
  while (getgrouplist(person.name.c_str(), person.gid, held.data(), &count) < 0) {
    if (count <= static_cast<int>(held.size()) || count > 65536) return std::nullopt;
    held.resize(static_cast<std::size_t>(count));
  }
  held.resize(static_cast<std::size_t>(count));
  std::vector<std::string> in;
  for (const std::string& name : asked) {
    const std::optional<gid_t> id = group_id(name);
    if (id && std::find(held.begin(), held.end(), *id) != held.end()) in.push_back(name);
  }
  return in;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Name services, method file, state, and then the policy.
#include "planned.h"

#include <grp.h>
#include <pwd.h>

#include "signin/factor_rules.h"

namespace utmfa {
namespace {

std::string group_name(gid_t gid) {
  std::vector<char> buffer(65536);
  struct group entry {};
  struct group* found = nullptr;
  if (getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::to_string(gid);
  return found->gr_name;
}

// Absent where they cannot be told: then no exemption by group applies.
std::optional<std::vector<std::string>> groups_of(const std::string& user) {
  std::vector<char> buffer(65536);
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  std::vector<gid_t> ids(64);
  int count = static_cast<int>(ids.size());
  while (getgrouplist(user.c_str(), entry.pw_gid, ids.data(), &count) < 0) {
    if (ids.size() > 65536) return std::nullopt;
    ids.resize(ids.size() * 4);
    count = static_cast<int>(ids.size());
  }
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(group_name(ids[static_cast<std::size_t>(i)]));
  return names;
}

// What a sign-in would know of the person.
Result<Account> account_of(Desk& desk, const std::string& user, const MethodFile& file) {
  if (file.methods.empty() && file.status == Registration::none) {
    Account account;
    account.language = file.language;
    account.reset = file.reset;
    account.reminded = file.reminded;
    return account;
  }
  Result<Record> record = open_record(desk.options.data, desk.ring, user);
  if (!record) return record.error();
  const FactorRules rules = factor_rules(desk.config);
  return FileVault(*record, rules, desk.config.throttle, desk.clock, desk.random).account();
}

}  // namespace

Result<Planned> planned(Desk& desk, SignIn who) {
  const Result<Registered> registered = desk.registry.read(who.user);
  if (!registered) return registered.error();
  const Result<Account> account = account_of(desk, who.user, registered->file);
  if (!account) return account.error();
  who.groups = groups_of(who.user);
  Plan made = plan(desk.config, who, *account, desk.clock.now(), place_mark(who));
  return Planned{std::move(who), registered->file, *account, std::move(made)};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "config/built_in.h"

#include <algorithm>
#include <iterator>

namespace utmfa {
namespace {

// Not inherited, and on no line of the file.
constexpr Place built_in_place = {0, 1};

void closes_the_account_door(Service& service) {
  service.account = AccountDoor::enforce;
  service.account_at = built_in_place;
}

// Nobody sits there who could answer; their stacks ask account management all the same.
void has_nobody(Service& service) {
  service.require = Require::off;
  service.account = AccountDoor::off;
  service.require_at = service.account_at = built_in_place;
}

// Answers every question with the one text that was typed (i3lock, swaylock: their PAM conversation).
void has_one_field(Service& service) {
  service.field = Field::one;
  service.field_at = built_in_place;
}

struct BuiltIn {
  std::string_view name;
  void (*shape)(Service&);
};
constexpr BuiltIn built_in[] = {
    {"sshd", closes_the_account_door},
    {"atd", has_nobody},
    {"cron", has_nobody},
    {"crond", has_nobody},
    {"runuser", has_nobody},
    {"runuser-l", has_nobody},
    {"systemd-user", has_nobody},
    {"i3lock", has_one_field},
    {"swaylock", has_one_field},
};

// Whoever tries a method, or changes his own, is asked for it whatever the file says of other services.
void add_own(Config& config, std::string_view name) {
  Service& own = config.services[std::string(name)] = config.fallback;
  own.labels = Labels::always;  // whoever tests is registering, and knows his own methods
  own.require = Require::enrolled;
  own.not_enrolled = NotEnrolled::allow;
  own.methods.clear();
  own.key_models.clear();
  own.account = AccountDoor::off;
  own.remember = 0;
  own.remind = 0;
  own.field = Field::many;
  own.unlock = Unlock::ask;
  own.observe_until = 0;
  own.require_at = own.not_enrolled_at = own.methods_at = own.account_at = own.remember_at = own.remind_at =
      own.unlock_at = own.key_models_at = own.field_at = own.observe_at = {};
}

}  // namespace

bool is_built_in(std::string_view name) {
  return std::any_of(std::begin(built_in), std::end(built_in), [&](const BuiltIn& each) { return each.name == name; });
}

Service built_in_service(std::string_view name, const Service& inherited) {
  Service service = inherited;
  for (const BuiltIn& each : built_in)
    if (each.name == name) each.shape(service);
  return service;
}

void add_built_in(Config& config) {
  for (const BuiltIn& each : built_in)
    config.services.try_emplace(std::string(each.name), built_in_service(each.name, config.fallback));
  for (const std::string_view own : {test_service, self_service}) add_own(config, own);
}

}  // namespace utmfa

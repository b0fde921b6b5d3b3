// SPDX-License-Identifier: Apache-2.0
// What GDM's worker says of its greeter, and the list that the greeter draws. Believed only where the PAM service is one
// of GDM's: elsewhere nobody would understand the list. GDM's own headers are no C++ (gdm-pam-extensions-common.h,
// gdm-choice-list-pam-extension.h); the bytes here are theirs.
#pragma once

#include <cstddef>
#include <string_view>

#include "conversation.h"

namespace utmfa {

class Greeter {
 public:
  explicit Greeter(std::string_view service);
  bool there() const { return there_; }
  bool draws_lists() const { return list_type_ >= 0; }
  bool unlocks() const { return unlocks_; }  // a session of this person is there, and locked
  int list_type() const { return list_type_; }

 private:
  bool there_ = false, unlocks_ = false;
  int list_type_ = -1;
};

struct Item {
  const char *key, *text;
};
inline constexpr unsigned most_items = 32;

// The place of a name in a list with single spaces between, or -1. The whole name, unlike the macro of GDM's header, for
// which the beginning of a name is enough.
int place_of(std::string_view name, std::string_view list);

// Asks for one of the items. What comes back is the key of one, or whatever else was typed meanwhile. False: the
// conversation is broken, or nothing was chosen.
bool choose(Person& person, int list_type, const char* title, const Item* items, unsigned count, Typed& key);

}  // namespace utmfa

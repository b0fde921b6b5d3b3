// SPDX-License-Identifier: Apache-2.0
// What may be known of a person without any secret: the answer of the vault, the food of the policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "methods/method.h"
#include "methods/state.h"

namespace utmfa {

// Who gives the answer. typed: the person. by_key: a security key signs. by_host: the host has verified a key itself.
enum class Answered { typed, by_key, by_host };

struct AccountMethod {
  Method method;                           // sealed fields removed; confirmed methods only
  std::string unusable;                    // why it cannot be used now ("no codes left"), "" = it can; an English msgid
  int left = -1;                           // codes left; -1 = does not apply
  std::vector<std::string_view> channels;  // kinds of gateways that can bring its code; empty = nothing is sent
  Answered answered = Answered::typed;
  std::string model = {};     // of a key: its AAGUID in hexadecimal; "" = not known
  std::string host_key = {};  // of one that the host verifies
};

struct Account {
  Registration status = Registration::none;
  std::string language;
  Time reset = 0;  // as in the method file
  std::int64_t reminded = 0;
  std::vector<AccountMethod> methods;  // in the order of the method file
  State state;                         // as it was when asked; the vault reads it again when it judges
  Time locked_until = 0;               // 0 = not locked

  const AccountMethod* find(std::string_view id) const {
    for (const AccountMethod& each : methods)
      if (each.method.id == id) return &each;
    return nullptr;
  }
};

}  // namespace utmfa

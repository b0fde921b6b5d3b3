// SPDX-License-Identifier: Apache-2.0
// The acts of a registration that the guided steps and the single verbs share: make a method, prove its first code,
// try it by a real sign-in, take back what was not finished. Words and questions are the caller's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "desk.h"
#include "factors/factor.h"

namespace utmfa {

struct Registering {
  std::string id;
  Method method;                   // as made, without secrets
  Secret secret;                   // in the clear, to be shown once; empty where the kind has none to show
  std::vector<std::string> shown;  // codes of a sheet, a pass
};

Result<Registering> register_method(Desk& desk, const std::string& user, const Factor& factor, const Wish& wish);

// Proves the first code of a waiting method. Refused: the words for the person.
Status prove(Desk& desk, const std::string& user, std::string_view id, std::string_view answer);

// Away again, without rules: only for what was registered a moment ago and not finished.
Status withdraw(Desk& desk, const std::string& user, const std::string& id);

// A real sign-in on the test service in which `id` is asked first ("" = the default). The method that was really used,
// which is then marked as tested.
Result<std::string> try_method(Desk& desk, const std::string& user, const std::string& id);

std::vector<Method> lasting(const MethodFile& file, Proof proof);  // without temporary passes

// Takes a method back unless it was finished: whatever ends the step, nothing half registered is left.
class Unfinished {
 public:
  Unfinished(Desk& desk, std::string user, std::string id) : desk_(desk), user_(std::move(user)), id_(std::move(id)) {}
  ~Unfinished();
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void finished() { id_.clear(); }

 private:
  Desk& desk_;
  std::string user_, id_;
};

}  // namespace utmfa

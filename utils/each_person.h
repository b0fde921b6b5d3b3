// SPDX-License-Identifier: Apache-2.0
// An act on one person, or on everybody whose name stands on standard input: asked about once, a line for each, a
// summary, and an exit status that tells whether all of it was done.
#pragma once

#include <functional>
#include <string>

#include "admin.h"
#include "setup/json.h"

namespace utmfa {

struct Outcomes {
  std::string words;  // the line for this person; "" = done
  Json json;          // more about it, an object; null = nothing
};

struct PeopleAct {
  std::string question;  // before a list is acted on, {0} = how many; "" = not asked
  std::function<Result<Outcomes>(const std::string& user)> act;
};

Result<std::vector<std::string>> names_on_stdin();
// For a list only: a single person is the verb's own affair.
Status on_everybody(const AdminOptions& options, const PeopleAct& act);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// What the doctor finds: how bad, what, and what to do about it. Every check is a function from facts to findings, so
// that each can be tested on a broken and on a healthy machine made of files.
#pragma once

#include <string>
#include <vector>

namespace utmfa {

enum class Level { problem, warning, fine };

struct Finding {
  Level level;
  std::string check;  // one word for programs: "pam-fail-open"
  std::string what;
  std::string remedy;  // "" where all is fine
  std::string path{};  // the file or directory that is at fault, where it is one
};

using Findings = std::vector<Finding>;

inline void append(Findings& all, Findings more) {
  for (Finding& each : more) all.push_back(std::move(each));
}

}  // namespace utmfa

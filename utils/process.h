// SPDX-License-Identifier: Apache-2.0
// Programs of the system that the utilities ask: by absolute path, without a shell, with a clean environment, standard
// input empty. Called by log, set-up, the doctor and service.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace utmfa {

struct Ran {
  int status = 0;      // exit status; 128 + signal where one ended it
  std::string output;  // of standard output and, where asked for, standard error
};

enum class Errors { with_output, to_terminal };

inline constexpr std::size_t longest_output = 8U << 20;

// Code::not_found where there is no such program.
Result<Ran> run_program(const std::string& path, const std::vector<std::string>& words, Errors errors);

}  // namespace utmfa

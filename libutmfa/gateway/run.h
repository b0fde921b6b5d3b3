// SPDX-License-Identifier: Apache-2.0
// One program, run as somebody without rights: nothing of ours reaches it but its standard input, and nothing of it
// outlives its time. Used by gateway.cc and by device/, which starts utmfa-key. Safe to call where other threads and other children are.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

struct Whom {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Program {
  std::vector<std::string> words;  // the first is its path
  std::optional<Whom> whom;        // absent: whoever we are
  std::int64_t time_limit_ms = 20000;
  std::size_t memory = 512U << 20;  // bytes of each process
  unsigned processes = 64;          // of that user; counts where `whom` is there
};

enum class Ending { exited, killed, too_slow, too_much };

struct ProgramRun {
  Ending ending = Ending::exited;
  int number = 0;  // exit status, or the signal
  std::string output, complaint;
};

inline constexpr std::size_t longest_program_output = 65536;

// An absolute path below directories of root, a regular file of root's that nobody else can write.
Status check_program(const std::string& path);
// `input` fits a pipe, so that nobody waits for a program that does not read it.
Result<ProgramRun> run_program_as(const Program& program, std::string_view input);

}  // namespace utmfa

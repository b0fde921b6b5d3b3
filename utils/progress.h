// SPDX-License-Identifier: Apache-2.0
// How far a long act is: one line on the terminal, drawn over itself; nothing where standard error is no terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace utmfa {

class Progress {
 public:
  explicit Progress(std::size_t all);
  ~Progress();  // the line is wiped
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::size_t done);

 private:
  std::size_t all_;
  bool terminal_;
  std::int64_t begun_, drawn_ = 0;  // milliseconds
};

std::string progress_line(std::size_t done, std::size_t all, std::int64_t milliseconds, std::size_t columns);

}  // namespace utmfa

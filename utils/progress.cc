// SPDX-License-Identifier: Apache-2.0
// Ten times a second is as often as anybody reads.
#include "progress.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "setup/columns.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::int64_t between = 100;
constexpr std::size_t usual_columns = 80, longest_bar = 40;

std::int64_t milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

std::size_t columns_here() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

// A terminal that cannot go back in its line would get ten lines a second.
bool can_redraw() {
  const char* terminal = secure_getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

void draw(const std::string& line) {
  (void)fputs(("\r\x1b[K" + line).c_str(), stderr);
  (void)fflush(stderr);
}

}  // namespace

std::string progress_line(std::size_t done, std::size_t all, std::int64_t passed, std::size_t columns) {
  const std::int64_t left =
      done == 0 ? 0 : passed * static_cast<std::int64_t>(all - done) / static_cast<std::int64_t>(done);
  std::string words =
      say("{0} of {1}, {2} s left", {std::to_string(done), std::to_string(all), std::to_string((left + 999) / 1000)});
  const std::size_t taken = columns_of(words) + 4;
  if (columns <= taken + 4) return columns > columns_of(words) ? words : std::to_string(done);
  const std::size_t bar = std::min(longest_bar, columns - taken);
  const std::size_t full = all == 0 ? bar : bar * done / all;
  return "[" + std::string(full, '#') + std::string(bar - full, '.') + "] " + words;
}

Progress::Progress(std::size_t all) : all_(all), terminal_(can_redraw()), begun_(milliseconds()) {}

Progress::~Progress() {
  if (terminal_ && drawn_ != 0) draw("");
}

void Progress::at(std::size_t done) {
  if (!terminal_) return;
  const std::int64_t now = milliseconds();
  if (now - drawn_ < between && done < all_) return;
  drawn_ = now;
  draw(progress_line(done, all_, now - begun_, columns_here()));
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// proc(5): /proc/PID/stat and /proc/sys/kernel/random/boot_id.
#include "rollout/process.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_stat = 4096, most_ancestors = 128;
constexpr std::size_t parent_field = 1, start_field = 19;  // counted behind the name: state is 0

Result<std::string> text_of_proc(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return os_error(path, "cannot be opened");
  return contents(file.get(), path, longest_stat);
}

}  // namespace

Result<Process> process(pid_t id) {
  const std::string path = "/proc/" + std::to_string(id) + "/stat";
  const Result<std::string> text = text_of_proc(path);
  if (!text) return text.error();
  const std::size_t end = text->rfind(')');  // the name may hold anything
  if (end == text->npos || end + 2 > text->size()) return Error{Code::unavailable, path + ": cannot be understood"};
  const std::vector<std::string_view> fields = split(std::string_view(*text).substr(end + 2), ' ');
  const long ticks = sysconf(_SC_CLK_TCK);
  if (fields.size() <= start_field || ticks <= 0) return Error{Code::unavailable, path + ": cannot be understood"};
  const auto parent = number(fields[parent_field], 0, INT32_MAX);
  const auto start = number(fields[start_field], 0, INT64_MAX / 1000);
  if (!parent || !start) return Error{Code::unavailable, path + ": cannot be understood"};
  return Process{id, *start * 1000 / ticks, static_cast<pid_t>(*parent)};
}

bool began_after(const Process& process, std::int64_t moment) {
  const long ticks = sysconf(_SC_CLK_TCK);
  const std::int64_t tick = ticks > 0 ? 1000 / ticks : 1;
  return process.started >= moment - moment % std::max<std::int64_t>(tick, 1);
}

std::vector<Process> with_ancestors(pid_t id) {
  std::vector<Process> all;
  while (id > 0 && all.size() < most_ancestors) {
    const Result<Process> next = process(id);
    if (!next) break;
    all.push_back(*next);
    id = next->parent;
  }
  return all;
}

std::int64_t since_boot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

Result<std::string> boot_id() {
  const Result<std::string> text = text_of_proc("/proc/sys/kernel/random/boot_id");
  if (!text) return text.error();
  return std::string(trimmed(*text).substr(0, 36));
}

}  // namespace utmfa

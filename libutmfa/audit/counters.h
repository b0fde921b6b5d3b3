// SPDX-License-Identifier: Apache-2.0
// How many sign-ins ended how since the file was made: one number a word, in one page that the broker maps, so that
// counting is no system call and takes no room. Numbers for monitoring; nothing is decided by them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace utmfa {

// The words of outcomes, and what else of a sign-in is worth a number. New ones are added at the end.
inline constexpr std::array<std::string_view, 16> counted_words = {
    "granted",        "denied",        "locked",      "exempt",         "observed",    "not-needed",
    "set-up-offered", "set-up-needed", "set-up-done", "set-up-put-off", "unavailable", "aborted",
    "wrong",          "lock",          "not-sent",    "refused"};

class Counters {
 public:
  Counters() = default;  // counts nothing
  // Made where it is not there. Whoever cannot have it goes on without.
  static Result<Counters> open(const std::string& data);
  Counters(Counters&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  Counters& operator=(Counters&& other) noexcept;
  ~Counters();

  void count(std::string_view word);  // one that is not in the table is not counted

 private:
  explicit Counters(std::uint64_t* page) : page_(page) {}
  std::uint64_t* page_ = nullptr;
};

// Code::not_found: nothing was ever counted.
Result<std::array<std::uint64_t, counted_words.size()>> counted(const std::string& data);

}  // namespace utmfa

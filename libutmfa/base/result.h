// SPDX-License-Identifier: Apache-2.0
// Whether something could be decided at all. A Result carries a value or an Error; an Error is never an
// Outcome and never a grant. Used by every room; a Result that nobody looks at does not compile.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace utmfa {

// invalid: the input breaks its format. not_found: proven absent. conflict: somebody changed it meanwhile.
// refused: a rule says no. os: a system call failed. unavailable: try later. corrupt: our own data is damaged.
enum class Code { invalid, not_found, conflict, refused, os, unavailable, corrupt, internal };

// One line for a log or a terminal: "subject: what is wrong: what was expected". Never a secret, never a newline.
struct Error {
  Code code;
  std::string what;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  T& operator*() { return *std::get_if<0>(&held_); }
  const T& operator*() const { return *std::get_if<0>(&held_); }
  T* operator->() { return std::get_if<0>(&held_); }
  const T* operator->() const { return std::get_if<0>(&held_); }
  const Error& error() const { return *std::get_if<1>(&held_); }

 private:
  std::variant<T, Error> held_;
};

struct Done {};
using Status = Result<Done>;

// The error of the last system call: "subject: what: strerror".
Error os_error(const std::string& subject, const std::string& what);

}  // namespace utmfa

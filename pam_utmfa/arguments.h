// SPDX-License-Identifier: Apache-2.0
// The words after pam_utmfa.so in a PAM file, as in pam_utmfa(8). A word that is not known, or not right, refuses
// the sign-in: a misspelt argument must never be a weaker sign-in.
#pragma once

#include <cstddef>
#include <string_view>

namespace utmfa {

inline constexpr std::size_t longest_run_dir = 96;  // with "/root.sock" it fits the 108 bytes of a socket's address
inline constexpr std::size_t longest_path = 4095;
inline constexpr std::size_t longest_service = 255;
inline constexpr unsigned longest_timeout = 600;  // seconds

struct Arguments {
  std::string_view service;  // empty: PAM_SERVICE
  std::string_view run_dir = "/run/utmfa";
  const char* verifier = UTMFA_VERIFIER;  // nullptr: never started from here
  unsigned timeout = 30;                  // seconds

  // The word that is wrong, or nullptr when all are right. The words outlive the Arguments.
  const char* parse(int count, const char** words);

 private:
  bool take(std::string_view word);
};

}  // namespace utmfa

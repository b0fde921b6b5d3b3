// SPDX-License-Identifier: Apache-2.0
// What changes at a sign-in, for one person: replay marks and failures of each method, the throttle, remembered
// places. Plain values; guard/ and factors/ compute new ones, vault/ makes them durable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace utmfa {

struct MethodState {
  std::uint64_t method = 0;    // method_mark(id)
  std::int64_t moving = -1;    // TOTP: last step used; HOTP: next counter expected; others: their own use
  std::int32_t drift = 0;      // TOTP: steps that the token was off at its last success
  std::uint32_t failures = 0;  // consecutive, of this method; disables it at a bound (NIST SP 800-63B-4 3.2.2)
  std::uint64_t used = 0;      // recovery: bit i = code i is spent; pass: number of uses
  Time last_success = 0;
  Time last_failure = 0;
};

struct Remembered {
  std::uint64_t place = 0;
  Time until = 0;
};

// A code that was sent to a person. It stays after it was used, so that a second answer with it is told so, and after its
// time, until another one may be sent on the same way.
struct Challenge {
  std::uint64_t method = 0;  // method_mark(id)
  std::uint64_t where = 0;   // the service and the connection that it was sent for
  char channel = 0;          // first letter of the gateway's kind
  bool used = false;
  Time sent = 0, until = 0;
  Time again = 0;                          // when another one may be sent on this channel
  std::array<unsigned char, 16> digest{};  // of the code and of everything that it is bound to
};

inline constexpr std::size_t most_challenges = 8, most_sent = 64;

struct State {
  std::uint64_t generation = 0;  // of the record on disk
  std::uint64_t revision = 0;    // goes up with every change of the method file
  std::uint32_t streak = 0;      // consecutive failures of the person, over all methods
  Time last_failure = 0;
  std::array<Remembered, 4> remembered{};
  std::vector<MethodState> methods;
  std::vector<Challenge> challenges;
  std::vector<Time> sent;  // of the last day, oldest first: what a gateway was asked to deliver
  Time denied = 0;         // when the person last said "this is not me"

  MethodState* find(std::string_view id);
  const MethodState* find(std::string_view id) const;
  MethodState& of(std::string_view id);  // made when absent
};

// First eight bytes of SHA-256 of the id.
std::uint64_t method_mark(std::string_view id);

}  // namespace utmfa

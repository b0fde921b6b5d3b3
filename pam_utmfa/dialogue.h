// SPDX-License-Identifier: Apache-2.0
// What is said between module and verifier at one door, by the rules of docs/wire.md: the verifier leads, the module
// shows, asks and passes on. Nothing is decided here; whatever is not a proper result is no result.
#pragma once

#include <string_view>

#include "conversation.h"
#include "greeter.h"
#include "line.h"
#include "wire/frame.h"

namespace utmfa {

inline constexpr unsigned most_frames = 256;         // of the verifier, in one sign-in
inline constexpr std::size_t longest_answer = 1023;  // bytes passed on; sshd's clients cut there as well
inline constexpr unsigned most_digits = 16;          // of a code behind a password

inline constexpr unsigned most_set_up_frames = 1024;  // where a person is led through registration

enum class Door { authenticate, account, set_up };

// How one sign-in ends: the row of the verifier's word, one code for each door. The mark is what the other doors of the
// same process find later: its first letter, or 0 for none.
struct Ending {
  std::string_view word;
  int authenticate, account, set_up;
  char mark;
};
extern const Ending unavailable, garbled, hung_up;  // garbled: the verifier's fault, for the log
inline constexpr char offer_mark = 'o';             // asked whether he registers now, and let in whatever he says
inline constexpr char set_up_mark = 's';            // told to register, and not let in before

// Says hello and goes on to the end.
const Ending& converse(Line& line, const wire::Writer& hello, Door door, pam_handle_t* pamh, Person& person,
                       const Greeter& greeter);

}  // namespace utmfa

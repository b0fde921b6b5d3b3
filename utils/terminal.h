// SPDX-License-Identifier: Apache-2.0
// Talking to the person at the terminal: lines out, answers in. Ctrl-C never ends the program in the middle of a change:
// it is noticed at the next question, which then answers with an Error. Used by both utilities.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "factors/factor.h"

namespace utmfa {

inline constexpr std::size_t longest_answer = 4096;

void catch_interrupts();  // once, at the start of the program
bool interrupted();

void show(std::string_view line);      // to standard output
void complain(std::string_view line);  // to standard error

// One line from standard input, without its end. The question stands on standard output, or on standard error where
// only that is the terminal. Interrupted or at its end: an Error with Code::refused.
Result<Secret> ask(std::string_view prompt, Echo echo);
Result<std::string> ask_text(std::string_view prompt);
Status ask_yes(std::string_view prompt);
// Where a person sits at a terminal; a script that gives no answer has meant what it says.
Status ask_yes_at_terminal(std::string_view prompt);  // anything but yes: an Error with Code::refused

bool terminal_is_utf8();  // as the environment says

}  // namespace utmfa

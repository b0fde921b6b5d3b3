// SPDX-License-Identifier: Apache-2.0
// What is written once in one stable English, for the log, for JSON and for scripts (an Error, a reason of the plan, a
// warning), said to a person in his language. The text is taken apart at ": " and "; ", and each piece is said by the
// phrase that fits it. What none fits (a path, a name, what a stranger's program said) stays as it is: nothing is lost.
// For what is shown at a terminal only; what is logged or printed as JSON never comes through here.
#pragma once

#include <string>
#include <string_view>

namespace utmfa {

std::string in_words(std::string_view english);

}  // namespace utmfa

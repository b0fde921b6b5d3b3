// SPDX-License-Identifier: Apache-2.0
// The words of a notice, in the language that is spoken now (speak() of signin/words.h). Called by who delivers.
#pragma once

#include <string>

#include "notice/notice.h"

namespace utmfa {

struct Letter {
  std::string subject, text;
};

Letter letter_of(const Notice& notice, const std::string& issuer, const std::string& machine);
// For one who proves that an address is his: a code that is good once, for ten minutes.
Letter code_letter(const std::string& user, const std::string& code, const std::string& issuer);

}  // namespace utmfa

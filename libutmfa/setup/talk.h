// SPDX-License-Identifier: Apache-2.0
// The conversation of a registration: what a sign-in can ask and tell, and the few things more that registering shows.
// A terminal, the line to a person's own utmfa-enroll, and a sign-in that leads through set-up each have their own.
#pragma once

#include <string>
#include <string_view>

#include "signin/sign_in.h"

namespace utmfa {

// page: many lines stay in sight. line: a greeter, which shows one short text and one prompt.
enum class Room { page, line };

class Talk : public Conversation {
 public:
  virtual Room room() const = 0;
  virtual bool gone() const = 0;  // the person has stopped, or nobody is there any more
  // The QR code of a new secret, as well as it can be drawn here.
  virtual Status picture(std::string_view uri) = 0;
  virtual Status data(std::string_view json) = 0;

 protected:
  ~Talk() = default;
};

enum class Consent { given, withheld };

Status say_to(Talk& talk, std::string_view text);
// What was typed, without spaces around it. An Error: nobody answers any more.
Result<std::string> asked(Talk& talk, std::string_view prompt);
Result<Consent> consent(Talk& talk, std::string_view prompt);  // anything but yes withholds it

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The first frame of a connection, read and bounded: who asks for what, at which door. Everything in it is a stranger's
// word; what the caller may do is the kernel's and the broker's affair.
#pragma once

#include <string>
#include <string_view>

#include "setup/acts.h"
#include "signin/sign_in.h"

namespace utmfa {

// authenticate and account: a sign-in. set_up: a person is led through registration at his sign-in. self: a person's own
// utmfa-enroll.
enum class EntryDoor { authenticate, account, set_up, self };

struct Hello {
  EntryDoor door = EntryDoor::authenticate;
  SignIn who;
  std::string auth_info;  // SSH_AUTH_INFO_0: worth something from root's process only
  Request request;        // at the door self
};

Result<Hello> parsed_hello(std::string_view bytes);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The note that our authenticate door leaves on the PAM handle, for the account and password doors of the same
// process: how it ended, and for whom. It is gone with the handle, and cannot be made without passing authenticate.
// Who has to register first is noted in the PAM environment as well: sshd opens the session with another handle than the
// one that it signed the person in with, and hands over nothing else.
#pragma once

#include <security/pam_modules.h>

namespace utmfa {

// 0 takes an older mark away. False: it could not be set.
bool set_mark(pam_handle_t* pamh, const char* user, char mark);
// The mark of this user; 0 when there is none.
char mark_of(pam_handle_t* pamh, const char* user);

// False: the environment could not be changed.
bool set_debt(pam_handle_t* pamh);
bool clear_debt(pam_handle_t* pamh);
bool in_debt(pam_handle_t* pamh);

}  // namespace utmfa

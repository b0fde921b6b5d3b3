// SPDX-License-Identifier: Apache-2.0
// Which version of OpenSSH's server this machine has, as its program says of itself: from 10.3 on it shows a text as soon
// as PAM says it. sshd starts the program anew for each connection, so that the file is what calls us. Used by the
// sign-in process before it closes the world; what cannot be told counts as old.
#pragma once

#include <string>
#include <string_view>

#include "signin/sign_in.h"

namespace utmfa {

// "OpenSSH_10.3p1": the first such mark in the bytes of the program.
Texts texts_of_ssh_server(std::string_view program);

// Of the installed program.
Texts texts_of_ssh_server();

}  // namespace utmfa

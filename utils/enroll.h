// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll has two ways to work, chosen by enroll_main.cc, which reads the command line: root, or whoever has
// directories of his own, performs the act here; everybody else has the verifier perform it.
#pragma once

#include <string>

#include "desk.h"
#include "setup/acts.h"
#include "terminal_talk.h"

namespace utmfa {

struct EnrollOptions {
  Options common;
  std::string user;  // "" = oneself
  std::string secret_file, code, ssh_key_file, line;
  Request request;
  Picture picture = Picture::drawn;
};

Status enroll_here(EnrollOptions& options);
Status enroll_by_verifier(EnrollOptions& options);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "exit_status.h"

#include "base/text.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {

int exit_status(std::string_view program, const Status& status) {
  if (status) return exit_done;
  complain(std::string(program) + ": " + cleaned(say(status.error().what), 2000));
  switch (status.error().code) {
    case Code::invalid:
    case Code::not_found:
    case Code::conflict:
    case Code::refused: return exit_refused;
    case Code::os:
    case Code::unavailable:
    case Code::corrupt:
    case Code::internal: return exit_unavailable;
  }
  return exit_unavailable;
}

}  // namespace utmfa

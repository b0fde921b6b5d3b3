// SPDX-License-Identifier: Apache-2.0
// Starts utmfa-key for one question: as a user that has nothing but the devices, with nothing of ours but its line.
// Closing the line ends it, and lets go of the key that waits for a touch. For the broker and for root's utilities.
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace utmfa {

struct KeyProgram {
  std::string path;
  std::string user;  // whom it becomes where we are root
};

// `frame` has been sent to it; one frame comes back over the line.
Result<Descriptor> start_key_program(const KeyProgram& program, std::string_view frame);

}  // namespace utmfa

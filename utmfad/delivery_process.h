// SPDX-License-Identifier: Apache-2.0
// One message to one person: this program anew, without keys, started by the broker for a sign-in process and outside of
// the broker's loop. It runs the gateway, becomes a user without rights, and only then reads what the gateway said.
#pragma once

#include "base/file.h"
#include "settings.h"

namespace utmfa {

struct DeliveryStart {
  Descriptor line;    // the reply comes here, one frame
  Descriptor handle;  // the process itself (pidfd)
};
// For the broker. `frame` is the request, already made the broker's own.
Result<DeliveryStart> start_delivery_process(const Settings& settings, std::string_view frame);

// In the process: the line stands at 3.
int deliver_one(const Settings& settings);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Messages to people, outside of the broker's loop: the runner, this program anew and without keys, started with the first
// message, forks a process for each. That process runs the gateway, becomes a user without rights, and only then reads
// what the gateway said. What a message says is never in the runner: its process asks the broker for it.
#pragma once

#include "base/file.h"
#include "settings.h"

namespace utmfa {

// For the broker: the channel to a new runner, which has read the configuration as it is now and ends, when the channel is
// closed, with the last message.
Result<Descriptor> start_runner(const Settings& settings);

// For the broker: has the runner fork. On the line that it returns come, one packet each, `running` with the process itself
// (pidfd), which waits for the request, and `delivered`.
Result<Descriptor> started_delivery(int runner);

// In the runner: its channel stands at 3.
int run_deliveries(const Settings& settings);

}  // namespace utmfa

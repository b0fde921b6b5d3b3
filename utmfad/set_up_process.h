// SPDX-License-Identifier: Apache-2.0
// A registration inside a sign-in process: the same confinement, the same record of one person, and the right to have
// that person's method file replaced by the broker. Called by the sign-in process once it holds the record.
#pragma once

#include "broker_line.h"
#include "hello.h"
#include "wire_conversation.h"

namespace utmfa {

// The person's own utmfa-enroll: the act, and its result over the line.
Status serve_self(Record& record, const Config& config, WireConversation& line, Hello& hello, int channel);
// At a sign-in: set_up_done, or why not.
Outcome lead_through_set_up(Record& record, const Config& config, WireConversation& line, const Hello& hello,
                            int channel);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The security keys of this machine through libfido2: found, asked, let go. One question, one answer, and every key is
// closed again. Called by main.cc; the only files that know libfido2.
#pragma once

#include "device/key.h"

namespace utmfa {

// Never waits for a person longer than the wish says.
KeyNews answer_wish(const KeyWish& wish);

// From another thread: whatever waits for a touch is told to stop. Nobody waits for the answer.
void let_go();

}  // namespace utmfa

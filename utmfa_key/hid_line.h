// SPDX-License-Identifier: Apache-2.0
// The packets between libfido2 and one key on USB (CTAP 2.1 section 11.2), so that it is known what happened to them:
// libfido2 itself says the same of a key that was pulled out, one that is busy, and one that talks nonsense. Nothing is
// sent here that libfido2 did not ask for.
#pragma once

#include <fido.h>

#include <string_view>

namespace utmfa {

// Of the last question; each is told by what the kernel or the key itself said.
enum class LineState { well, held, busy, gone, closed };

// A path of /dev/hidraw*; everything else is libfido2's own affair.
bool is_hid(std::string_view path);
// Must be called before fido_dev_open. What it then answers is told by line_state(), which begins anew there.
void use_hid_line(fido_dev_t* device);
// held: another program has the key open. busy: nobody has, and it works for one that has gone.
LineState line_state();
// What a packet of the key says of the line itself.
LineState told_by(const unsigned char* packet);
void forget_line_state();

}  // namespace utmfa

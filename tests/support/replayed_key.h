// SPDX-License-Identifier: Apache-2.0
// A key that says again what a transcript has, whatever it is asked: stands in for the lines to devices of utmfa-key, with
// the real libfido2 in front of it. Shared by the fuzzer and the test of the corpus (tests/fido/record.py writes it).
#pragma once

#include <string_view>

#include "device/key.h"

namespace utmfa::test {

KeyWish replayed_wish(KeyVerb verb);
KeyNews replayed(std::string_view transcript, const KeyWish& wish);

}  // namespace utmfa::test

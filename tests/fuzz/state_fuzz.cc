// SPDX-License-Identifier: Apache-2.0
// The record of a state: whatever is read, is printed again byte for byte, and never grows past what a slot holds. What a
// newer utmfa wrote is told apart from what is damaged.
#include <cstdint>
#include <cstdlib>

#include "base/formats.h"
#include "vault/state_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const utmfa::Result<utmfa::State> state = utmfa::parse_state(bytes, "state");
  if (!state) {
    const bool newer = size > 0 && data[0] > utmfa::formats::state_record.version;
    if (state.error().code != (newer ? utmfa::Code::invalid : utmfa::Code::corrupt)) std::abort();
    return 0;
  }
  if (state->methods.size() > utmfa::most_method_states) std::abort();
  if (utmfa::print_state(*state) != bytes) std::abort();
  return 0;
}

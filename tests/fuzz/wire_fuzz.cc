// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a frame: what is read lies inside the bytes, and writing it again gives the same frame.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/frame.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const utmfa::wire::Reader frame(bytes);
  demand(frame.valid() == !frame.verb().empty());
  demand(inside(frame.verb(), bytes));
  utmfa::wire::Writer again(frame.verb());
  for (const std::string_view key : {"door", "user", "text", "code", "count", "item1", "echo"}) {
    demand(inside(frame.text(key), bytes));
    demand(frame.has(key) || frame.text(key).empty());
    demand(frame.number(key, 32, 33) <= 33);
    if (frame.has(key)) again.text(key, frame.text(key));
  }
  if (!frame.valid()) return 0;
  demand(again.fits());
  const utmfa::wire::Reader copy(again.frame());
  demand(copy.valid() && copy.verb() == frame.verb() && copy.text("text") == frame.text("text"));
  return 0;
}

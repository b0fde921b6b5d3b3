// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a hello, which every local user may send. What is taken is bounded, has a door and a name, and an
// act where there is one to perform; at the door of a person's own program nobody chooses the service.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../../utmfad/hello.h"

namespace {

void demand(bool kept) {
  if (!kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const utmfa::Result<utmfa::Hello> hello = utmfa::parsed_hello(bytes);
  if (!hello) return 0;
  demand(!hello->who.user.empty() && hello->who.user.size() <= 255);
  demand(hello->who.language.size() <= 2);
  if (hello->door != utmfa::EntryDoor::self) return 0;
  demand(hello->who.service == utmfa::self_service && hello->who.first == utmfa::FirstFactor::unknown);
  demand(utmfa::act_for(hello->request.act) != nullptr);
  demand(hello->request.methods.size() <= utmfa::most_methods);
  demand(hello->request.label.size() <= 4096 && hello->request.method.size() <= 4096);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "methods/state.h"

#include "base/digest.h"

namespace utmfa {

MethodState* State::find(std::string_view id) {
  const std::uint64_t mark = method_mark(id);
  for (MethodState& each : methods)
    if (each.method == mark) return &each;
  return nullptr;
}

const MethodState* State::find(std::string_view id) const { return const_cast<State*>(this)->find(id); }

MethodState& State::of(std::string_view id) {
  if (MethodState* known = find(id)) return *known;
  methods.emplace_back().method = method_mark(id);
  return methods.back();
}

std::uint64_t method_mark(std::string_view id) {
  const std::array<unsigned char, 32> digest = sha256(id);
  std::uint64_t mark = 0;
  for (std::size_t i = 0; i < 8; ++i) mark = mark << 8 | digest[i];
  return mark;
}

}  // namespace utmfa

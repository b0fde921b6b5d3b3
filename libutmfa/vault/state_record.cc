// SPDX-License-Identifier: Apache-2.0
// The packed record of a state: fixed-width little-endian numbers, read as strictly as if an enemy had written it.
#include "base/text.h"
#include "vault/state_file.h"

namespace utmfa {
namespace {

constexpr std::uint8_t record_version = 1;

template <typename T>
void put(std::string& out, T value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8) out += static_cast<char>(rest & 0xff);
}

// Takes numbers off the front; once the bytes run out it stays short.
struct Reader {
  std::string_view rest;
  bool enough = true;

  template <typename T>
  void take(T& value) {
    enough = enough && rest.size() >= sizeof(T);
    if (!enough) return;
    std::uint64_t read = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) read = read << 8 | static_cast<unsigned char>(rest[i]);
    value = static_cast<T>(read);
    rest.remove_prefix(sizeof(T));
  }
};

template <typename Each, typename M>
void each_number(M& method, Each each) {
  each(method.method);
  each(method.moving);
  each(method.drift);
  each(method.failures);
  each(method.used);
  each(method.last_success);
  each(method.last_failure);
}

bool twice(const State& state) {
  for (std::size_t i = 0; i < state.methods.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (state.methods[i].method == state.methods[j].method) return true;
  return false;
}

}  // namespace

std::string print_state(const State& state) {
  std::string out;
  put(out, record_version);
  put(out, state.generation);
  put(out, state.revision);
  put(out, state.streak);
  put(out, state.last_failure);
  for (const Remembered& each : state.remembered) {
    put(out, each.place);
    put(out, each.until);
  }
  put(out, static_cast<std::uint8_t>(state.methods.size()));
  for (const MethodState& method : state.methods) each_number(method, [&](auto number) { put(out, number); });
  return out;
}

Result<State> parse_state(std::string_view bytes, const std::string& shown_path) {
  State state;
  Reader reader{bytes};
  std::uint8_t version = 0, count = 0;
  reader.take(version);
  reader.take(state.generation);
  reader.take(state.revision);
  reader.take(state.streak);
  reader.take(state.last_failure);
  for (Remembered& each : state.remembered) {
    reader.take(each.place);
    reader.take(each.until);
  }
  reader.take(count);
  if (count <= most_method_states) state.methods.resize(count);
  for (MethodState& method : state.methods) each_number(method, [&](auto& number) { reader.take(number); });
  if (!reader.enough || !reader.rest.empty() || version != record_version || count > most_method_states || twice(state))
    return Error{Code::corrupt, shown_path + ": not a state record"};
  return state;
}

}  // namespace utmfa

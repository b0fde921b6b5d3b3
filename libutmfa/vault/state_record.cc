// SPDX-License-Identifier: Apache-2.0
// The packed record of a state: fixed-width little-endian numbers, read as strictly as if an enemy had written it.
#include "base/formats.h"
#include "base/text.h"
#include "vault/state_file.h"

namespace utmfa {
namespace {

// 2: with what was sent to the person behind it; written only where something was.
constexpr std::uint8_t record_version = 1, with_deliveries = 2;
static_assert(with_deliveries == formats::state_record.version);

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

void put_deliveries(std::string& out, const State& state) {
  put(out, state.denied);
  put(out, static_cast<std::uint8_t>(state.sent.size()));
  for (const Time each : state.sent) put(out, each);
  put(out, static_cast<std::uint8_t>(state.challenges.size()));
  for (const Challenge& each : state.challenges) {
    put(out, each.method);
    put(out, each.where);
    put(out, static_cast<std::uint8_t>(each.channel));
    put(out, static_cast<std::uint8_t>(each.used ? 1 : 0));
    put(out, each.sent);
    put(out, each.until);
    put(out, each.again);
    out.append(reinterpret_cast<const char*>(each.digest.data()), each.digest.size());
  }
}

void take(Reader& reader, Challenge& challenge) {
  std::uint8_t channel = 0, used = 0;
  reader.take(challenge.method);
  reader.take(challenge.where);
  reader.take(channel);
  reader.take(used);
  reader.take(challenge.sent);
  reader.take(challenge.until);
  reader.take(challenge.again);
  for (unsigned char& each : challenge.digest) reader.take(each);
  reader.enough = reader.enough && used <= 1;
  challenge.channel = static_cast<char>(channel);
  challenge.used = used == 1;
}

void take_deliveries(Reader& reader, State& state) {
  std::uint8_t sent = 0, challenges = 0;
  reader.take(state.denied);
  reader.take(sent);
  reader.enough = reader.enough && sent <= most_sent;
  if (reader.enough) state.sent.resize(sent);
  for (Time& each : state.sent) reader.take(each);
  reader.take(challenges);
  reader.enough = reader.enough && challenges <= most_challenges;
  if (reader.enough) state.challenges.resize(challenges);
  for (Challenge& each : state.challenges) take(reader, each);
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
  const bool deliveries = !state.challenges.empty() || !state.sent.empty() || state.denied != 0;
  put(out, deliveries ? with_deliveries : record_version);
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
  if (deliveries) put_deliveries(out, state);
  return out;
}

Result<State> parse_state(std::string_view bytes, const std::string& shown_path) {
  State state;
  Reader reader{bytes};
  std::uint8_t version = 0, count = 0;
  reader.take(version);
  if (version > formats::state_record.version)
    return other_version(shown_path, formats::state_record, std::to_string(version));
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
  if (version == with_deliveries) take_deliveries(reader, state);
  const bool known = version == record_version || version == with_deliveries;
  if (!reader.enough || !reader.rest.empty() || !known || count > most_method_states || twice(state))
    return Error{Code::corrupt, shown_path + ": not a state record"};
  return state;
}

}  // namespace utmfa

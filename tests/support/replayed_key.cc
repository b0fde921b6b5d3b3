// SPDX-License-Identifier: Apache-2.0
#include "replayed_key.h"

#include <algorithm>
#include <cstring>

#include "../../utmfa_key/hid_line.h"
#include "../../utmfa_key/keys.h"
#include "../../utmfa_key/open_key.h"

namespace utmfa {
namespace {

constexpr std::size_t packet_size = 64, record_size = 65, nonce_at = 7, nonce_size = 8, command_at = 4;
constexpr unsigned char initialise = 0x86;

std::string_view left;
unsigned char nonce[nonce_size];
LineState state = LineState::well;

void* open_line(const char*) { return &left; }
void close_line(void*) {}

// The answer to INIT names the nonce of whoever asked, and libfido2 takes no other.
int read_packet(void*, unsigned char* packet, std::size_t size, int) {
  while (left.size() >= record_size && left.front() != '<') left.remove_prefix(record_size);
  if (left.size() < record_size || size != packet_size) return -1;
  std::memcpy(packet, left.data() + 1, packet_size);
  left.remove_prefix(record_size);
  if (packet[command_at] == initialise) std::copy_n(nonce, nonce_size, packet + nonce_at);
  if (told_by(packet) == LineState::busy) state = LineState::busy;
  return static_cast<int>(size);
}

// Behind the number of the report, which a key does not see.
int write_packet(void*, const unsigned char* packet, std::size_t size) {
  if (size == record_size && packet[1 + command_at] == initialise)
    std::copy_n(packet + 1 + nonce_at, nonce_size, nonce);
  return static_cast<int>(size);
}

}  // namespace

bool is_hid(std::string_view) { return true; }
LineState line_state() { return state; }
void forget_line_state() { state = LineState::well; }

void use_hid_line(fido_dev_t* device) {
  const fido_dev_io_t calls = {open_line, close_line, read_packet, write_packet};
  (void)fido_dev_set_io_functions(device, &calls);
}

std::vector<std::string> key_paths() { return {"/dev/null"}; }

namespace test {

KeyWish replayed_wish(KeyVerb verb) {
  KeyWish wish;
  wish.verb = verb;
  wish.credentials = {{"utmfa", std::string(64, 'c')}};
  if (verb == KeyVerb::make) wish.credentials.clear();
  wish.hash = std::string(32, 'h');
  wish.seconds = 5;
  wish.rp = "utmfa";
  wish.user = "taro";
  return wish;
}

KeyNews replayed(std::string_view transcript, const KeyWish& wish) {
  left = transcript;
  return answer_wish(wish);
}

}  // namespace test
}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Addresses as numbers. Only inet_pton decides what an address is: no names, no octal, no leading zeros.
#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "config/config.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_address = 64;
constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int bits(int family) { return family == AF_INET ? 32 : 128; }

// The bits of a byte that lie within the prefix.
unsigned char mask(int prefix, int byte) {
  const int left = std::clamp(prefix - 8 * byte, 0, 8);
  return static_cast<unsigned char>(0xff00 >> left);
}

bool host_bits(const Network& network) {
  for (int i = 0; i < bits(network.family) / 8; ++i)
    if (network.address[i] & ~mask(network.prefix, i)) return true;
  return false;
}

}  // namespace

bool parse_address(std::string_view text, Network& network) {
  if (text.empty() || text.size() > longest_address || text.find('\0') != std::string_view::npos) return false;
  network = {};
  const std::string whole(text);
  const std::string bare = whole.substr(0, whole.find('%'));
  if (inet_pton(AF_INET6, bare.c_str(), network.address) == 1) {
    network.family = AF_INET6;
    if (std::equal(mapped, mapped + sizeof mapped, network.address)) {
      std::copy_n(network.address + sizeof mapped, 4, network.address);
      std::fill(network.address + 4, network.address + 16, static_cast<unsigned char>(0));
      network.family = AF_INET;
    }
  } else if (inet_pton(AF_INET, whole.c_str(), network.address) == 1) {
    network.family = AF_INET;
  } else {
    return false;
  }
  network.prefix = bits(network.family);
  return true;
}

bool parse_network(std::string_view text, Network& network) {
  const std::size_t slash = text.find('/');
  if (!parse_address(text.substr(0, slash), network)) return false;
  if (slash == std::string_view::npos) return true;
  const bool written_long = text.substr(0, slash).find(':') != std::string_view::npos;
  const int before = written_long && network.family == AF_INET ? 96 : 0;  // a mapped network counts from there
  const auto prefix = number(text.substr(slash + 1), before, before + bits(network.family));
  if (!prefix) return false;
  network.prefix = static_cast<int>(*prefix) - before;
  return !host_bits(network);
}

bool contains(const Network& network, std::string_view address) {
  Network host;
  if (!parse_address(address, host) || host.family != network.family) return false;
  for (int i = 0; i < bits(network.family) / 8; ++i)
    if ((host.address[i] ^ network.address[i]) & mask(network.prefix, i)) return false;
  return true;
}

std::string network_text(const Network& network) {
  char text[INET6_ADDRSTRLEN] = "";
  if (!inet_ntop(network.family, network.address, text, sizeof text)) return {};
  return network.prefix == bits(network.family) ? text : text + ("/" + std::to_string(network.prefix));
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "ssh_line.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_table = 4U << 20;
constexpr std::string_view established = "01";

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(' ', end);
  }
  return found;
}

// As the kernel prints it: the words of the address in its own byte order.
std::string printed(const std::uint32_t* address, int count, unsigned port) {
  std::string text;
  char part[16];
  for (int i = 0; i < count; ++i) {
    snprintf(part, sizeof part, "%08X", address[i]);
    text += part;
  }
  snprintf(part, sizeof part, ":%04X", port);
  return text + part;
}

// An IPv4 address stands in the table of IPv6 where the server listens for both.
struct End {
  std::string four, six;
};

std::optional<End> end_of(std::string_view address, std::string_view port_text) {
  const auto port = number(port_text, 1, 65535);
  if (!port) return std::nullopt;
  const auto value = static_cast<unsigned>(*port);
  in_addr four{};
  in6_addr six{};
  const std::string text(address);
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
    const std::uint32_t mapped[4] = {0, 0, htonl(0xffff), four.s_addr};
    return End{printed(&four.s_addr, 1, value), printed(mapped, 4, value)};
  }
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return std::nullopt;
  std::uint32_t address_words[4];
  static_assert(sizeof address_words == sizeof six);
  std::memcpy(address_words, &six, sizeof six);
  return End{{}, printed(address_words, 4, value)};
}

std::string table_at(const char* path) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  std::string text;
  char bytes[16384];
  for (ssize_t got; file && text.size() < longest_table && (got = read(file.get(), bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

bool hung_up_in(std::string_view table, std::string_view line) {
  const std::vector<std::string_view> parts = words(line);
  if (parts.size() != 5 || parts[0] != "ssh") return false;
  const std::optional<End> theirs = end_of(parts[1], parts[2]), ours = end_of(parts[3], parts[4]);
  if (!theirs || !ours) return false;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    const std::vector<std::string_view> row = words(table.substr(0, end));
    table.remove_prefix(std::min(end + 1, table.size()));
    if (row.size() < 4) continue;
    const bool same =
        (row[1] == ours->four && row[2] == theirs->four) || (row[1] == ours->six && row[2] == theirs->six);
    if (same) return row[3] != established;
  }
  return false;
}

bool hung_up(std::string_view line) {
  if (line.substr(0, 4) != "ssh ") return false;
  return hung_up_in(table_at("/proc/self/net/tcp"), line) || hung_up_in(table_at("/proc/self/net/tcp6"), line);
}

}  // namespace utmfa

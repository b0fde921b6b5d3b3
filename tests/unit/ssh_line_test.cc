// SPDX-License-Identifier: Apache-2.0
// Who has hung up, by real connections and by the text of the kernel's table.
#include "../../utmfad/ssh_line.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "support/check.h"

namespace utmfa {
namespace {

struct Connection {
  int client = -1, server = -1;
  std::string line;
};

// Nothing where the machine does not have this family.
Connection connected(int family, const char* listens, const char* address) {
  sockaddr_storage at{};
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  at.ss_family = static_cast<sa_family_t>(family);
  auto* four = reinterpret_cast<sockaddr_in*>(&at);
  auto* six = reinterpret_cast<sockaddr_in6*>(&at);
  if (family == AF_INET) inet_pton(AF_INET, listens, &four->sin_addr);
  if (family == AF_INET6) inet_pton(AF_INET6, listens, &six->sin6_addr);
  const int listener = socket(family, SOCK_STREAM, 0), no = 0;
  if (family == AF_INET6) (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener, 1) != 0)
    return {};
  getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  const in_port_t port = family == AF_INET ? four->sin_port : six->sin6_port;

  sockaddr_in6 to6{};
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  to6.sin6_family = AF_INET6;
  to4.sin_port = to6.sin6_port = port;
  const bool by_four = inet_pton(AF_INET, address, &to4.sin_addr) == 1;
  if (!by_four) assert_int_equal(inet_pton(AF_INET6, address, &to6.sin6_addr), 1);
  Connection made;
  made.client = socket(by_four ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  const int came = by_four ? connect(made.client, reinterpret_cast<sockaddr*>(&to4), sizeof to4)
                           : connect(made.client, reinterpret_cast<sockaddr*>(&to6), sizeof to6);
  if (came != 0) return {};
  made.server = accept(listener, nullptr, nullptr);
  close(listener);
  sockaddr_storage mine{};
  socklen_t length = sizeof mine;
  getsockname(made.client, reinterpret_cast<sockaddr*>(&mine), &length);
  const in_port_t from =
      by_four ? reinterpret_cast<sockaddr_in*>(&mine)->sin_port : reinterpret_cast<sockaddr_in6*>(&mine)->sin6_port;
  made.line = std::string("ssh ") + address + " " + std::to_string(ntohs(from)) + " " + address + " " +
              std::to_string(ntohs(port));
  return made;
}

void real_connections(void**) {
  const struct {
    int family;
    const char *listens, *address;
  } rows[] = {{AF_INET, "127.0.0.1", "127.0.0.1"}, {AF_INET6, "::1", "::1"}, {AF_INET6, "::", "127.0.0.1"}};
  for (const auto& [family, listens, address] : rows) {
    const Connection made = connected(family, listens, address);
    if (made.server < 0 && family == AF_INET6) continue;  // a machine without IPv6
    assert_true(made.server >= 0);
    assert_false(hung_up(made.line));
    assert_false(hung_up(made.line.substr(4)));
    close(made.client);
    pollfd gone = {made.server, POLLRDHUP, 0};
    assert_int_equal(poll(&gone, 1, 20000), 1);
    assert_true(hung_up(made.line));
    close(made.server);
  }
}

void rows_of_the_table(void**) {
  const std::string head = "  sl  local_address rem_address   st tx_queue rx_queue\n";
  const std::string there = "   0: 0A0200C0:0016 010200C0:D431 01 00000000:00000000 00:00000000\n";
  const std::string gone = "   1: 0A0200C0:0016 010200C0:D431 08 00000000:00000001 00:00000000\n";
  const std::string line = "ssh 192.0.2.1 54321 192.0.2.10 22";
  assert_true(hung_up_in(head + gone, line));
  assert_false(hung_up_in(head + there, line));
  assert_true(hung_up_in(gone.substr(0, gone.size() - 1), line));
  // Another client, another port, the two ends exchanged, nothing at all.
  for (const char* other :
       {"ssh 192.0.2.2 54321 192.0.2.10 22", "ssh 192.0.2.1 54322 192.0.2.10 22", "ssh 192.0.2.1 54321 192.0.2.10 23",
        "ssh 192.0.2.10 22 192.0.2.1 54321", "ssh", "", "ssh 192.0.2.1 54321 192.0.2.10", "process 0 42",
        "ssh x 54321 192.0.2.10 22", "ssh 192.0.2.1 0 192.0.2.10 22", "ssh 192.0.2.1 -1 192.0.2.10 22",
        "ssh fe80::1%eth0 54321 192.0.2.10 22", "ssh 192.0.2.1 54321 192.0.2.10 22 more"})
    assert_false(hung_up_in(head + gone, other));
  for (const char* table : {"", "\n\n", "1: 2 3", "\xff\xfe"}) assert_false(hung_up_in(table, line));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::real_connections),
      cmocka_unit_test(utmfa::rows_of_the_table),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

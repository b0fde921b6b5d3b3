// SPDX-License-Identifier: Apache-2.0
// Addresses and networks of exemptions: what is one, what it contains, and that no name ever is.
#include <string>

#include "config/config.h"
#include "support/check.h"

namespace utmfa {
namespace {

void networks_are_numbers(void**) {
  Network network;
  for (const std::string_view text :
       {"192.0.2.1", "0.0.0.0/0", "192.0.2.0/24", "255.255.255.255/32", "::", "::/0", "2001:db8::/32", "::1/128",
        "::ffff:192.0.2.1", "::ffff:192.0.2.0/120", "fe80::1%eth0", "fe80::%eth0/64", "::192.0.2.1"})
    if (!parse_network(text, network)) fail_msg("%s was refused", std::string(text).c_str());
  for (const std::string_view text : {"",
                                      " ",
                                      "/",
                                      "/24",
                                      "192.0.2.0/",
                                      "192.0.2.0/33",
                                      "192.0.2.0/-1",
                                      "192.0.2.0/24/24",
                                      "192.0.2.0/2x",
                                      "192.0.2",
                                      "192.0.2.256",
                                      "192.0.2.1.",
                                      "0192.0.2.1",
                                      "0xc0.0.2.1",
                                      "3221225985",
                                      "192.0.2.1%eth0",
                                      "192.0.2.1/24",
                                      "::/129",
                                      "2001:db8::1/32",
                                      "::ffff:192.0.2.0/95",
                                      "::ffff:192.0.2.1/120",
                                      ":::",
                                      "1:2:3:4:5:6:7:8:9",
                                      "[::1]",
                                      "[::1]:22",
                                      "192.0.2.1:22",
                                      "localhost",
                                      "host.example",
                                      "UNKNOWN",
                                      " 192.0.2.1",
                                      "192.0.2.1 ",
                                      "192.0.2.1\n",
                                      "%eth0"})
    if (parse_network(text, network)) fail_msg("%s was accepted", std::string(text).c_str());
  assert_false(parse_network(std::string_view("192.0.2.1\0x", 11), network));
  assert_false(parse_network(std::string(100000, '1'), network));
  assert_false(parse_address("192.0.2.0/24", network));
}

void networks_contain_addresses(void**) {
  struct Row {
    std::string_view network, inside, outside;
  };
  constexpr Row rows[] = {
      {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
      {"192.0.2.0/24", "::ffff:192.0.2.7", "::192.0.2.7"},
      {"::ffff:192.0.2.0/120", "192.0.2.7", "192.0.3.7"},
      {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
      {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
      {"0.0.0.0/0", "255.255.255.255", "::1"},
      {"::/0", "2001:db8::1", "192.0.2.1"},
      {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
      {"fe80::/10", "fe80::1%eth0", "fec0::1"},
      {"::1", "0:0:0:0:0:0:0:1", "::2"},
      // What a name resolver or a person could write there is no address.
      {"0.0.0.0/0", "10.0.0.1", "host.example"},
      {"0.0.0.0/0", "10.0.0.1", ""},
      {"0.0.0.0/0", "10.0.0.1", "10.0.0.1/32"},
      {"0.0.0.0/0", "10.0.0.1", "10.0.0.1 "},
      {"0.0.0.0/0", "10.0.0.1", "10.0.0.1%eth0"},
  };
  for (const Row& row : rows) {
    Network network;
    assert_true(parse_network(row.network, network));
    if (!contains(network, row.inside)) fail_msg("%s lacks %s", row.network.data(), row.inside.data());
    if (contains(network, row.outside)) fail_msg("%s has %s", row.network.data(), row.outside.data());
  }
}

void networks_have_one_text(void**) {
  constexpr std::string_view rows[][2] = {
      {"192.0.2.1", "192.0.2.1"},          {"::ffff:192.0.2.1", "192.0.2.1"}, {"::FFFF:192.0.2.0/120", "192.0.2.0/24"},
      {"2001:0DB8::/32", "2001:db8::/32"}, {"fe80::1%eth0", "fe80::1"},       {"::/0", "::/0"}};
  for (const auto& row : rows) {
    Network network;
    assert_true(parse_network(row[0], network));
    assert_string_equal(network_text(network).c_str(), row[1].data());
  }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::networks_are_numbers),
      cmocka_unit_test(utmfa::networks_contain_addresses),
      cmocka_unit_test(utmfa::networks_have_one_text),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

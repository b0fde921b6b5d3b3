// SPDX-License-Identifier: Apache-2.0
// Whether the client of an ssh connection has hung up, by the kernel's tables: sshd does not look while PAM works. Asked by
// the broker before it sends a message that has waited. What is not found there counts as there: it may be in another
// network of the machine.
#pragma once

#include <string_view>

namespace utmfa {

// "ssh CLIENT PORT SERVER PORT", as sshd has it in SSH_CONNECTION.
bool hung_up(std::string_view line);
// In the text of /proc/net/tcp or tcp6.
bool hung_up_in(std::string_view table, std::string_view line);

}  // namespace utmfa

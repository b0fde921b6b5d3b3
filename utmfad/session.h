// SPDX-License-Identifier: Apache-2.0
// Whether a program on this machine works for somebody at another one, as sudo does in an ssh session: sudo names no
// origin and hides the environment, but sshd has noted the terminal, and logind the session. Asked before the world is
// closed, of programs that do not say themselves where the person is. It only ever finds a reason to ask no key here.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace utmfa {

enum class Session { not_known, remote };

struct SessionNotes {
  std::string processes = "/proc", sessions = "/run/systemd/sessions", terminals = "/run/utmp";
};
Session session_of(pid_t program, std::string_view tty, const SessionNotes& notes = {});

}  // namespace utmfa

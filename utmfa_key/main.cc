// SPDX-License-Identifier: Apache-2.0
// utmfa-key: talks to the security keys of this machine for one question of one sign-in, and ends. It has the devices
// and nothing else, decides nothing and is believed nothing. utmfa-key(8) is the manual.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <optional>
#include <thread>

#include "device/frames.h"
#include "keys.h"

namespace utmfa {
namespace {

constexpr int line_at = 3;
constexpr unsigned beyond_seconds = 15;  // after the time for a touch the kernel ends us
constexpr rlim_t most_memory = 64U << 20, most_descriptors = 64, most_processor_seconds = 30;

bool limited(__rlimit_resource_t what, rlim_t most) {
  const rlimit value = {most, most};
  return setrlimit(what, &value) == 0;
}

// Who we are was settled before us. No file is ours, none can be made, and nobody looks into our memory.
bool confined() {
  return prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limited(RLIMIT_CORE, 0) &&
         limited(RLIMIT_FSIZE, 0) && limited(RLIMIT_DATA, most_memory) && limited(RLIMIT_NOFILE, most_descriptors) &&
         limited(RLIMIT_CPU, most_processor_seconds);
}

std::optional<KeyWish> received() {
  char bytes[wire::longest_frame];
  ssize_t got;
  do got = recv(line_at, bytes, sizeof bytes, MSG_TRUNC);
  while (got < 0 && errno == EINTR);
  if (got <= 0 || got > static_cast<ssize_t>(sizeof bytes)) return std::nullopt;
  Result<KeyWish> wish = read_wish(wire::Reader({bytes, static_cast<std::size_t>(got)}));
  explicit_bzero(bytes, static_cast<std::size_t>(got));
  if (!wish) return std::nullopt;
  return std::move(*wish);
}

// When nobody waits for us any more, neither does a key. The other end sends nothing after its question.
void watch_line() {
  pollfd line = {line_at, POLLIN | POLLRDHUP, 0};
  while (poll(&line, 1, -1) < 0 && errno == EINTR) {
  }
  let_go();
}

KeyNews answered(const KeyWish& wish) {
  try {
    std::thread(watch_line).detach();
    return answer_wish(wish);
  } catch (const std::exception& e) {
    return unable(e.what());
  }
}

int serve() {
  if (!confined()) return 1;
  const std::optional<KeyWish> wish = received();
  if (!wish) return 1;
  alarm(static_cast<unsigned>(wish->seconds) + beyond_seconds);
  wire::Writer frame(key_news_verb);
  write_news(frame, answered(*wish));
  const bool sent = frame.fits() && send(line_at, frame.frame().data(), frame.frame().size(), MSG_NOSIGNAL) >= 0;
  _exit(sent ? 0 : 1);  // the other thread still listens
}

constexpr char help[] =
    "Usage: utmfa-key\n"
    "Talks to the security keys of this machine for utmfad and utmfa-enroll, which start it. See utmfa-key(8).\n\n"
    "  --help, --version\n";

constexpr option known[] = {{"help", no_argument, nullptr, 'h'}, {"version", no_argument, nullptr, 'v'}, {}};

}  // namespace
}  // namespace utmfa

int main(int argc, char** argv) {
  const int c = getopt_long(argc, argv, "", utmfa::known, nullptr);
  if (c == 'h') return fputs(utmfa::help, stdout) < 0 ? 1 : 0;
  if (c == 'v') return puts("utmfa-key " UTMFA_VERSION) < 0 ? 1 : 0;
  if (c != -1) return 2;
  if (fcntl(utmfa::line_at, F_GETFD) < 0) {
    fputs("utmfa-key: started by utmfad and utmfa-enroll only: see utmfa-key(8)\n", stderr);
    return 2;
  }
  return utmfa::serve();
}

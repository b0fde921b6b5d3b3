// SPDX-License-Identifier: Apache-2.0
// The listening socket is bound before the child is made, so that the module finds it whatever runs first.
#include "fake_verifier.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "support/check.h"
#include "wire/frame.h"

namespace utmfa::test {
namespace {

[[noreturn]] void wrong(const char* what, std::string_view got) {
  dprintf(STDERR_FILENO, "fake verifier: %s: got \"%.*s\"\n", what, static_cast<int>(got.size()), got.data());
  _exit(1);
}

constexpr const char* known_keys[] = {"door",      "user",   "service",  "from",  "tty",    "connection",
                                      "auth-info", "prefer", "language", "first", "screen", "purpose",
                                      "silent",    "text",   "again",    "why"};

}  // namespace

void Peer::say(std::string_view bytes) { (void)send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

void Peer::say(std::string_view verb, const Fields& fields) {
  wire::Writer frame(verb);
  for (const auto& [key, value] : fields) frame.text(key, value);
  if (!frame.fits()) wrong("script", verb);
  say(frame.frame());
}

std::string Peer::hear() {
  std::string bytes(wire::longest_frame + 1, '\0');
  const ssize_t got = recv(fd_, bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

Fields Peer::hear(std::string_view verb) {
  const std::string bytes = hear();
  const wire::Reader frame(bytes);
  if (frame.verb() != verb) wrong(std::string(verb).c_str(), bytes);
  Fields fields;
  for (const char* key : known_keys) {
    if (frame.has(key)) fields[key] = frame.text(key);
  }
  return fields;
}

void Peer::hear(std::string_view verb, const Fields& expected) {
  const Fields fields = hear(verb);
  if (fields == expected) return;
  for (const auto& [key, value] : fields) dprintf(STDERR_FILENO, "  %s = %.200s\n", key.c_str(), value.c_str());
  wrong("fields", verb);
}

void Peer::hear_the_end() {
  const std::string bytes = hear();
  if (!bytes.empty()) wrong("the end", bytes);
}

void Peer::leave_unread() {
  pollfd due = {fd_, POLLIN, 0};
  if (poll(&due, 1, -1) != 1) wrong("a packet", "nothing");
}

std::string socket_path(const std::string& run_dir) { return run_dir + (geteuid() == 0 ? "/root.sock" : "/user.sock"); }

FakeVerifier::FakeVerifier(const std::string& run_dir, const Script& script) : path_(socket_path(run_dir)) {
  sockaddr_un address = {AF_UNIX, ""};
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  const int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  assert_int_equal(listen(listening, 1), 0);
  child_ = fork();
  assert_true(child_ >= 0);
  if (child_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that fails leaves nobody behind
    Peer peer(accept(listening, nullptr, nullptr));
    close(listening);
    script(peer);
    _exit(0);
  }
  close(listening);
}

bool FakeVerifier::as_expected() {
  int status = -1;
  waitpid(child_, &status, 0);
  child_ = -1;
  return status == 0;
}

FakeVerifier::~FakeVerifier() {
  if (child_ > 0) {  // the test has failed, and nobody may ever have come
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  unlink(path_.c_str());
}

}  // namespace utmfa::test

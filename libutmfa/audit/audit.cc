// SPDX-License-Identifier: Apache-2.0
// Where the lines go: journald's native socket (systemd, "Native Journal Protocol") or the syslog socket (RFC 3164).
#include "audit/audit.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_line = 1024;
constexpr std::size_t longest_value = 300;
constexpr int longest_wait = 100;  // milliseconds
constexpr const char* journal_socket = "/run/systemd/journal/socket";
constexpr const char* syslog_socket = "/dev/log";
constexpr std::string_view syslog_notice = "<37>";  // LOG_AUTH | LOG_NOTICE

struct Part {
  const char* key;
  const char* journal_key;
  std::string value;
};

std::array<Part, 9> parts(const Event& e) {
  return {{{"user", "UTMFA_USER", e.user},
           {"service", "UTMFA_SERVICE", e.service},
           {"from", "UTMFA_FROM", e.from},
           {"tty", "UTMFA_TTY", e.tty},
           {"method", "UTMFA_METHOD", e.method},
           {"kind", "UTMFA_KIND", e.kind},
           {"by", "UTMFA_BY", e.by},
           {"failures", "UTMFA_FAILURES", e.failures < 0 ? std::string() : std::to_string(e.failures)},
           {"reason", "UTMFA_REASON", e.reason}}};
}

bool plain(std::string_view value) {
  for (const char c : value) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && std::strchr("-_.:/@+", c) == nullptr) return false;
  }
  return true;
}

std::string quoted(std::string_view value) {
  const std::string clean = cleaned(value, longest_value);
  if (plain(clean)) return clean;
  std::string text = "\"";
  for (const char c : clean) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string journal_packet(const Event& event) {
  std::string packet = "SYSLOG_IDENTIFIER=utmfa\nSYSLOG_FACILITY=4\nPRIORITY=5\nMESSAGE=" + audit_line(event) +
                       "\nUTMFA_EVENT=" + cleaned(event.what, 32) + "\n";
  for (const Part& part : parts(event))
    if (!part.value.empty()) packet += std::string(part.journal_key) + "=" + cleaned(part.value, longest_value) + "\n";
  return packet;
}

int connected(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

std::string audit_line(const Event& event) {
  std::string line = cleaned(event.what, 32);
  for (const Part& part : parts(event))
    if (!part.value.empty()) line += std::string(" ") + part.key + "=" + quoted(part.value);
  if (line.size() > longest_line) line = cleaned(line, longest_line);
  return line;
}

SystemAudit::SystemAudit() { open(); }

SystemAudit::~SystemAudit() {
  if (fd_ >= 0) close(fd_);
}

void SystemAudit::open() {
  if (fd_ >= 0) close(fd_);
  fd_ = connected(journal_socket);
  sink_ = Sink::journal;
  if (fd_ >= 0) return;
  fd_ = connected(syslog_socket);
  sink_ = fd_ >= 0 ? Sink::syslog : Sink::none;
}

Status SystemAudit::record(const Event& event) {
  if (Status sent = send(event); sent) return sent;
  open();  // the log daemon was restarted, or has only now been started
  return send(event);
}

Status SystemAudit::send(const Event& event) {
  if (sink_ == Sink::none) return Error{Code::unavailable, "audit: no log daemon listens"};
  const std::string packet = sink_ == Sink::journal ? journal_packet(event)
                                                    : std::string(syslog_notice) + "utmfa[" + std::to_string(getpid()) +
                                                          "]: " + audit_line(event);
  // A log daemon that does not read must not hold up everybody who signs in.
  pollfd ready = {fd_, POLLOUT, 0};
  if (::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Done{};
  if (errno != EAGAIN || poll(&ready, 1, longest_wait) != 1 ||
      ::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return os_error("audit", "send");
  return Done{};
}

}  // namespace utmfa

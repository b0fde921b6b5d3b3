// SPDX-License-Identifier: Apache-2.0
#include "hid_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <memory>

#include "base/file.h"

namespace utmfa {
namespace {

constexpr std::size_t packet_size = 64;

// One question, one thread that talks: more is not needed.
LineState state = LineState::well;

bool pulled_out(int code) { return code == ENODEV || code == EIO || code == ENXIO; }

// Without waiting for whoever has it: libfido2 would try for twelve seconds.
void* open_line(const char* path) {
  auto line = std::make_unique<Descriptor>(::open(path, O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!*line) {
    state = errno == EACCES || errno == EPERM ? LineState::closed : LineState::gone;
    return nullptr;
  }
  if (flock(line->get(), LOCK_EX | LOCK_NB) == 0) return line.release();
  state = LineState::held;
  return nullptr;
}

void close_line(void* handle) { const std::unique_ptr<Descriptor> line(static_cast<Descriptor*>(handle)); }

int read_packet(void* handle, unsigned char* packet, std::size_t size, int milliseconds) {
  const int fd = static_cast<const Descriptor*>(handle)->get();
  pollfd due = {fd, POLLIN, 0};
  int ready;
  do ready = poll(&due, 1, milliseconds);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0 || size != packet_size) return -1;
  const ssize_t got = ::read(fd, packet, size);
  if (got == 0 || (got < 0 && pulled_out(errno))) state = LineState::gone;
  if (got != static_cast<ssize_t>(size)) return -1;
  if (told_by(packet) == LineState::busy) state = LineState::busy;
  return static_cast<int>(got);
}

int write_packet(void* handle, const unsigned char* packet, std::size_t size) {
  const ssize_t put = ::write(static_cast<const Descriptor*>(handle)->get(), packet, size);
  if (put < 0 && pulled_out(errno)) state = LineState::gone;
  return put == static_cast<ssize_t>(size) ? static_cast<int>(put) : -1;
}

}  // namespace

bool is_hid(std::string_view path) { return path.substr(0, 11) == "/dev/hidraw"; }

void use_hid_line(fido_dev_t* device) {
  state = LineState::well;
  const fido_dev_io_t calls = {open_line, close_line, read_packet, write_packet};
  (void)fido_dev_set_io_functions(device, &calls);
}

LineState line_state() { return state; }
void forget_line_state() { state = LineState::well; }

}  // namespace utmfa

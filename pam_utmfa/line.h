// SPDX-License-Identifier: Apache-2.0
// The line to the verifier: a socket that carries one frame a packet, with a limit on every silence. Made by the
// doors, used by the dialogue. A packet that is late, cut, empty or too long is no packet.
#pragma once

#include <cstddef>
#include <string_view>

#include "arguments.h"
#include "wire/frame.h"

namespace utmfa {

class Line {
 public:
  Line() = default;
  Line(int fd, unsigned timeout) { take(fd, timeout); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line();

  // False with errno set: nobody answers there.
  bool open(const Arguments& arguments);
  // False: the frame did not fit, or the other end is gone.
  bool send(const wire::Writer& frame) const;
  // The next frame; its bytes stay until the following call. Empty: there is none, nor will there be.
  std::string_view receive();
  // The bytes behind a text of the frame, ended by a zero that overwrites the newline after it; nullptr when the
  // text has a zero inside.
  const char* c_string(std::string_view text);

 private:
  bool connect_to(const Arguments& arguments, std::string_view name);
  bool start_session(const Arguments& arguments);
  bool take(int fd, unsigned timeout);  // owned from now on
  int fd_ = -1;
  unsigned timeout_ = 0;  // seconds
  char bytes_[wire::longest_frame];
};

}  // namespace utmfa

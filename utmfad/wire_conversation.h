// SPDX-License-Identifier: Apache-2.0
// The Conversation over the module's socket. Everything that arrives is untrusted; anything but the one frame that is
// due ends the sign-in. The whole dialogue has one deadline.
#pragma once

#include <string>
#include <vector>

#include "signin/sign_in.h"
#include "wire/frame.h"

namespace utmfa {

class WireConversation final : public Conversation {
 public:
  explicit WireConversation(int socket) : socket_(socket) {}
  void end_after(std::int64_t seconds);
  // The first frame; empty Error code unavailable when nothing came in time.
  Result<std::string> receive();

  Result<Answer> ask(std::string_view prompt, Echo echo) override;
  Result<Answer> ask_behind_password(std::string_view prompt, std::size_t digits) override;
  Status tell(std::string_view text, Style style) override;
  Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                        std::string_view prompt) override;
  Status result(Outcome outcome);
  Status send(const wire::Writer& frame);
  bool there() const;  // somebody still waits for us, and there is time left

 private:
  Result<Answer> reply(std::string_view verb);
  int socket_;
  std::int64_t deadline_ms_ = 0;  // CLOCK_MONOTONIC
  bool broken_off_ = false;       // by the module: the host's conversation failed
  bool hasty_ = false;            // the last answer was the password, faster than a person types
};

}  // namespace utmfa

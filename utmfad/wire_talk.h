// SPDX-License-Identifier: Apache-2.0
// A registration's conversation over the line: to the PAM module, which knows prompts, texts and lists, so that pictures
// become texts; or to a person's own utmfa-enroll, which draws and tries for itself.
#pragma once

#include "setup/talk.h"
#include "wire_conversation.h"

namespace utmfa {

enum class Listener { module, program };

class WireTalk final : public Talk {
 public:
  WireTalk(WireConversation& line, Listener listener, Room room) : line_(line), listener_(listener), room_(room) {}

  Result<Answer> ask(std::string_view prompt, Echo echo) override { return heard(line_.ask(prompt, echo)); }
  Status tell(std::string_view text, Style style) override { return line_.tell(text, style); }
  Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                        std::string_view prompt) override {
    return heard(line_.choose(title, items, prompt));
  }
  Room room() const override { return room_; }
  bool gone() const override { return gone_; }
  Status picture(std::string_view uri) override;
  Status data(std::string_view json) override;
  // The program signs in on the test service by itself. Its word is not believed: what counts is the state afterwards.
  Status trial(const std::string& method);

 private:
  template <typename T>
  Result<T> heard(Result<T> answer) {
    if (!answer) gone_ = true;
    return answer;
  }
  Status to_program(std::string_view verb, std::string_view text);
  WireConversation& line_;
  Listener listener_;
  Room room_;
  bool gone_ = false;
};

}  // namespace utmfa

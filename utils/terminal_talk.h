// SPDX-License-Identifier: Apache-2.0
// A registration's conversation on this terminal: root's own, and that of a person whose utmfa-enroll shows what the
// verifier says.
#pragma once

#include "setup/talk.h"

namespace utmfa {

// left_out: the secret stands above it as text, and whoever has it read out does not want forty lines of blocks.
enum class Picture { drawn, left_out };

class TerminalTalk final : public Talk {
 public:
  explicit TerminalTalk(Picture picture = Picture::drawn) : picture_(picture) {}
  Result<Answer> ask(std::string_view prompt, Echo echo) override;
  Status tell(std::string_view text, Style style) override;
  Result<Answer> choose(std::string_view title, const std::vector<std::string>& items,
                        std::string_view prompt) override;
  Room room() const override { return Room::page; }
  bool gone() const override;
  Status picture(std::string_view uri) override;
  Status data(std::string_view json) override;

 private:
  Picture picture_;
};

}  // namespace utmfa

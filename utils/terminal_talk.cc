// SPDX-License-Identifier: Apache-2.0
// Lists are numbered as the PAM module numbers them.
#include "terminal_talk.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "setup/qr.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

QrStyle qr_style_here() {
  const char* terminal = secure_getenv("TERM");
  if (isatty(STDOUT_FILENO) == 0 || terminal == nullptr || std::string_view(terminal) == "dumb") return QrStyle::plain;
  return terminal_is_utf8() ? QrStyle::half_blocks : QrStyle::spaces;
}

Window window_here() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

}  // namespace

Result<Answer> TerminalTalk::ask(std::string_view prompt, Echo echo) {
  Result<Secret> typed = utmfa::ask(prompt, echo);
  if (!typed) return typed.error();
  return Answer{Said::text, std::move(*typed)};
}

Status TerminalTalk::tell(std::string_view text, Style style) {
  style == Style::info ? show(text) : complain(text);
  return Done{};
}

Result<Answer> TerminalTalk::choose(std::string_view title, const std::vector<std::string>& items,
                                    std::string_view prompt) {
  if (!title.empty()) show(title);
  int number = 0;
  for (const std::string& item : items) {
    ++number;
    show((number < 10 ? "  " : " ") + std::to_string(number) + "  " + item);
  }
  return ask(prompt, Echo::shown);
}

bool TerminalTalk::gone() const { return interrupted(); }

Status TerminalTalk::picture(std::string_view uri) {
  if (picture_ == Picture::left_out) return Done{};
  const Window window = window_here();
  const Result<QrPicture> drawn = qr_within(uri, qr_style_here(), window);
  if (!drawn) return Done{};  // the secret stands above it as text
  for (const std::string& line : drawn->lines) show(line);
  if (drawn->lines.empty())
    show(
        say("The QR code is left out: it needs a window of {0} columns and {1} lines, and this one has {2} and {3}. "
            "Type the secret, or stop with Ctrl-C, make the window larger (or its letters smaller), and begin again.",
            {std::to_string(drawn->needed.columns), std::to_string(drawn->needed.lines), std::to_string(window.columns),
             std::to_string(window.lines)}));
  return Done{};
}

Status TerminalTalk::data(std::string_view json) {
  show(json);
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// A QR code as text. Called where a person registers an app. Colours are said outright, black on white, because a
// code in the terminal's own colours is inverted on a dark one, and not every app reads that. Only where colours cannot
// be sent (through PAM: ssh shows them as text) the light modules are drawn, for a dark terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

enum class QrStyle {
  half_blocks,   // two modules above each other in one character; a terminal with UTF-8 and colours
  light_blocks,  // the same without colours, light modules drawn: for a dark terminal
  spaces,        // two coloured spaces a module; a terminal without UTF-8
  plain          // "##" a dark module; a file, a printer
};

Result<std::vector<std::string>> qr_lines(std::string_view text, QrStyle style);

struct Window {
  int columns = 0, lines = 0;  // 0: as many as one likes
};

struct QrPicture {
  std::vector<std::string> lines;  // none where it does not fit
  Window needed;                   // at least, with a line below it for the answer
};

// The picture with as much of its white margin as the window has room for: cut off or broken into lines, it is none.
Result<QrPicture> qr_within(std::string_view text, QrStyle style, Window window);

}  // namespace utmfa

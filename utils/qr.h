// SPDX-License-Identifier: Apache-2.0
// A QR code as text. Called where a person registers an app. Colours are said outright, black on white, because a
// code in the terminal's own colours is inverted on a dark one, and not every app reads that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

enum class QrStyle {
  half_blocks,  // two modules above each other in one character; a terminal with UTF-8 and colours
  spaces,       // two coloured spaces a module; a terminal without UTF-8
  plain         // "##" a dark module; a file, a printer
};

QrStyle qr_style_here();  // of standard output
Result<std::vector<std::string>> qr_lines(std::string_view text, QrStyle style);

}  // namespace utmfa

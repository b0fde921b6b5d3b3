// SPDX-License-Identifier: Apache-2.0
// Modules from libqrencode, the quiet zone of four that the standard demands (ISO/IEC 18004), and three ways to draw.
#include "qr.h"

#include <qrencode.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>

#include "terminal.h"

namespace utmfa {
namespace {

constexpr int quiet_zone = 4;
constexpr std::string_view black_on_white = "\033[38;5;16;48;5;231m";
constexpr std::string_view white_space = "\033[48;5;231m  ", black_space = "\033[48;5;16m  ", usual = "\033[0m";

class Modules {
 public:
  explicit Modules(const QRcode& code) : code_(code) {}
  int size() const { return code_.width + 2 * quiet_zone; }
  bool dark(int row, int column) const {
    row -= quiet_zone;
    column -= quiet_zone;
    if (row < 0 || column < 0 || row >= code_.width || column >= code_.width) return false;
    return (code_.data[row * code_.width + column] & 1) != 0;
  }

 private:
  const QRcode& code_;
};

std::string half_block_row(const Modules& modules, int row) {
  std::string line(black_on_white);
  for (int column = 0; column < modules.size(); ++column) {
    const bool above = modules.dark(row, column), below = modules.dark(row + 1, column);
    line += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
  }
  return line.append(usual);
}

std::string space_row(const Modules& modules, int row) {
  std::string line;
  for (int column = 0; column < modules.size(); ++column) line += modules.dark(row, column) ? black_space : white_space;
  return line.append(usual);
}

std::string plain_row(const Modules& modules, int row) {
  std::string line;
  for (int column = 0; column < modules.size(); ++column) line += modules.dark(row, column) ? "##" : "  ";
  return line;
}

std::string drawn_row(const Modules& modules, int row, QrStyle style) {
  switch (style) {
    case QrStyle::half_blocks: return half_block_row(modules, row);
    case QrStyle::spaces: return space_row(modules, row);
    case QrStyle::plain: return plain_row(modules, row);
  }
  return {};
}

}  // namespace

QrStyle qr_style_here() {
  const char* terminal = secure_getenv("TERM");
  if (isatty(STDOUT_FILENO) == 0 || terminal == nullptr || std::string_view(terminal) == "dumb") return QrStyle::plain;
  return terminal_is_utf8() ? QrStyle::half_blocks : QrStyle::spaces;
}

Result<std::vector<std::string>> qr_lines(std::string_view text, QrStyle style) {
  const std::string copy(text);
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(copy.c_str(), 0, QR_ECLEVEL_L),
                                                             &QRcode_free);
  if (!code) return os_error("QR code", "cannot be made");
  const Modules modules(*code);
  std::vector<std::string> lines;
  const int step = style == QrStyle::half_blocks ? 2 : 1;
  for (int row = 0; row < modules.size(); row += step) lines.push_back(drawn_row(modules, row, style));
  return lines;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Modules from libqrencode, the quiet zone of four that the standard demands (ISO/IEC 18004), and three ways to draw.
#include "setup/qr.h"

#include <qrencode.h>

#include <memory>

namespace utmfa {
namespace {

constexpr int quiet_zone = 4;
constexpr int least_zone = 2;  // what phones still read; with it the usual code fits 80 columns and 24 lines
constexpr std::string_view black_on_white = "\033[38;5;16;48;5;231m";
constexpr std::string_view white_space = "\033[48;5;231m  ", black_space = "\033[48;5;16m  ", usual = "\033[0m";

class Modules {
 public:
  Modules(const QRcode& code, int zone) : code_(code), zone_(zone) {}
  int size() const { return code_.width + 2 * zone_; }
  bool dark(int row, int column) const {
    row -= zone_;
    column -= zone_;
    if (row < 0 || column < 0 || row >= code_.width || column >= code_.width) return false;
    return (code_.data[row * code_.width + column] & 1) != 0;
  }

 private:
  const QRcode& code_;
  int zone_;
};

std::string half_block_row(const Modules& modules, int row) {
  std::string line(black_on_white);
  for (int column = 0; column < modules.size(); ++column) {
    const bool above = modules.dark(row, column), below = modules.dark(row + 1, column);
    line += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
  }
  return line.append(usual);
}

std::string light_block_row(const Modules& modules, int row) {
  std::string line;
  for (int column = 0; column < modules.size(); ++column) {
    const bool above = !modules.dark(row, column), below = row + 1 < modules.size() && !modules.dark(row + 1, column);
    line += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
  }
  return line;
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
    case QrStyle::light_blocks: return light_block_row(modules, row);
    case QrStyle::spaces: return space_row(modules, row);
    case QrStyle::plain: return plain_row(modules, row);
  }
  return {};
}

bool halved(QrStyle style) { return style == QrStyle::half_blocks || style == QrStyle::light_blocks; }

using Encoded = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

Result<Encoded> encoded(std::string_view text) {
  const std::string copy(text);
  Encoded code(QRcode_encodeString8bit(copy.c_str(), 0, QR_ECLEVEL_L), &QRcode_free);
  if (!code) return os_error("QR code", "cannot be made");
  return code;
}

std::vector<std::string> drawn(const Modules& modules, QrStyle style) {
  std::vector<std::string> lines;
  for (int row = 0; row < modules.size(); row += halved(style) ? 2 : 1) lines.push_back(drawn_row(modules, row, style));
  return lines;
}

Window window_for(const Modules& modules, QrStyle style) {
  if (halved(style)) return {modules.size(), (modules.size() + 1) / 2 + 1};
  return {2 * modules.size(), modules.size() + 1};
}

bool fits(Window needed, Window window) {
  return (window.columns == 0 || needed.columns <= window.columns) &&
         (window.lines == 0 || needed.lines <= window.lines);
}

}  // namespace

Result<std::vector<std::string>> qr_lines(std::string_view text, QrStyle style) {
  const Result<Encoded> code = encoded(text);
  if (!code) return code.error();
  return drawn(Modules(**code, quiet_zone), style);
}

Result<QrPicture> qr_within(std::string_view text, QrStyle style, Window window) {
  const Result<Encoded> code = encoded(text);
  if (!code) return code.error();
  QrPicture picture;
  for (int zone = quiet_zone; zone >= least_zone; --zone) {
    const Modules modules(**code, zone);
    picture.needed = window_for(modules, style);
    if (!fits(picture.needed, window)) continue;
    picture.lines = drawn(modules, style);
    return picture;
  }
  return picture;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Vendors' token files and the stock: whatever is read is valid, whatever is not is told with its line, and a stock is
// printed so that it is read again without a difference.
#include <cstdint>
#include <cstdlib>

#include "tokens/reading.h"

namespace {

void hold(bool so) {
  if (!so) std::abort();
}

bool one_line(const std::string& text) {
  return text.substr(0, 5) == "file:" && text.find_first_of("\n\r\x1b") == std::string::npos;
}

void read_files(std::string_view text) {
  const std::optional<utmfa::Secret> password(std::string_view("qwerty"));
  for (const utmfa::TokenForm form : {utmfa::TokenForm::found_out, utmfa::TokenForm::entra, utmfa::TokenForm::pskc}) {
    utmfa::Reading reading("file", {"totp", "", "", ""});
    utmfa::read_tokens(text, form, password, reading);
    hold(!reading.tokens.empty() || !reading.problems.empty());
    for (const std::string& each : reading.problems) hold(one_line(each));
    for (const std::string& each : reading.notes) hold(one_line(each));
    std::vector<utmfa::Token> tokens;
    for (utmfa::Candidate& each : reading.tokens) {
      hold(each.line > 0 && utmfa::valid_serial(each.token.serial));
      hold(each.secret.size() >= 16 && each.secret.size() <= 128);
      each.token.secret = "sealed";
      tokens.push_back(std::move(each.token));
    }
    const std::string printed = utmfa::print_stock(tokens);
    const utmfa::Result<std::vector<utmfa::Token>> again = utmfa::parse_stock(printed, "file");
    hold(again && utmfa::print_stock(*again) == printed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_files(text);
  const utmfa::Result<std::vector<utmfa::Token>> stock = utmfa::parse_stock(text, "file");
  if (!stock) {
    hold(one_line(stock.error().what));
    return 0;
  }
  const std::string printed = utmfa::print_stock(*stock);
  const utmfa::Result<std::vector<utmfa::Token>> again = utmfa::parse_stock(printed, "file");
  hold(again && utmfa::print_stock(*again) == printed);
  return 0;
}

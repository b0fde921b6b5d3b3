// SPDX-License-Identifier: Apache-2.0
// picture, data and try: the frames that only a program of ours understands.
#include "wire_talk.h"

#include "base/text.h"
#include "setup/qr.h"
#include "signin/words.h"

namespace utmfa {

Status WireTalk::to_program(std::string_view verb, std::string_view text) {
  wire::Writer frame(verb);
  frame.text("text", text);
  const Status sent = line_.send(frame);
  frame.wipe();
  return sent;
}

Status WireTalk::picture(std::string_view uri) {
  if (listener_ == Listener::program) return to_program("picture", uri);
  if (room_ == Room::line) return Done{};
  const Result<std::vector<std::string>> lines = qr_lines(uri, QrStyle::light_blocks);
  if (!lines) return Done{};  // the secret was told as text
  std::string text;
  for (const std::string& line : *lines) text += (text.empty() ? "" : "\n") + line;
  return tell(text, Style::info);
}

Status WireTalk::data(std::string_view json) {
  if (listener_ == Listener::module) return Error{Code::internal, "data: not to a module"};
  return to_program("data", json);
}

Status WireTalk::trial(const std::string& method) {
  wire::Writer frame("try");
  frame.text("method", method);
  if (Status sent = line_.send(frame); !sent) return sent;
  const Result<std::string> bytes = heard(line_.receive());
  if (!bytes) return bytes.error();
  const wire::Reader reply(*bytes);
  if (!reply.valid() || reply.verb() != "tried") {
    gone_ = true;
    return Error{Code::unavailable, say("stopped")};
  }
  if (reply.number("granted", 1, 0) == 1) return Done{};
  const Code code = reply.number("unavailable", 1, 0) == 1 ? Code::unavailable : Code::refused;
  return Error{code, cleaned(reply.text("text"), 500)};
}

}  // namespace utmfa

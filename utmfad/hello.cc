// SPDX-License-Identifier: Apache-2.0
// docs/wire.md says what a hello may hold.
#include "hello.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/formats.h"
#include "base/text.h"
#include "names.h"
#include "wire/frame.h"

namespace utmfa {
namespace {

static_assert(wire::version[0] == '0' + formats::wire.version && wire::version[1] == '\0');
constexpr std::size_t longest_name = 255, longest_field = 4096, longest_auth_info = 8192;
constexpr std::array<std::pair<std::string_view, EntryDoor>, 4> doors = {{{"authenticate", EntryDoor::authenticate},
                                                                          {"account", EntryDoor::account},
                                                                          {"set-up", EntryDoor::set_up},
                                                                          {"self", EntryDoor::self}}};

std::optional<EntryDoor> door_named(std::string_view name) {
  for (const auto& [word, door] : doors)
    if (word == name) return door;
  return std::nullopt;
}

FirstFactor first_factor(std::string_view word) {
  if (word == "proven") return FirstFactor::proven;
  return word == "typed" ? FirstFactor::typed : FirstFactor::unknown;
}

Screen screen(std::string_view word) {
  if (word == "greeter-lists") return Screen::greeter_lists;
  return word == "greeter" ? Screen::greeter : Screen::lines;
}

Result<Request> parsed_request(const wire::Reader& frame) {
  Request request;
  const std::pair<std::string_view, std::string*> fields[] = {
      {"act", &request.act},       {"kind", &request.kind},       {"label", &request.label},
      {"digits", &request.digits}, {"period", &request.period},   {"algorithm", &request.algorithm},
      {"serial", &request.serial}, {"counter", &request.counter}, {"method", &request.method},
      {"number", &request.number}, {"slot", &request.slot},       {"extension", &request.extension},
      {"prefer", &request.prefer}, {"device", &request.device},   {"ssh-key", &request.ssh_key},
      {"line", &request.line}};
  for (const auto& [key, value] : fields) {
    if (!frame.has(key)) continue;
    if (frame.text(key).size() > longest_field)
      return Error{Code::invalid, "hello: " + std::string(key) + ": too long"};
    *value = frame.text(key);
  }
  if (act_for(request.act) == nullptr) return Error{Code::invalid, "hello: act: unknown"};
  if (frame.has("methods"))
    for (const std::string_view each : split(frame.text("methods"), ' ')) request.methods.emplace_back(each);
  if (request.methods.size() > most_methods) return Error{Code::invalid, "hello: methods: too many"};
  request.secret = Secret(frame.text("secret"));
  request.code = Secret(frame.text("code"));
  if (frame.text("form") == "json") request.form = Format::json;
  if (frame.text("proving") == "at-once") request.proving = Request::Proving::at_once;
  if (frame.number("sure", 1, 0) == 1) request.sure = Consent::given;
  return request;
}

}  // namespace

Result<Hello> parsed_hello(std::string_view bytes) {
  const wire::Reader frame(bytes);
  if (!frame.valid() || frame.verb() != "hello") return Error{Code::invalid, "module: no hello"};
  const std::optional<EntryDoor> door = door_named(frame.text("door"));
  if (!door) return Error{Code::invalid, "module: unknown door"};
  Hello hello;
  hello.door = *door;
  hello.who.user = frame.text("user");
  hello.who.service = *door == EntryDoor::self ? std::string(self_service) : std::string(frame.text("service"));
  hello.who.from = frame.text("from");
  hello.who.tty = frame.text("tty");
  hello.who.prefer = frame.text("prefer");
  hello.who.connection = frame.text("connection").substr(0, longest_field);
  hello.who.language = frame.text("language").substr(0, 2);
  if (hello.who.user.empty() || hello.who.user.size() > longest_name)
    return Error{Code::invalid, "module: user name empty or longer than 255 bytes"};
  // Some programs say for the person at the machine that he comes from the machine itself (sudo's pam_rhost).
  const bool itself = hello.who.from == host_name();
  hello.who.origin = origin_of(itself ? std::string_view() : hello.who.from, hello.who.tty, hello.who.connection);
  if (*door != EntryDoor::self) {
    if (frame.text("auth-info").size() <= longest_auth_info) hello.auth_info = frame.text("auth-info");
    hello.who.first = first_factor(frame.text("first"));
    hello.who.screen = screen(frame.text("screen"));
    if (frame.text("purpose") == "unlock") hello.who.purpose = Purpose::unlock;
    return hello;
  }
  Result<Request> request = parsed_request(frame);
  if (!request) return request.error();
  hello.request = std::move(*request);
  return hello;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// nlohmann-json's writer, and its event reader: a reply is never held as a tree, so that no depth or width costs
// anything.
#include "gateway/message.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/formats.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr int deepest_reply = 8;
constexpr std::size_t longest_entered = 32, longest_detail = 300;
constexpr std::array<std::string_view, 5> results = {"sent", "approved", "denied", "failed", "busy"};
constexpr std::array<std::string_view, 5> texts = {"result", "entered", "detail", "id", "kind"};
constexpr std::array<std::string_view, 2> numbers = {"retry_after", "version"};

bool among(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::map<std::string, std::string, std::less<>> said;
  std::map<std::string, std::uint64_t, std::less<>> counted;
  std::string wrong;

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (known() && among(key_, numbers)) counted[key_] = value;
    return known() && among(key_, numbers) ? true : other();
  }
  bool string(string_t& value) override {
    if (known() && among(key_, texts)) said[key_] = value;
    return known() && among(key_, texts) ? true : other();
  }
  bool key(string_t& name) override {
    key_ = name;
    if (known() && !seen_.insert(name).second) return refuse(name + " stands there twice");
    return true;
  }
  bool start_object(std::size_t) override { return (depth_ == 0 || other()) && deeper(); }
  bool start_array(std::size_t) override { return other() && deeper(); }
  bool end_object() override { return shallower(); }
  bool end_array() override { return shallower(); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("not JSON at byte " + std::to_string(at));
  }

 private:
  bool known() const { return depth_ == 1 && (among(key_, texts) || among(key_, numbers)); }
  bool refuse(const std::string& why) {
    wrong = why;
    return false;
  }
  // A value that nobody asked for, or of another type than a key that is known.
  bool other() {
    if (depth_ == 0) return refuse("not an object");
    if (!known()) return true;
    return refuse(key_ + (among(key_, texts) ? " is not a text" : " is not a whole number from 0"));
  }
  bool deeper() { return ++depth_ <= deepest_reply || refuse("deeper than " + std::to_string(deepest_reply)); }
  bool shallower() {
    --depth_;
    return true;
  }

  std::string key_;
  std::set<std::string> seen_;
  int depth_ = 0;
};

Error unusable(const std::string& what) { return {Code::invalid, "its answer cannot be used: " + what}; }

// What the reply claims to be about must be this request; a key that is not there claims nothing.
Status about(const Reader& reader, const GatewayRequest& request) {
  if (const auto id = reader.said.find("id"); id != reader.said.end() && id->second != request.id)
    return unusable("it is for another request");
  if (const auto kind = reader.said.find("kind"); kind != reader.said.end() && kind->second != request.kind)
    return unusable("it is for another kind");
  if (const auto version = reader.counted.find("version");
      version != reader.counted.end() && version->second != formats::gateway_message.version)
    return unusable("version is not " + std::to_string(formats::gateway_message.version));
  return Done{};
}

Status read_entered(const Reader& reader, GatewayReply& reply) {
  const auto entered = reader.said.find("entered");
  if (entered == reader.said.end()) return Done{};
  if (entered->second.size() > longest_entered || cleaned(entered->second, longest_entered) != entered->second)
    return unusable("entered is longer than 32 bytes or has control characters");
  reply.entered = entered->second;
  return Done{};
}

}  // namespace

std::string_view name(Delivered delivered) { return results[static_cast<std::size_t>(delivered)]; }

Result<Secret> request_text(const GatewayRequest& request) {
  nlohmann::ordered_json json{
      {"version", formats::gateway_message.version}, {"kind", request.kind}, {"id", request.id}};
  const std::pair<const char*, std::string_view> fields[] = {{"user", request.user},
                                                             {"to", request.to},
                                                             {"extension", request.extension},
                                                             {"subject", request.subject},
                                                             {"text", request.text.view()},
                                                             {"code", request.code.view()},
                                                             {"language", request.language},
                                                             {"service", request.service},
                                                             {"from", request.from}};
  for (const auto& [key, value] : fields)
    if (!value.empty()) json[key] = value;
  if (request.expires > 0) json["expires"] = request.expires;
  // Bytes that are no text are replaced, so that a file name or an address cannot keep a message from being sent.
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  Secret made(text);
  wipe(text);
  for (const char* key : {"text", "code"})
    if (json.contains(key)) wipe(json[key].get_ref<std::string&>());
  if (made.size() > longest_request) return Error{Code::invalid, "the message is too long"};
  return made;
}

Result<GatewayReply> parse_reply(std::string_view text, const GatewayRequest& request) {
  if (text.size() > longest_reply) return unusable("it is too long");
  if (trimmed(text).empty()) return unusable("it is empty");
  Reader reader;
  if (!nlohmann::json::sax_parse(text, &reader)) return unusable(cleaned(reader.wrong, 100));
  if (Status right = about(reader, request); !right) return right.error();
  const auto result = reader.said.find("result");
  if (result == reader.said.end()) return unusable("it has no result");
  const auto found = std::find(results.begin(), results.end(), result->second);
  if (found == results.end()) return unusable("result is none of sent, approved, denied, failed and busy");
  GatewayReply reply;
  reply.result = static_cast<Delivered>(found - results.begin());
  const bool decides = reply.result == Delivered::approved || reply.result == Delivered::denied;
  if (decides && (request.kind == "mail" || request.kind == "sms"))
    return unusable(std::string(name(reply.result)) + " is no answer to " + request.kind);
  if (Status read = read_entered(reader, reply); !read) return read.error();
  if (const auto detail = reader.said.find("detail"); detail != reader.said.end())
    reply.detail = cleaned(detail->second, longest_detail);
  if (const auto wait = reader.counted.find("retry_after"); wait != reader.counted.end())
    reply.retry_after = static_cast<std::int64_t>(std::min<std::uint64_t>(wait->second, longest_retry_after));
  return reply;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "device/frames.h"

#include <array>
#include <optional>

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::array<std::string_view, 3> verbs = {"look", "sign", "make"};
constexpr std::array<std::string_view, 3> confirmations = {"touch", "pin", "built-in"};
constexpr std::array<std::string_view, 3> algorithms = {"es256", "eddsa", "rs256"};
constexpr std::array<std::string_view, 16> ends = {
    "done",        "absent",     "foreign",    "busy",      "unplugged", "no-pin",     "wrong-pin", "pin-paused",
    "pin-blocked", "pin-needed", "pin-change", "untouched", "refused",   "unverified", "known",     "unable"};
constexpr std::size_t hash_size = 32, longest_pin = 63, longest_user = 255, longest_detail = 300, aaguid_size = 16;
constexpr std::size_t least_auth_data = 37, most_auth_data = 256, most_signature = 512, most_key = 259;
constexpr std::size_t most_made_data = 2048, most_format = 32, most_certificate = 4096;
constexpr unsigned long most_retries = 100;

template <typename Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names, std::string_view word) {
  for (std::size_t i = 0; i < size; ++i)
    if (names[i] == word) return static_cast<Enum>(i);
  return std::nullopt;
}

template <typename Enum, std::size_t size>
std::string_view word_of(const std::array<std::string_view, size>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

std::string numbered(std::string_view stem, std::size_t number) {
  return std::string(stem) + std::to_string(number + 1);
}

void write_text(wire::Writer& frame, std::string_view key, std::string_view value) {
  if (!value.empty()) frame.text(key, value);
}

Error wrong(std::string_view what) { return {Code::invalid, "key: " + std::string(what)}; }

bool between(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most;
}

bool good_rp(std::string_view rp) { return between(rp, 1, longest_rp) && cleaned(rp, longest_rp) == rp; }

Status read_credentials(const wire::Reader& frame, KeyWish& wish) {
  const unsigned long count = frame.number("count", most_credentials, 0);
  std::string rp;
  for (std::size_t i = 0; i < count; ++i) {
    if (frame.has(numbered("rp", i))) rp = frame.text(numbered("rp", i));
    const std::string_view id = frame.text(numbered("id", i));
    if (!good_rp(rp) || id.size() > longest_credential) return wrong("credential");
    wish.credentials.push_back({rp, std::string(id)});
  }
  return Done{};
}

Status check(const KeyWish& wish) {
  if (wish.verb != KeyVerb::make && wish.credentials.empty()) return wrong("no credential");
  if (wish.verb != KeyVerb::look && wish.hash.size() != hash_size) return wrong("hash");
  if (wish.verb == KeyVerb::make && (!good_rp(wish.rp) || !between(wish.user, 1, longest_user)))
    return wrong("rp, user");
  const bool typed = between(wish.pin.view(), 1, longest_pin) && wish.pin.view().find('\0') == std::string_view::npos;
  if (typed != (wish.confirm == Confirm::pin)) return wrong("pin");
  return Done{};
}

std::string_view fault_of(const KeyNews& news, const KeyWish& wish) {
  if (news.end != KeyEnd::done) return {};
  if (wish.verb != KeyVerb::make && news.credential >= wish.credentials.size()) return "a credential that nobody asked";
  if (wish.verb == KeyVerb::look) return {};
  const bool answered =
      between(news.auth_data, least_auth_data, most_auth_data) && between(news.signature, 1, most_signature);
  if (wish.verb == KeyVerb::sign) return answered ? std::string_view() : "no answer";
  const bool made = between(news.public_key, 1, most_key) && between(news.id, 1, longest_credential) &&
                    (news.aaguid.empty() || news.aaguid.size() == aaguid_size) &&
                    news.auth_data.size() <= most_made_data && news.signature.size() <= most_signature &&
                    news.certificate.size() <= most_certificate;
  return made ? std::string_view() : "no new credential";
}

}  // namespace

std::string_view name(KeyEnd end) { return word_of(ends, end); }

void write_wish(wire::Writer& frame, const KeyWish& wish) {
  frame.text("do", word_of(verbs, wish.verb));
  frame.text("confirm", word_of(confirmations, wish.confirm));
  frame.number("seconds", static_cast<unsigned long>(wish.seconds));
  write_text(frame, "hash", wish.hash);
  write_text(frame, "pin", wish.pin.view());
  write_text(frame, "rp", wish.rp);
  write_text(frame, "user", wish.user);
  frame.number("count", wish.credentials.size());
  std::string_view rp;
  for (std::size_t i = 0; i < wish.credentials.size(); ++i) {
    const Credential& each = wish.credentials[i];
    if (each.rp != rp) frame.text(numbered("rp", i), each.rp);
    rp = each.rp;
    write_text(frame, numbered("id", i), each.id);
  }
}

Result<KeyWish> read_wish(const wire::Reader& frame) {
  if (!frame.valid() || frame.verb() != key_wish_verb) return wrong("no wish");
  const auto verb = named<KeyVerb>(verbs, frame.text("do"));
  const auto confirm = named<Confirm>(confirmations, frame.text("confirm"));
  const unsigned long seconds = frame.number("seconds", longest_touch_seconds, 0);
  if (!verb || !confirm || seconds == 0) return wrong("malformed wish");
  KeyWish wish;
  wish.verb = *verb;
  wish.confirm = *confirm;
  wish.seconds = static_cast<int>(seconds);
  wish.hash = frame.text("hash");
  wish.pin = Secret(frame.text("pin"));
  wish.rp = frame.text("rp");
  wish.user = frame.text("user");
  if (Status read = read_credentials(frame, wish); !read) return read.error();
  if (Status good = check(wish); !good) return good.error();
  return wish;
}

void write_news(wire::Writer& frame, const KeyNews& news) {
  frame.text("end", name(news.end));
  write_text(frame, "detail", cleaned(news.detail, longest_detail));
  if (news.retries >= 0) frame.number("retries", static_cast<unsigned long>(news.retries));
  if (news.pin == KeyNews::Pin::set) frame.number("pin", 1);
  if (news.built_in == KeyNews::BuiltIn::ready) frame.number("built-in", 1);
  frame.number("credential", news.credential);
  write_text(frame, "auth-data", news.auth_data);
  write_text(frame, "signature", news.signature);
  if (news.public_key.empty()) return;
  frame.text("algorithm", word_of(algorithms, news.algorithm));
  frame.text("public-key", news.public_key);
  write_text(frame, "id", news.id);
  write_text(frame, "aaguid", news.aaguid);
  write_text(frame, "format", cleaned(news.format, most_format));
  write_text(frame, "certificate", news.certificate);
}

KeyNews unable(std::string_view why) {
  KeyNews news;
  news.detail = cleaned(why, longest_detail);
  return news;
}

KeyNews read_news(const wire::Reader& frame, const KeyWish& wish) {
  if (!frame.valid() || frame.verb() != key_news_verb) return unable("utmfa-key: no answer");
  const auto end = named<KeyEnd>(ends, frame.text("end"));
  const auto algorithm = named<KeyAlgorithm>(algorithms, frame.has("algorithm") ? frame.text("algorithm") : "es256");
  if (!end || !algorithm) return unable("utmfa-key: a malformed answer");
  KeyNews news;
  news.end = *end;
  news.algorithm = *algorithm;
  news.detail = cleaned(frame.text("detail"), longest_detail);
  const unsigned long retries = frame.number("retries", most_retries, most_retries + 1);
  news.retries = retries > most_retries ? -1 : static_cast<int>(retries);
  if (frame.number("pin", 1, 0) == 1) news.pin = KeyNews::Pin::set;
  if (frame.number("built-in", 1, 0) == 1) news.built_in = KeyNews::BuiltIn::ready;
  news.credential = frame.number("credential", most_credentials, most_credentials);
  news.auth_data = frame.text("auth-data");
  news.signature = frame.text("signature");
  news.public_key = frame.text("public-key");
  news.id = frame.text("id");
  news.aaguid = frame.text("aaguid");
  news.format = cleaned(frame.text("format"), most_format);
  news.certificate = frame.text("certificate");
  const std::string_view fault = fault_of(news, wish);
  return fault.empty() ? news : unable("utmfa-key: " + std::string(fault));
}

}  // namespace utmfa

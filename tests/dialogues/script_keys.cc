// SPDX-License-Identifier: Apache-2.0
// The security keys of the scripted machine, and the one of the scripted person elsewhere.
#include "base/text.h"
#include "dialogue.h"
#include "factors/factor.h"

namespace utmfa::test {
namespace {

std::string_view value_of(const std::vector<std::string_view>& words, std::string_view key) {
  for (const std::string_view each : words)
    if (each.substr(0, key.size() + 1) == std::string(key) + "=") return each.substr(key.size() + 1);
  return {};
}

bool has(const std::vector<std::string_view>& words, std::string_view word) {
  for (const std::string_view each : words)
    if (each.substr(0, each.find('=')) == word) return true;
  return false;
}

}  // namespace

void Script::note_challenge(std::string_view prompt) {
  const std::size_t at = prompt.find("u1:");
  if (at != prompt.npos) challenge_ = prompt.substr(at, prompt.find(' ', at) - at);
}

std::string Script::of_key(const std::string& name, std::string_view what) {
  const auto key = keys_.find(name);
  const Result<KeyChallenge> challenge = parse_challenge(challenge_);
  if (key == keys_.end() || !challenge) return "no such key, or nothing was asked";
  key->second->flags = challenge->verification == Verification::required && what != "touches" ? 0x05 : 0x01;
  ++key->second->counter;
  if (what == "lines") return key->second->fido2_assert(*challenge);
  return key->second->answered(*challenge);
}

KeyNews Script::news_of(const std::vector<std::string_view>& word, const KeyWish& wish) {
  KeyNews news;
  for (int each = 0; each <= static_cast<int>(KeyEnd::unable); ++each)
    if (word[1] == name(static_cast<KeyEnd>(each))) news.end = static_cast<KeyEnd>(each);
  if (word[1] != "here" && word[1] != "signed") {
    if (word.size() > 2) news.retries = static_cast<int>(*number(word[2], 0, 99));
    return news;
  }
  SoftKey& key = *keys_.at(std::string(word[2]));
  news.end = KeyEnd::foreign;
  for (std::size_t i = 0; i < wish.credentials.size() && news.end == KeyEnd::foreign; ++i) {
    if (wish.credentials[i].id != key.id) continue;
    news.end = KeyEnd::done;
    news.credential = i;
  }
  if (has(word, "pin")) news.pin = KeyNews::Pin::set;
  if (has(word, "finger")) news.built_in = KeyNews::BuiltIn::ready;
  if (const auto tries = number(value_of(word, "pin"), 0, 99)) news.retries = static_cast<int>(*tries);
  if (word[1] == "here") return news;
  const auto flags = number(value_of(word, "flags"), 0, 255),
             counter = number(value_of(word, "counter"), 0, UINT32_MAX);
  key.flags = static_cast<unsigned char>(flags.value_or(wish.confirm == Confirm::touch ? 1 : 5));
  key.counter = counter ? static_cast<std::uint32_t>(*counter) : key.counter + 1;
  const KeyAnswer answer = key.answer(wish.hash);
  news.auth_data = answer.auth_data;
  news.signature = answer.signature;
  return news;
}

Result<KeyNews> Script::ask(const KeyWish& wish) {
  const std::string how = wish.confirm == Confirm::touch ? "touch"
                          : wish.confirm == Confirm::pin ? "pin " + std::string(wish.pin.view())
                                                         : "finger";
  expect(wish.verb == KeyVerb::look ? "k look" : "k sign " + how);
  if (faults_.next()) return Error{Code::unavailable, "the person is gone"};
  while (compare != Compare::words && !expected.empty() && expected.front().text[0] != '>' &&
         expected.front().text[0] != '=')
    expected.pop_front();
  if (expected.empty() || expected.front().text[0] != '=') {
    if (compare == Compare::words && wrong.empty()) wrong = "end: a key was asked and nothing is in the file";
    return KeyNews{};
  }
  const std::string line = expected.front().text;
  expected.pop_front();
  if (line == "= gone") return Error{Code::unavailable, "the person is gone"};
  return news_of(split(line, ' '), wish);
}

}  // namespace utmfa::test

// SPDX-License-Identifier: Apache-2.0
// The layout that we print ourselves, read without a YAML parser: at a sign-in yaml-cpp's scanner would cost more than
// everything else together. One text, one meaning: what this takes, read_yaml() reads to the same calls (a fuzzer holds
// the two against each other); what it does not take is left to read_yaml(), which also words every error.
//
//   # comment lines at the top
//   key: value            value: a bare word, or "..." with \" and \\ as the only escapes
//   key:
//     key: value          a map, or
//     - key: value        a list of maps
//       key: value
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::string_view item_start = "  - ";

bool key_character(char c) { return (c >= 'a' && c <= 'z') || c == '-'; }

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '+' ||
         c == '.' || c == '_' || c == ':';
}

bool bare_word(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), word_character)) return false;
  const bool begins = (text.front() >= 'a' && text.front() <= 'z') || (text.front() >= '0' && text.front() <= '9');
  return begins && text.back() != ':' && text != "null";
}

// The inside of "..."; false where anything but the two escapes stands.
bool unquoted(std::string_view text, std::string& out) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\' && (++i == text.size() || (text[i] != '"' && text[i] != '\\'))) return false;
    out += text[i];
  }
  return true;
}

class Layout {
 public:
  explicit Layout(YamlReader& reader) : reader_(reader) {}

  bool line(std::string_view text, int number) {
    if (text.substr(0, item_start.size()) == item_start) return item(text, number);
    const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
    if (indent == 4) return inside_ == Inside::item && pair(text.substr(4), {number, 5});
    if (indent == 2)
      return (inside_ == Inside::map || open(Inside::map, {number, 3})) && pair(text.substr(2), {number, 3});
    return indent == 0 && leave() && pair(text, {number, 1});
  }

  bool begin(int number) { return static_cast<bool>(reader_.begin_map({number, 1})); }
  bool end() { return !waiting_ && leave() && reader_.end(); }

 private:
  enum class Inside { file, map, item };

  bool item(std::string_view text, int number) {
    if (inside_ == Inside::map) return false;
    if (inside_ == Inside::item && !(!waiting_ && reader_.end())) return false;
    if (inside_ == Inside::file && !(waiting_ && reader_.begin_list({number, 3}))) return false;
    inside_ = Inside::item;
    waiting_ = false;
    keys_.clear();
    return reader_.begin_map({number, 5}) && pair(text.substr(item_start.size()), {number, 5});
  }

  bool open(Inside inside, Place at) {
    if (!waiting_) return false;
    waiting_ = false;
    inside_ = inside;
    keys_.clear();
    return static_cast<bool>(reader_.begin_map(at));
  }

  // Back at the margin: what stood below the last key is over.
  bool leave() {
    if (waiting_) return false;
    if (inside_ == Inside::item && !reader_.end()) return false;
    if (inside_ != Inside::file && !reader_.end()) return false;
    inside_ = Inside::file;
    return true;
  }

  bool once(std::string_view key) {
    std::vector<std::string_view>& keys = inside_ == Inside::file ? file_keys_ : keys_;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
    keys.push_back(key);
    return true;
  }

  bool pair(std::string_view text, Place at) {
    const std::size_t colon = text.find(':');
    const std::string_view key = text.substr(0, colon);
    if (colon == std::string_view::npos || waiting_ || key.empty() || key == "null" || key.front() == '-') return false;
    if (!std::all_of(key.begin(), key.end(), key_character) || !once(key) || !reader_.key(at, key)) return false;
    if (colon + 1 == text.size()) {
      waiting_ = inside_ == Inside::file;
      return waiting_;
    }
    if (text[colon + 1] != ' ') return false;
    return value(text.substr(colon + 2), {at.line, at.column + static_cast<int>(colon) + 2});
  }

  bool value(std::string_view text, Place at) {
    if (bare_word(text)) return static_cast<bool>(reader_.value(at, text, Form::plain));
    std::string inner;
    return unquoted(text, inner) && reader_.value(at, inner, Form::quoted);
  }

  YamlReader& reader_;
  Inside inside_ = Inside::file;
  bool waiting_ = false;  // a key at the margin whose map or list must follow
  std::vector<std::string_view> file_keys_, keys_;
};

bool odd(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }

}  // namespace

bool read_own_layout(std::string_view text, std::size_t longest, YamlReader& reader) {
  if (text.empty() || text.size() > longest || text.back() != '\n') return false;
  if (std::any_of(text.begin(), text.end(), odd) || !valid_utf8(text)) return false;
  Layout layout(reader);
  int number = 0;
  for (; !text.empty() && text.front() == '#'; ++number) text.remove_prefix(text.find('\n') + 1);
  if (text.empty() || !layout.begin(number + 1)) return false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (!layout.line(text.substr(0, end), ++number)) return false;
    text.remove_prefix(end + 1);
  }
  return layout.end();
}

}  // namespace utmfa

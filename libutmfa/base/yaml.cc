// SPDX-License-Identifier: Apache-2.0
// The text is checked before yaml-cpp sees it (it would take UTF-16, NUL and stray control characters), and its events
// are checked before a reader sees them (it would take keys twice, and aliases that grow without end).
#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <vector>

#include "base/text.h"

namespace utmfa {
namespace {

Place place_of(const YAML::Mark& mark) { return mark.is_null() ? Place{1, 1} : Place{mark.line + 1, mark.column + 1}; }

std::size_t broken_byte(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size()) {
    std::size_t length = 1;
    while (length <= 4 && !valid_utf8(line.substr(at, length))) ++length;
    if (length > 4) break;
    at += length;
  }
  return at;
}

bool control(char byte) { return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t') || byte == 0x7f; }

Status check_line(std::string_view line, const std::string& path, int number) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const auto at = [number](std::size_t offset) { return Place{number, static_cast<int>(offset) + 1}; };
  if (number == 1 && line.substr(0, 3) == "\xef\xbb\xbf")
    return yaml_error(path, at(0), "the file begins with a byte order mark", "UTF-8 without one is expected");
  const auto bad = std::find_if(line.begin(), line.end(), control);
  if (bad != line.end())
    return yaml_error(path, at(static_cast<std::size_t>(bad - line.begin())), "a control character stands here",
                      "text is expected");
  if (!valid_utf8(line)) return yaml_error(path, at(broken_byte(line)), "this is not UTF-8", "UTF-8 text is expected");
  const std::size_t indented = line.find_first_not_of(' ');
  if (indented != std::string_view::npos && line[indented] == '\t')
    return yaml_error(path, at(indented), "a tab stands in the indentation", "spaces are expected");
  return Done{};
}

Status check_text(std::string_view text, const std::string& path, std::size_t longest) {
  if (text.size() > longest)
    return yaml_error(path, {1, 1}, "the file is too long",
                      filled("at most {0} bytes are expected", {std::to_string(longest)}));
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (Status line = check_line(text.substr(0, end), path, ++number); !line) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return Done{};
}

class Strict final : public YAML::EventHandler {
 public:
  Strict(std::string_view text, const std::string& path, YamlReader& reader)
      : text_(text), path_(path), reader_(reader) {}

  Status result() const { return result_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "a second document begins here", "one document is expected");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { scalar(mark, {}, Form::nothing); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "an alias stands here", "the value itself is expected");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    scalar(mark, value, tag == "?" ? Form::plain : Form::quoted);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (begin(mark, Kind::list)) keep(reader_.begin_list(place_of(mark)));
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (begin(mark, Kind::map)) keep(reader_.begin_map(place_of(mark)));
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  enum class Kind { map, list };
  struct Level {
    Kind kind;
    bool key_next = true;
    Place key_at = {};
    std::vector<std::string> keys = {};
  };

  bool going() const { return static_cast<bool>(result_); }
  void keep(Status status) {
    if (going()) result_ = std::move(status);
  }
  void refuse(const YAML::Mark& mark, std::string_view wrong, std::string_view expected) {
    keep(yaml_error(path_, place_of(mark), wrong, expected));
  }

  // An anchor or a tag leaves no other trace in an event than that the value begins with its character.
  bool undecorated(const YAML::Mark& mark) {
    const auto at = static_cast<std::size_t>(mark.pos);
    const char first = at < text_.size() ? text_[at] : ' ';
    if (first == '&') refuse(mark, "an anchor stands here", "a value without one is expected");
    if (first == '!') refuse(mark, "a tag stands here", "a value without one is expected");
    return going();
  }

  bool key_next() const { return !levels_.empty() && levels_.back().kind == Kind::map && levels_.back().key_next; }

  void scalar(const YAML::Mark& mark, std::string_view text, Form form) {
    if (!going() || !undecorated(mark)) return;
    if (key_next()) return key(mark, text, form);
    // A value that is not there has the place of whatever comes next: that of its key says more.
    const bool absent = form == Form::nothing && !levels_.empty() && levels_.back().kind == Kind::map;
    value_seen();
    keep(reader_.value(absent ? levels_.back().key_at : place_of(mark), text, form));
  }

  void key(const YAML::Mark& mark, std::string_view name, Form form) {
    Level& level = levels_.back();
    if (form == Form::nothing || name.empty()) return refuse(mark, "a key is missing", "KEY: VALUE is expected");
    if (std::find(level.keys.begin(), level.keys.end(), name) != level.keys.end())
      return refuse(mark, "the key " + shown(name) + " stands here a second time", "each key once is expected");
    if (level.keys.size() == most_yaml_keys)
      return refuse(mark, "too many keys", filled("at most {0} are expected", {std::to_string(most_yaml_keys)}));
    level.keys.emplace_back(name);
    level.key_next = false;
    level.key_at = place_of(mark);
    keep(reader_.key(place_of(mark), name));
  }

  bool begin(const YAML::Mark& mark, Kind kind) {
    if (!going() || !undecorated(mark)) return false;
    if (key_next()) refuse(mark, "a map or a list stands where a key belongs", "KEY: VALUE is expected");
    if (levels_.size() == deepest_yaml)
      refuse(mark, "too deep", filled("at most {0} levels are expected", {std::to_string(deepest_yaml)}));
    if (!going()) return false;
    value_seen();
    levels_.push_back({kind});
    return true;
  }

  void value_seen() {
    if (!levels_.empty()) levels_.back().key_next = true;
  }

  void end() {
    if (!going()) return;
    levels_.pop_back();
    keep(reader_.end());
  }

  std::string_view text_;
  const std::string& path_;
  YamlReader& reader_;
  Status result_ = Done{};
  std::vector<Level> levels_;
  int documents_ = 0;
};

}  // namespace

Status read_yaml(std::string_view text, const std::string& path, std::size_t longest, YamlReader& reader) {
  if (Status checked = check_text(text, path, longest); !checked) return checked;
  Strict strict(text, path, reader);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (strict.result() && parser.HandleNextDocument(strict)) {
    }
  } catch (const YAML::Exception& broken) {
    if (strict.result())
      return yaml_error(path, place_of(broken.mark), "this is not YAML (" + cleaned(broken.msg, 100) + ")",
                        "KEY: VALUE lines are expected");
  } catch (const std::exception& broken) {
    return Error{Code::internal, path + ": cannot be read as YAML: " + cleaned(broken.what(), 100)};
  }
  return strict.result();
}

std::string shown_place(const std::string& path, Place at) {
  return path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

Error yaml_error(const std::string& path, Place at, std::string_view wrong, std::string_view expected) {
  return {Code::invalid, shown_place(path, at) + ": " + std::string(wrong) + ": " + std::string(expected)};
}

std::string shown(std::string_view text) { return '"' + cleaned(text, 60) + '"'; }

}  // namespace utmfa

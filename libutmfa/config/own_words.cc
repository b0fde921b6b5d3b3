// SPDX-License-Identifier: Apache-2.0
#include "config/own_words.h"

#include <algorithm>

namespace utmfa {
namespace {

// Their questions say where something went, or what to do with a key.
constexpr std::string_view own_questions[] = {"phone", "push", "fido"};

bool named(std::string_view key) { return key != unnamed_prompt && key != one_field_prompt; }

Status check_places(const Source& source, const Node& node, std::string_view key) {
  std::string rest = node.text;
  if (const std::size_t at = rest.find(label_place); named(key) && at != rest.npos) rest.erase(at, label_place.size());
  if (rest.find_first_of("{}") == rest.npos) return Done{};
  if (named(key)) return source.wrong(node, "braces only as {label}, once, are expected");
  return source.wrong(node, "text without braces is expected: names of methods are not shown there");
}

Status read_words(const Source& source, const Node& node, std::string_view key, std::string& to) {
  if (Status read = read_text(source, node, longest_own_words, to); !read) return read;
  return check_places(source, node, key);
}

// One text for both languages, or a map of languages.
Status read_one(const Source& source, const Node& node, OwnWords& to) {
  if (node.kind != Node::Kind::map) {
    if (Status read = read_words(source, node, node.key, to.en); !read) return read;
    to.ja = to.en;
    return Done{};
  }
  for (const Node& child : node.children) {
    std::string* text = child.key == "en" ? &to.en : child.key == "ja" ? &to.ja : nullptr;
    if (text == nullptr) return source.unknown(child, {"en", "ja"});
    if (Status read = read_words(source, child, node.key, *text); !read) return read;
  }
  return Done{};
}

std::vector<std::string_view> prompts_of(const Source& source) {
  std::vector<std::string_view> known = {unnamed_prompt, one_field_prompt};
  for (const std::string_view kind : source.kinds)
    if (std::find(std::begin(own_questions), std::end(own_questions), kind) == std::end(own_questions))
      known.push_back(kind);
  return known;
}

}  // namespace

Status read_own_words(const Source& source, const Node& node, std::map<std::string, OwnWords, std::less<>>& to) {
  if (node.kind == Node::Kind::nothing) return Done{};
  if (node.kind != Node::Kind::map) return source.wrong(node, "a map of prompts is expected");
  const std::vector<std::string_view> known = prompts_of(source);
  for (const Node& child : node.children) {
    if (std::find(known.begin(), known.end(), child.key) == known.end()) return source.unknown(child, known);
    if (Status read = read_one(source, child, to[child.key]); !read) return read;
  }
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa.yaml as a tree of places and texts, and the readers of its values. For config.cc only: what a key means is
// told there, in tables; here is how a table is read and how a wrong value is told.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/yaml.h"
#include "config/config.h"

namespace utmfa {

struct Node {
  enum class Kind { nothing, plain, quoted, map, list };
  std::string key;  // empty in a list
  Place key_at, at;
  Kind kind = Kind::nothing;
  std::string text;
  std::vector<Node> children;

  bool value() const { return kind == Kind::plain || kind == Kind::quoted; }
};

Result<Node> read_tree(std::string_view text, const std::string& path, int file);
// What `over` says takes the place of the same in `under`, map by map; lists named `added` are added to.
void merge(Node& under, Node over, std::string_view added);

// What the readers of values need to know of the file.
struct Source {
  std::span<const std::string> files;
  std::span<const std::string_view> kinds;
  const std::string& path(Place at) const { return files[static_cast<std::size_t>(at.file)]; }

  Error wrong(const Node& node, std::string_view expected) const;
  Error unknown(const Node& node, const std::vector<std::string_view>& known) const;
  Error wrong_list(const Node& node, std::string_view expected) const;
};

template <typename T>
struct Key {
  std::string_view name;
  Status (*read)(const Source&, const Node&, T&);
};

// Every key of the map is in the table, and is read by its row. A map without any line is an empty map.
template <typename T>
Status read_map(const Source& source, const Node& node, std::span<const Key<std::type_identity_t<T>>> keys, T& to) {
  if (node.kind == Node::Kind::nothing) return Done{};
  if (node.kind != Node::Kind::map) return source.wrong(node, "KEY: VALUE lines are expected");
  for (const Node& child : node.children) {
    const Key<T>* row = nullptr;
    std::vector<std::string_view> known;
    for (const Key<T>& key : keys) {
      known.push_back(key.name);
      if (key.name == child.key) row = &key;
    }
    if (!row) return source.unknown(child, known);
    if (Status read = row->read(source, child, to); !read) return read;
  }
  return Done{};
}

template <typename T>
struct Word {
  std::string_view text;
  T value;
};

template <typename T, std::size_t count>
Status read_word(const Source& source, const Node& node, const Word<T> (&words)[count], T& to) {
  std::string known;
  for (const Word<T>& word : words) {
    if (node.value() && node.text == word.text) {
      to = word.value;
      return Done{};
    }
    known.append(known.empty() ? "" : ", ").append(word.text);
  }
  return source.wrong(node, "one of " + known + " is expected");
}

Result<std::int64_t> read_whole(const Source& source, const Node& node, std::int64_t least, std::int64_t most);

template <typename T>
Status read_number(const Source& source, const Node& node, std::int64_t least, std::int64_t most, T& to) {
  const Result<std::int64_t> read = read_whole(source, node, least, most);
  if (!read) return read.error();
  to = static_cast<T>(*read);
  return Done{};
}

Status read_duration(const Source& source, const Node& node, std::int64_t least, std::int64_t most, std::int64_t& to);
Status read_text(const Source& source, const Node& node, std::size_t longest, std::string& to);
// A list of at least one text, none of them twice.
Status read_texts(const Source& source, const Node& node, std::vector<std::string>& to);
// The same of kinds of methods; `all` is the empty list.
Status read_kinds(const Source& source, const Node& node, std::vector<std::string>& to);
Status read_networks(const Source& source, const Node& node, std::vector<Network>& to);
Status check_service_name(const Source& source, const Node& node, std::string_view name);

}  // namespace utmfa

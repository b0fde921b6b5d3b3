// SPDX-License-Identifier: Apache-2.0
#include "config/tree.h"

#include <algorithm>

#include "base/text.h"

namespace utmfa {
namespace {

// Pointers to nodes stay good: a list of children only grows while its last child is complete.
class Builder final : public YamlReader {
 public:
  Node root;

  Status key(Place at, std::string_view name) override {
    key_ = name;
    key_at_ = at;
    return Done{};
  }
  Status value(Place at, std::string_view text, Form form) override {
    Node& node = add(at, form == Form::plain    ? Node::Kind::plain
                         : form == Form::quoted ? Node::Kind::quoted
                                                : Node::Kind::nothing);
    node.text = text;
    return Done{};
  }
  Status begin_map(Place at) override { return begin(at, Node::Kind::map); }
  Status begin_list(Place at) override { return begin(at, Node::Kind::list); }
  Status end() override {
    open_.pop_back();
    return Done{};
  }

 private:
  Status begin(Place at, Node::Kind kind) {
    open_.push_back(&add(at, kind));
    return Done{};
  }

  Node& add(Place at, Node::Kind kind) {
    Node& node = open_.empty() ? root : open_.back()->children.emplace_back();
    node.key = std::exchange(key_, {});
    node.key_at = std::exchange(key_at_, at);
    node.at = at;
    node.kind = kind;
    return node;
  }

  std::string key_;
  Place key_at_;
  std::vector<Node*> open_;
};

void stamp(Node& node, int file) {
  node.key_at.file = node.at.file = file;
  for (Node& child : node.children) stamp(child, file);
}

}  // namespace

Result<Node> read_tree(std::string_view text, const std::string& path, int file) {
  Builder builder;
  if (Status read = read_yaml(text, path, longest_config, builder); !read) return read.error();
  stamp(builder.root, file);
  return std::move(builder.root);
}

void merge(Node& under, Node over, std::string_view added) {
  if (over.kind == Node::Kind::nothing) return;
  if (under.kind == Node::Kind::list && over.kind == Node::Kind::list && under.key == added) {
    for (Node& child : over.children) under.children.push_back(std::move(child));
    return;
  }
  if (under.kind != Node::Kind::map || over.kind != Node::Kind::map) {
    under = std::move(over);
    return;
  }
  for (Node& child : over.children) {
    const auto same = std::find_if(under.children.begin(), under.children.end(),
                                   [&child](const Node& each) { return each.key == child.key; });
    if (same == under.children.end())
      under.children.push_back(std::move(child));
    else
      merge(*same, std::move(child), added);
  }
}

Error Source::wrong(const Node& node, std::string_view expected) const {
  std::string what = node.key.empty() ? "this entry" : cleaned(node.key, 60);
  switch (node.kind) {
    case Node::Kind::nothing: what += " has no value"; break;
    case Node::Kind::plain: what += " is " + cleaned(node.text, 60); break;
    case Node::Kind::quoted: what += " is " + shown(node.text); break;
    case Node::Kind::map: what += " is a map"; break;
    case Node::Kind::list: what += " is a list"; break;
  }
  return yaml_error(path(node.at), node.at, what, expected);
}

Error Source::unknown(const Node& node, const std::vector<std::string_view>& known) const {
  std::string expected;
  for (const std::string_view key : known) expected.append(expected.empty() ? "one of " : ", ").append(key);
  return yaml_error(path(node.key_at), node.key_at, "unknown key " + shown(node.key), expected + " is expected");
}

Error Source::wrong_list(const Node& node, std::string_view expected) const {
  return node.kind == Node::Kind::list ? yaml_error(path(node.at), node.at, node.key + " is an empty list", expected)
                                       : wrong(node, expected);
}

Result<std::int64_t> read_whole(const Source& source, const Node& node, std::int64_t least, std::int64_t most) {
  const auto read = number(node.text, least, most);
  if (node.kind != Node::Kind::plain || !read)
    return source.wrong(node,
                        filled("a number from {0} to {1} is expected", {std::to_string(least), std::to_string(most)}));
  return *read;
}

Status read_duration(const Source& source, const Node& node, std::int64_t least, std::int64_t most, std::int64_t& to) {
  const auto read = duration(node.text);
  if (!node.value() || !read || *read < least || *read > most)
    return source.wrong(node, filled("a time from {0} to {1}, like 90s, 15m, 12h or 30d, is expected",
                                     {duration_text(least), duration_text(most)}));
  to = *read;
  return Done{};
}

Status read_text(const Source& source, const Node& node, std::size_t longest, std::string& to) {
  const std::string_view text = node.text;
  if (!node.value() || text.empty() || text.size() > longest || cleaned(text, longest) != text)
    return source.wrong(
        node, filled("text of 1 to {0} bytes without control characters is expected", {std::to_string(longest)}));
  to = text;
  return Done{};
}

Status read_texts(const Source& source, const Node& node, std::vector<std::string>& to) {
  if (node.kind != Node::Kind::list || node.children.empty())
    return source.wrong_list(node, "a list of at least one, like [one, two], is expected");
  to.clear();
  for (const Node& child : node.children) {
    std::string text;
    if (Status read = read_text(source, child, 255, text); !read) return read;
    if (std::find(to.begin(), to.end(), text) != to.end())
      return yaml_error(source.path(child.at), child.at, shown(text) + " stands here a second time",
                        "each once is expected");
    to.push_back(std::move(text));
  }
  return Done{};
}

Status read_kinds(const Source& source, const Node& node, std::vector<std::string>& to) {
  if (node.kind == Node::Kind::plain && node.text == "all") {
    to.clear();
    return Done{};
  }
  if (Status read = read_texts(source, node, to); !read) return read;
  for (const Node& child : node.children)
    if (std::find(source.kinds.begin(), source.kinds.end(), child.text) == source.kinds.end()) {
      std::string known;
      for (const std::string_view kind : source.kinds) known.append(known.empty() ? "" : ", ").append(kind);
      return yaml_error(source.path(child.at), child.at, "unknown kind of method " + shown(child.text),
                        "one of " + known + " is expected");
    }
  return Done{};
}

Status read_networks(const Source& source, const Node& node, std::vector<Network>& to) {
  std::vector<std::string> texts;
  if (Status read = read_texts(source, node, texts); !read) return read;
  for (const Node& child : node.children)
    if (!parse_network(child.text, to.emplace_back()))
      return source.wrong(child,
                          "an address, or a network like 192.0.2.0/24 or 2001:db8::/32 with no bit set after "
                          "its prefix, is expected");
  return Done{};
}

Status check_service_name(const Source& source, const Node& node, std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '@' || c == '-';
  };
  const Place at = node.key.empty() ? node.at : node.key_at;
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), allowed))
    return yaml_error(source.path(at), at, shown(name) + " is no name of a service",
                      "1 to 64 of A-Z, a-z, 0-9 and _.@- are expected");
  if (name == test_service)
    return yaml_error(source.path(at), at, std::string(test_service) + " is built in", "another service is expected");
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// YAML in the strict form of our own files: one document of maps, lists and values. Anchors, aliases, tags, keys that
// stand twice and further documents are refused; size, depth and keys of a map are bounded, so that no text costs
// more than one reading. Called by config/ and methods/. Only yaml.cc includes yaml-cpp, and its exceptions end there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace utmfa {

struct Place {  // where in a file something stands, counted from 1 in lines and bytes; line 0 = nowhere
  int line = 0;
  int column = 0;
  int file = 0;  // where several are read as one: which of them

  friend bool operator==(const Place&, const Place&) = default;
};

enum class Form { plain, quoted, nothing };  // nothing: no value at all, ~ or null

// What reads the file, in the order of the file. The first Error ends the reading.
class YamlReader {
 public:
  virtual Status key(Place at, std::string_view name) = 0;
  virtual Status value(Place at, std::string_view text, Form form) = 0;
  virtual Status begin_map(Place at) = 0;
  virtual Status begin_list(Place at) = 0;
  virtual Status end() = 0;  // of the innermost map or list

 protected:
  ~YamlReader() = default;
};

inline constexpr std::size_t deepest_yaml = 8;
inline constexpr std::size_t most_yaml_keys = 512;  // in one map

// Errors are "PATH:LINE:COLUMN: what is wrong: what was expected". A file without any value calls nobody.
Status read_yaml(std::string_view text, const std::string& path, std::size_t longest, YamlReader& reader);
// The same calls without a YAML parser, for a text that is laid out exactly as we print our files. false: it is not, or
// the reader refused something; the reader is spent then, and read_yaml() with a new one says what is wrong.
bool read_own_layout(std::string_view text, std::size_t longest, YamlReader& reader);
Error yaml_error(const std::string& path, Place at, std::string_view wrong, std::string_view expected);
std::string shown_place(const std::string& path, Place at);  // "PATH:LINE:COLUMN"
// Text from a file inside a message: cleaned, cut and quoted.
std::string shown(std::string_view text);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Reads the module's arguments. Each has the form name=value.
#include "arguments.h"

namespace utmfa {
namespace {

// What follows `name` in `word`; false when the word is another one.
bool value_of(std::string_view word, std::string_view name, std::string_view& value) {
  if (word.size() < name.size() || std::string_view(word.data(), name.size()) != name) return false;
  value = {word.data() + name.size(), word.size() - name.size()};
  return true;
}

bool absolute(std::string_view path, std::size_t longest) {
  return path.size() > 1 && path[0] == '/' && path.size() <= longest;
}

bool seconds(std::string_view text, unsigned& result) {
  if (text.empty() || text.size() > 3 || text[0] == '0') return false;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  result = value;
  return value <= longest_timeout;
}

}  // namespace

const char* Arguments::parse(int count, const char** words) {
  for (int i = 0; i < count; ++i) {
    if (!take(words[i])) return words[i];
  }
  return nullptr;
}

bool Arguments::take(std::string_view word) {
  std::string_view value;
  if (value_of(word, "service=", value)) {
    service = value;
    return !value.empty() && value.size() <= longest_service;
  }
  if (value_of(word, "run-dir=", value)) {
    run_dir = value;
    return absolute(value, longest_run_dir);
  }
  if (value_of(word, "verifier=", value)) {
    verifier = value == "none" ? nullptr : value.data();
    return !verifier || absolute(value, longest_path);
  }
  return value_of(word, "timeout=", value) && seconds(value, timeout);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// One registered way to prove identity, and one person's ordered list of them: plain values, no behaviour, no
// I/O. What the keys of a kind are is told by the kind's own field table (in factors/), handed in by the caller,
// so that this room knows no kind by name.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace utmfa {

// telephone: E.164, "+819012345678". once: a choice that no other method of the kind in the file has made.
enum class FieldType { text, sealed, number, time, choice, telephone, once };

// One key that a kind writes into the method file.
struct FieldRule {
  std::string_view key;
  FieldType type;
  std::string_view choices;   // for choice and once: "sha1|sha256|sha512"; for number: "6|7|8" or "0..1000"; else empty
  std::string_view fallback;  // value when the key is absent; empty = required; "-" = it may be absent
};

struct KindRule {
  std::string_view kind;
  std::span<const FieldRule> fields;
};

enum class Proof { confirmed, waiting };  // waiting: the first code has not been proven; never offered

struct Method {
  std::string id;  // [a-z0-9-]{1,32}, no hyphen first, unique in the file
  std::string kind;
  std::string label;  // the person's own name for it, UTF-8, at most 64 bytes, no control characters
  Time registered = 0;
  Time tested = 0;  // 0 = never
  Proof proof = Proof::confirmed;
  std::map<std::string, std::string, std::less<>> fields;  // the kind's keys, defaults filled in, all valid

  std::string_view field(std::string_view key) const;  // empty when absent
  std::int64_t number(std::string_view key) const;     // 0 when absent; only for FieldType::number
};

enum class Registration { none, setting_up, active, ended };  // the status of a user
std::string_view name(Registration status);                   // "setting-up"

struct Contact {
  std::string email;
  Time verified = 0;
};

struct MethodFile {
  std::string user;  // the canonical name; a file found under another name is refused
  Registration status = Registration::none;
  std::string language;  // "", "en", "ja"
  std::optional<Contact> contact;
  Time reset = 0;               // when an administrator took all methods away; 0 = never, or registered since
  std::int64_t reminded = 0;    // how often the person put off registering
  std::vector<Method> methods;  // first = default, rest = backups in order

  const Method* find(std::string_view id) const;
  Method* find(std::string_view id);
};

inline constexpr std::size_t most_methods = 24;
inline constexpr std::size_t longest_method_file = 65536;

// Errors are "PATH:LINE:COLUMN: what is wrong: what was expected". `path` is only shown.
Result<MethodFile> parse_method_file(std::string_view text, const std::string& path, std::span<const KindRule> kinds);
// The same, always through the YAML parser: what parse_method_file() falls back to, and is held against.
Result<MethodFile> parse_method_yaml(std::string_view text, const std::string& path, std::span<const KindRule> kinds);
std::string print_method_file(const MethodFile& file, std::span<const KindRule> kinds);  // parse's exact inverse

// Whether a value is one of a field's choices: words "6|7|8", numbers "0..1000".
bool valid_choice(std::string_view value, std::string_view choices);
bool valid_telephone(std::string_view number);  // by its shape alone
bool valid_method_id(std::string_view id);
bool valid_label(std::string_view label);
std::string free_id(const MethodFile& file, std::string_view stem);  // "app" -> "app-1", "app-2" ...

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The method file in one pass over the events, because it is read at every sign-in: no tree is built. A method's keys
// wait until its end, since which keys it has is told by its kind, wherever that stands.
#include <algorithm>
#include <array>

#include "base/formats.h"
#include "base/text.h"
#include "base/yaml.h"
#include "methods/method.h"

namespace utmfa {
namespace {

constexpr std::array statuses = {Registration::none, Registration::setting_up, Registration::active,
                                 Registration::ended};
constexpr std::array<std::string_view, 8> file_keys = {"version", "user",  "status",   "language",
                                                       "contact", "reset", "reminded", "methods"};
constexpr std::int64_t most_reminders = 1000;
constexpr std::array<std::string_view, 2> contact_keys = {"email", "verified"};
constexpr std::size_t longest_name = 255, longest_text = 1024, longest_sealed = 8192;
constexpr std::size_t shortest_seal = 40;  // base64 of a nonce and a tag alone
constexpr std::string_view text_expected = "text of 1 to {0} bytes without control characters is expected";

bool one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool one_of(std::string_view text, std::string_view choices) {
  const std::vector<std::string_view> words = split(choices, '|');
  return one_of(text, std::span(words));
}

bool plain_text(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && cleaned(text, text.size()) == text;
}

bool key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string_view sealed_version(std::string_view text) {
  return text.substr(0, 1) == "v" ? text.substr(1, text.find(':') - 1) : std::string_view();
}

bool base64_character(char c) { return key_character(c) ? c != '-' && c != '_' : c == '+' || c == '/'; }

// v1:KEYID:BASE64, by its shape alone; whether it opens is found out where it is opened.
bool sealed_shape(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (text.size() > longest_sealed || parts.size() != 3 || parts[0] != "v1") return false;
  const std::string_view id = parts[1];
  std::string_view bytes = parts[2];
  if (id.empty() || id.size() > 64 || !std::all_of(id.begin(), id.end(), key_character)) return false;
  if (bytes.size() < shortest_seal || bytes.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && bytes.back() == '='; ++i) bytes.remove_suffix(1);
  return std::all_of(bytes.begin(), bytes.end(), base64_character);
}

struct Entry {
  std::string key, text;
  Place key_at, at;
  Form form = Form::nothing;
};

class Reader final : public YamlReader {
 public:
  Reader(const std::string& path, std::span<const KindRule> kinds) : path_(path), kinds_(kinds) {}

  MethodFile file;

  bool complete() const { return where_ == Where::done; }
  Status key(Place at, std::string_view name) override;
  Status value(Place at, std::string_view text, Form form) override;
  Status begin_map(Place at) override;
  Status begin_list(Place at) override;
  Status end() override;

 private:
  enum class Where { start, file, contact, methods, method, done };

  Error wrong(Place at, const std::string& what, std::string_view expected) const {
    return yaml_error(path_, at, what, expected);
  }
  Error wrong_value(const Entry& entry, std::string_view expected) const {
    const std::string what = entry.form == Form::nothing ? "has no value" : "is " + shown(entry.text);
    return wrong(entry.at, entry.key + " " + what, expected);
  }
  Error wrong_type(Place at) const;
  Status missing(Place at, std::string_view key, std::string_view of) const {
    return wrong(at, std::string(key) + " is missing", filled("{0} is a key of every {1}", {key, of}));
  }

  Status read_file(const Entry& entry);
  Status read_contact(const Entry& entry);
  Status read_version(const Entry& entry);
  Status read_time(const Entry& entry, Time& time) const;
  Status read_method();
  Status read_common(const Entry& entry, Method& method) const;
  Status read_field(const Entry& entry, const FieldRule& rule, Method& method) const;
  const KindRule* rule_of(std::string_view kind) const;
  const Entry* entry(std::string_view key) const;
  Status file_complete() const;

  const std::string& path_;
  std::span<const KindRule> kinds_;
  Where where_ = Where::start;
  Entry now_;                      // the key that was read last
  std::vector<Entry> entries_;     // of the method being read
  std::vector<std::string> seen_;  // keys of the file
  Place method_at_, file_at_;
};

Error Reader::wrong_type(Place at) const {
  switch (where_) {
    case Where::start: return wrong(at, "this is not a method file", "a map that begins with version: 1 is expected");
    case Where::methods: return wrong(at, "this is not a method", "a map with id, kind and label is expected");
    case Where::file:
      if (now_.key == "contact") return wrong(at, "contact is not a map", "email and verified are expected");
      if (now_.key == "methods") return wrong(at, "methods is not a list", "a list of methods is expected");
      break;
    case Where::contact:
    case Where::method:
    case Where::done: break;
  }
  return wrong(at, now_.key + " is not a single value", "a single value is expected");
}

Status Reader::key(Place at, std::string_view name) {
  now_ = {std::string(name), {}, at, at, Form::nothing};
  if (where_ == Where::file) {
    if (!one_of(name, file_keys))
      return wrong(at, "unknown key " + shown(name),
                   "version, user, status, language, contact, reset, reminded or methods is expected");
    seen_.emplace_back(name);
  }
  if (where_ == Where::contact && !one_of(name, contact_keys))
    return wrong(at, "unknown key " + shown(name), "email or verified is expected");
  return Done{};
}

Status Reader::value(Place at, std::string_view text, Form form) {
  now_.at = at;
  now_.text = text;
  now_.form = form;
  switch (where_) {
    case Where::file: return read_file(now_);
    case Where::contact: return read_contact(now_);
    case Where::method: entries_.push_back(now_); return Done{};
    case Where::start:
    case Where::methods:
    case Where::done: break;
  }
  return wrong_type(at);
}

Status Reader::begin_map(Place at) {
  if (where_ == Where::start) {
    where_ = Where::file;
    file_at_ = at;
  } else if (where_ == Where::file && now_.key == "contact") {
    where_ = Where::contact;
    file.contact.emplace();
  } else if (where_ == Where::methods) {
    if (file.methods.size() == most_methods)
      return wrong(at, "too many methods", filled("at most {0} are expected", {std::to_string(most_methods)}));
    where_ = Where::method;
    method_at_ = at;
    entries_.clear();
  } else {
    return wrong_type(at);
  }
  return Done{};
}

Status Reader::begin_list(Place at) {
  if (where_ != Where::file || now_.key != "methods") return wrong_type(at);
  where_ = Where::methods;
  return Done{};
}

Status Reader::end() {
  switch (where_) {
    case Where::contact: {
      where_ = Where::file;
      if (file.contact->email.empty()) return missing(now_.key_at, "email", "contact");
      return Done{};
    }
    case Where::methods: where_ = Where::file; return Done{};
    case Where::method: where_ = Where::methods; return read_method();
    case Where::file: where_ = Where::done; return file_complete();
    case Where::start:
    case Where::done: break;
  }
  return Done{};
}

Status Reader::file_complete() const {
  for (const std::string_view key : {"version", "user", "status"})
    if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) return missing(file_at_, key, "method file");
  return Done{};
}

Status Reader::read_version(const Entry& entry) {
  if (entry.form != Form::plain) return wrong_value(entry, "1 is expected");
  if (number(entry.text, formats::method_file.version, formats::method_file.version)) return Done{};
  return other_version(shown_place(path_, entry.at), formats::method_file, entry.text);
}

Status Reader::read_file(const Entry& entry) {
  if (entry.key == "contact" || entry.key == "methods") return wrong_type(entry.at);
  if (entry.key == "version") return read_version(entry);
  if (entry.key == "user") {
    if (entry.form == Form::nothing || !plain_text(entry.text, longest_name))
      return wrong_value(entry, filled(text_expected, {std::to_string(longest_name)}));
    file.user = entry.text;
  } else if (entry.key == "language") {
    if (entry.form == Form::nothing || !one_of(entry.text, "en|ja")) return wrong_value(entry, "en or ja is expected");
    file.language = entry.text;
  } else if (entry.key == "reset") {
    return read_time(entry, file.reset);
  } else if (entry.key == "reminded") {
    const auto times = number(entry.text, 1, most_reminders);
    if (entry.form != Form::plain || !times) return wrong_value(entry, "a number without quotes, 1..1000, is expected");
    file.reminded = *times;
  } else {
    const auto found = std::find_if(statuses.begin(), statuses.end(),
                                    [&entry](Registration each) { return name(each) == entry.text; });
    if (found == statuses.end()) return wrong_value(entry, "none, setting-up, active or ended is expected");
    file.status = *found;
  }
  return Done{};
}

Status Reader::read_contact(const Entry& entry) {
  if (entry.key == "verified") return read_time(entry, file.contact->verified);
  if (entry.form == Form::nothing || !plain_text(entry.text, longest_name))
    return wrong_value(entry, filled(text_expected, {std::to_string(longest_name)}));
  file.contact->email = entry.text;
  return Done{};
}

Status Reader::read_time(const Entry& entry, Time& time) const {
  const std::optional<Time> read = from_iso_time(entry.text);
  if (!read) return wrong_value(entry, "a time like 2026-11-22T10:00:00+09:00 is expected");
  time = *read;
  return Done{};
}

const Entry* Reader::entry(std::string_view key) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [key](const Entry& each) { return each.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

const KindRule* Reader::rule_of(std::string_view kind) const {
  const auto found =
      std::find_if(kinds_.begin(), kinds_.end(), [kind](const KindRule& each) { return each.kind == kind; });
  return found == kinds_.end() ? nullptr : &*found;
}

Status Reader::read_method() {
  for (const std::string_view key : {"id", "kind", "label"})
    if (!entry(key)) return missing(method_at_, key, "method");
  const Entry& kind = *entry("kind");
  const KindRule* rule = kind.form == Form::nothing ? nullptr : rule_of(kind.text);
  if (!rule) {
    std::string known;
    for (const KindRule& each : kinds_) known.append(known.empty() ? "" : ", ").append(each.kind);
    return wrong_value(kind, "one of the kinds " + known + " is expected");
  }
  Method method;
  for (const Entry& each : entries_) {
    const auto field = std::find_if(rule->fields.begin(), rule->fields.end(),
                                    [&each](const FieldRule& known) { return known.key == each.key; });
    const Status read = field == rule->fields.end() ? read_common(each, method) : read_field(each, *field, method);
    if (!read) return read;
  }
  for (const FieldRule& field : rule->fields) {
    if (entry(field.key)) continue;
    if (field.fallback.empty()) return missing(method_at_, field.key, rule->kind);
    if (field.fallback != "-") method.fields.emplace(field.key, field.fallback);
  }
  if (file.find(method.id)) return wrong_value(*entry("id"), "an id that no other method in the file has is expected");
  file.methods.push_back(std::move(method));
  return Done{};
}

Status Reader::read_common(const Entry& entry, Method& method) const {
  const bool given = entry.form != Form::nothing;
  if (entry.key == "id") {
    if (!given || !valid_method_id(entry.text))
      return wrong_value(entry, "1 to 32 of a-z, 0-9 and - (not first) are expected");
    method.id = entry.text;
  } else if (entry.key == "kind") {
    method.kind = entry.text;
  } else if (entry.key == "label") {
    if (!given || !valid_label(entry.text)) return wrong_value(entry, filled(text_expected, {"64"}));
    method.label = entry.text;
  } else if (entry.key == "registered") {
    return read_time(entry, method.registered);
  } else if (entry.key == "tested") {
    return read_time(entry, method.tested);
  } else if (entry.key == "confirmed") {
    if (!given || !one_of(entry.text, "yes|no")) return wrong_value(entry, "yes or no is expected");
    method.proof = entry.text == "yes" ? Proof::confirmed : Proof::waiting;
  } else {
    return wrong(entry.key_at, "unknown key " + shown(entry.key), "a key of this kind of method is expected");
  }
  return Done{};
}

Status Reader::read_field(const Entry& entry, const FieldRule& rule, Method& method) const {
  const bool given = entry.form != Form::nothing;
  const std::string choices(rule.choices);
  switch (rule.type) {
    case FieldType::text:
      if (!given || !plain_text(entry.text, longest_text))
        return wrong_value(entry, filled(text_expected, {std::to_string(longest_text)}));
      break;
    case FieldType::sealed:  // not shown, not even when broken
      if (given && newer(formats::sealed_value, sealed_version(entry.text)))
        return other_version(shown_place(path_, entry.at), formats::sealed_value, sealed_version(entry.text));
      if (!given || !sealed_shape(entry.text))
        return wrong(entry.at, entry.key + " is not a sealed secret", "v1:KEYID:BASE64 is expected");
      break;
    case FieldType::number:
      if (entry.form != Form::plain || !valid_choice(entry.text, rule.choices))
        return wrong_value(entry, "a number without quotes, " + choices + ", is expected");
      break;
    case FieldType::time: {
      Time time = 0;
      if (Status read = read_time(entry, time); !read) return read;
      break;
    }
    case FieldType::choice:
      if (!given || !one_of(entry.text, rule.choices)) return wrong_value(entry, "one of " + choices + " is expected");
      break;
    case FieldType::telephone:
      if (entry.form != Form::quoted || !valid_telephone(entry.text))
        return wrong_value(entry, "a number like \"+819012345678\", in quotes, is expected");
      break;
    case FieldType::once:
      if (!given || !one_of(entry.text, rule.choices)) return wrong_value(entry, "one of " + choices + " is expected");
      for (const Method& each : file.methods)
        if (each.kind == method.kind && each.field(rule.key) == entry.text)
          return wrong_value(entry, "one that " + each.id + " does not have already is expected");
      break;
  }
  method.fields.emplace(entry.key, entry.text);
  return Done{};
}

}  // namespace

Result<MethodFile> parse_method_file(std::string_view text, const std::string& path, std::span<const KindRule> kinds) {
  Reader quick(path, kinds);
  if (read_own_layout(text, longest_method_file, quick) && quick.complete()) return std::move(quick.file);
  return parse_method_yaml(text, path, kinds);
}

Result<MethodFile> parse_method_yaml(std::string_view text, const std::string& path, std::span<const KindRule> kinds) {
  Reader reader(path, kinds);
  if (Status read = read_yaml(text, path, longest_method_file, reader); !read) return read.error();
  if (!reader.complete())
    return yaml_error(path, {1, 1}, "the file is empty", "a map that begins with version: 1 is expected");
  return std::move(reader.file);
}

}  // namespace utmfa

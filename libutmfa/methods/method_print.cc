// SPDX-License-Identifier: Apache-2.0
// The method file as a person reads it, and as method_file.cc reads it back without a difference.
#include <algorithm>
#include <array>

#include "base/formats.h"
#include "methods/method.h"

namespace utmfa {
namespace {

// Text of people is always quoted: "0123456789", "null" and "yes" stay text for every reader of YAML.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// An id is bare, unless it could be taken for a number, for null or for a truth.
std::string id_text(std::string_view id) {
  constexpr std::array<std::string_view, 9> words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const bool word = !id.empty() && id.front() >= 'a' && std::find(words.begin(), words.end(), id) == words.end();
  return word ? std::string(id) : quoted(id);
}

void print_time(std::string& out, std::string_view indent, std::string_view key, Time time) {
  if (time != 0) out.append(indent).append(key).append(": ").append(iso_time(time)).append("\n");
}

void print_method(std::string& out, const Method& method, std::span<const KindRule> kinds) {
  constexpr std::string_view indent = "    ";
  out.append("  - id: ").append(id_text(method.id)).append("\n");
  out.append(indent).append("kind: ").append(method.kind).append("\n");
  out.append(indent).append("label: ").append(quoted(method.label)).append("\n");
  print_time(out, indent, "registered", method.registered);
  print_time(out, indent, "tested", method.tested);
  if (method.proof == Proof::waiting) out.append(indent).append("confirmed: no\n");
  for (const KindRule& rule : kinds) {
    if (rule.kind != method.kind) continue;
    for (const FieldRule& field : rule.fields) {
      const std::string_view value = method.field(field.key);
      if (value.empty()) continue;
      out.append(indent).append(field.key).append(": ");
      // A sealed value needs no quotes, but yaml-cpp reads a long one a fifth faster with them.
      const bool quotes = field.type == FieldType::text || field.type == FieldType::sealed ||
                          field.type == FieldType::telephone;  // bare, it would be a number with a sign
      out.append(quotes ? quoted(value) : std::string(value)).append("\n");
    }
  }
}

}  // namespace

std::string print_method_file(const MethodFile& file, std::span<const KindRule> kinds) {
  std::string out =
      "# How one person signs in, kept by utmfa-enroll(1); see utmfa-methods(5). The first method is the default.\n";
  out.append("version: ")
      .append(std::to_string(formats::method_file.version))
      .append("\nuser: ")
      .append(quoted(file.user))
      .append("\n");
  out.append("status: ").append(name(file.status)).append("\n");
  if (!file.language.empty()) out.append("language: ").append(file.language).append("\n");
  if (file.contact) {
    out.append("contact:\n  email: ").append(quoted(file.contact->email)).append("\n");
    print_time(out, "  ", "verified", file.contact->verified);
  }
  print_time(out, "", "reset", file.reset);
  if (file.reminded != 0) out.append("reminded: ").append(std::to_string(file.reminded)).append("\n");
  out.append(file.methods.empty() ? "methods: []\n" : "methods:\n");
  for (const Method& each : file.methods) print_method(out, each, kinds);
  return out;
}

}  // namespace utmfa

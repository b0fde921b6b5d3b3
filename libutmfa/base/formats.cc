// SPDX-License-Identifier: Apache-2.0
#include "base/formats.h"

#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"

namespace utmfa {
namespace {

constexpr std::string_view marker = "version";
constexpr std::size_t longest_marker = 32;

}  // namespace

bool newer(const FormatVersion& known, std::string_view found) {
  return number(found, known.version + 1, INT64_MAX).has_value();
}

Error other_version(const std::string& where, const FormatVersion& expected, std::string_view found) {
  const std::string right = std::to_string(expected.version);
  const std::string what = where + ": " + std::string(expected.name) + ": version is " + shown(found);
  if (newer(expected, found))
    return {Code::invalid, what + ", written by a newer utmfa: " + right +
                               " is expected: upgrade this machine, or restore the copy from before its upgrade"};
  if (number(found, 0, expected.version - 1))
    return {Code::invalid, what + ", written by an older utmfa: " + right + " is expected: run `utmfa-admin migrate`"};
  return {Code::invalid, what + ": " + right + " is expected"};
}

Status known_layout(const std::string& directory, const FormatVersion& expected) {
  // A number is no secret: how private the rest is, whoever opens it decides.
  const Result<Descriptor> opened = open_directory(directory, Privacy::open);
  if (!opened && opened.error().code == Code::not_found) return Done{};  // nothing is laid out yet
  if (!opened) return opened.error();
  const std::string name(marker), path = directory + "/" + name;
  const Result<Descriptor> file = open_file(opened->get(), name, path, Privacy::open, Access::read);
  if (!file && file.error().code == Code::not_found) return Done{};
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), path, longest_marker);
  if (!text) return text.error();
  if (number(trimmed(*text), expected.version, expected.version)) return Done{};
  return other_version(path, expected, trimmed(*text));
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The mappings of pam_u2f, one person a line: USER:KEYHANDLE,PUBLICKEY[,TYPE[,OPTIONS]]:... as pamu2fcfg writes them.
#include <algorithm>

#include "base/text.h"
#include "base/yaml.h"
#include "transfer/row.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_line = 65536, most_keys = 24;
constexpr std::string_view types = "es256|eddsa|rs256";
// Of pamu2fcfg: user presence, user verification, a PIN.
constexpr std::string_view known_options[] = {"+presence", "+verification", "+pin"};

std::string option_fault(std::string_view options) {
  while (!options.empty()) {
    const auto found = std::find_if(std::begin(known_options), std::end(known_options),
                                    [&](std::string_view each) { return options.substr(0, each.size()) == each; });
    if (found == std::end(known_options)) return "options: expected some of +presence, +verification, +pin";
    options.remove_prefix(found->size());
  }
  return {};
}

// Old versions wrote handles with the letters of RFC 4648 section 5, and left the padding out.
bool base64_text(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  const std::size_t end = std::min(text.find('='), text.size());
  return end > 0 && text.substr(0, end).find_first_not_of(letters) == text.npos && text.size() - end <= 2 &&
         text.substr(end).find_first_not_of('=') == text.npos;
}

// A lone * is a key that finds its own credential.
std::string key_fault(std::string_view key) {
  const std::vector<std::string_view> parts = split(key, ',');
  if (parts.size() < 2 || parts.size() > 4) return "a key: expected handle, public key, type and options";
  if (parts[0] != "*" && !base64_text(parts[0]))
    return "a key handle: expected base64, or * for a key that finds its own";
  if (!base64_text(parts[1])) return "a public key: expected base64";
  if (parts.size() > 2 && !valid_choice(parts[2], types)) return "a type of key: expected es256, eddsa or rs256";
  return parts.size() > 3 ? option_fault(parts[3]) : std::string();
}

std::string line_fault(const std::vector<std::string_view>& parts) {
  if (parts[0].empty() || cleaned(parts[0], 255) != parts[0]) return "the name of a person is expected first";
  if (parts.size() < 2) return "no key: expected USER:HANDLE,KEY,TYPE,OPTIONS";
  if (parts.size() > most_keys + 1) return "more than 24 keys";
  for (auto each = parts.begin() + 1; each != parts.end(); ++each)
    if (std::string fault = key_fault(*each); !fault.empty()) return fault;
  return {};
}

}  // namespace

Result<KeyMappings> parse_u2f_mappings(std::string_view text, const std::string& path) {
  KeyMappings read;
  int number = 0;
  if (text.substr(0, 11) == "-----BEGIN ")
    return Error{Code::invalid, path + ":1: an SSH key of pam_u2f's sshformat: expected lines USER:HANDLE,KEY,TYPE"};
  for (std::string_view line : split(text, '\n')) {
    ++number;
    const std::string where = path + ":" + std::to_string(number) + ": ";
    if (line.size() > longest_line) return Error{Code::invalid, where + "longer than 65536 bytes"};
    if (line.find('\0') != line.npos) return Error{Code::invalid, where + "a byte 0: this is not a text file"};
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string_view> parts = split(line, ':');
    if (std::string fault = line_fault(parts); !fault.empty())
      read.rejected.push_back({number, cleaned(parts[0], 255), std::move(fault)});
    else
      read.mappings.push_back({number, std::string(parts[0]), parts.size() - 1});
  }
  return read;
}

}  // namespace utmfa

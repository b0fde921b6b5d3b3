// SPDX-License-Identifier: Apache-2.0
// The mappings of pam_u2f, one person a line: USER:KEYHANDLE,PUBLICKEY[,TYPE[,OPTIONS]]:... as pamu2fcfg writes them.
#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/yaml.h"
#include "transfer/row.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_line = 65536, most_keys = 24, point_size = 65;
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
Result<std::string> from_either_base64(std::string_view text) {
  std::string letters(text.substr(0, text.find('=')));
  std::replace(letters.begin(), letters.end(), '+', '-');
  std::replace(letters.begin(), letters.end(), '/', '_');
  if (letters.empty() || text.size() - letters.size() > 2) return Error{Code::invalid, "expected base64"};
  return from_base64url(letters);
}

// Since there are types the bare key in base64; before, a point of P-256 in hexadecimal.
enum class Written { with_type, without };
Result<std::string> public_key(std::string_view text, Written written) {
  if (written == Written::with_type) return from_either_base64(text);
  const Result<Secret> point = from_hex(text);
  if (!point || point->size() != point_size || point->view()[0] != 4)
    return Error{Code::invalid, "expected a point of P-256 in hexadecimal"};
  return std::string(point->view().substr(1));
}

// A lone * is a key that finds its own credential.
std::string read_key(std::string_view key, Wish& wish) {
  const std::vector<std::string_view> parts = split(key, ',');
  if (parts.size() < 2 || parts.size() > 4) return "a key: expected handle, public key, type and options";
  if (parts[0] != "*") {
    const Result<std::string> handle = from_either_base64(parts[0]);
    if (!handle) return "a key handle: expected base64, or * for a key that finds its own";
    wish.options["credential"] = base64url(*handle);
  }
  const bool typed = parts.size() > 2;
  const std::string_view type = typed ? parts[2] : "es256";
  if (!valid_choice(type, types)) return "a type of key: expected es256, eddsa or rs256";
  const Result<std::string> read = public_key(parts[1], typed ? Written::with_type : Written::without);
  if (!read) return "a public key: " + read.error().what;
  wish.options["public-key"] = base64url(*read);
  wish.options["algorithm"] = type;
  const std::string_view options = parts.size() > 3 ? parts[3] : "";
  if (std::string fault = option_fault(options); !fault.empty()) return fault;
  if (options.find("+verification") != options.npos || options.find("+pin") != options.npos)
    wish.options["verification"] = "required";
  return {};
}

std::string line_fault(const std::vector<std::string_view>& parts) {
  if (parts[0].empty() || cleaned(parts[0], 255) != parts[0]) return "the name of a person is expected first";
  if (parts.size() < 2) return "no key: expected USER:HANDLE,KEY,TYPE,OPTIONS";
  if (parts.size() > most_keys + 1) return "more than 24 keys";
  return {};
}

// One key that is wrong does not take the others with it.
void read_line(ImportRows& read, int number, std::string_view line, const std::string& rp) {
  const std::vector<std::string_view> parts = split(line, ':');
  const std::string user = cleaned(parts[0], 255);
  if (std::string fault = line_fault(parts); !fault.empty()) {
    read.rejected.push_back({number, user, std::move(fault)});
    return;
  }
  for (auto each = parts.begin() + 1; each != parts.end(); ++each) {
    ImportRow row;
    row.line = number;
    row.user = user;
    row.kind = "fido";
    row.wish.options = {{"rp", rp}};
    if (std::string fault = read_key(*each, row.wish); !fault.empty())
      read.rejected.push_back({number, user, std::move(fault)});
    else
      read.rows.push_back(std::move(row));
  }
}

}  // namespace

Result<ImportRows> parse_u2f_mappings(std::string_view text, const std::string& path, const std::string& rp) {
  ImportRows read;
  int number = 0;
  if (text.substr(0, 11) == "-----BEGIN ")
    return Error{Code::invalid, path + ":1: an SSH key of pam_u2f's sshformat: expected lines USER:HANDLE,KEY,TYPE"};
  for (std::string_view line : split(text, '\n')) {
    ++number;
    const std::string where = path + ":" + std::to_string(number) + ": ";
    if (line.size() > longest_line) return Error{Code::invalid, where + "longer than 65536 bytes"};
    if (line.find('\0') != line.npos) return Error{Code::invalid, where + "a byte 0: this is not a text file"};
    line = trimmed(line);
    if (!line.empty() && line[0] != '#') read_line(read, number, line, rp);
  }
  return read;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The blobs of OpenSSH's PROTOCOL.u2f, read to their last byte.
#include "factors/sk_key.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view ed25519 = "sk-ssh-ed25519@openssh.com", ecdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
constexpr std::string_view accepted = "publickey ";
constexpr std::size_t longest_line = 8192, longest_base64 = 900, longest_application = 255, most_keys = 8;

// A string of RFC 4251 section 5 taken off the front; false: cut off.
bool take(std::string_view& blob, std::string_view& part) {
  if (blob.size() < 4) return false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(blob[i]);
  if (blob.size() - 4 < size) return false;
  part = blob.substr(4, size);
  blob.remove_prefix(4 + size);
  return true;
}

bool right_blob(std::string_view type, std::string_view blob) {
  std::string_view named, curve = "nistp256", key, application;
  if (!take(blob, named) || named != type) return false;
  if (type == ecdsa && (!take(blob, curve) || curve != "nistp256")) return false;
  if (!take(blob, key) || !take(blob, application) || !blob.empty()) return false;
  const bool point = type == ecdsa && key.size() == 65 && key[0] == 4;
  const bool edwards = type == ed25519 && key.size() == 32;
  return (point || edwards) && !application.empty() && application.size() <= longest_application &&
         cleaned(application, longest_application) == application;
}

}  // namespace

Result<std::string> read_sk_key(std::string_view line) {
  line = trimmed(line);
  if (line.size() > longest_line) return Error{Code::invalid, "ssh key: too long"};
  const std::vector<std::string_view> words = split(line, ' ');
  const bool sk = words[0] == ed25519 || words[0] == ecdsa;
  if (!sk && (words[0].substr(0, 4) == "ssh-" || words[0].substr(0, 6) == "ecdsa-"))
    return Error{Code::refused, "ssh key: " + std::string(words[0]) +
                                    " is not in a security key: expected one made by ssh-keygen -t ed25519-sk"};
  if (!sk || words.size() < 2)
    return Error{Code::invalid, "ssh key: expected a line of a .pub file: sk-ssh-ed25519@..."};
  const Result<std::string> blob = from_base64(words[1]);
  if (!blob || words[1].size() > longest_base64 || !right_blob(words[0], *blob))
    return Error{Code::invalid, "ssh key: cut off or changed"};
  return std::string(words[0]) + " " + std::string(words[1]);
}

std::vector<std::string> verified_sk_keys(std::string_view auth_info) {
  std::vector<std::string> keys;
  for (const std::string_view line : split(auth_info, '\n')) {
    if (line.substr(0, accepted.size()) != accepted || keys.size() == most_keys) continue;
    const std::string_view rest = line.substr(accepted.size());
    if (const Result<std::string> key = read_sk_key(rest); key && *key == rest) keys.push_back(*key);
  }
  return keys;
}

std::string host_evidence(std::string_view sk_key) { return "sshd:" + std::string(sk_key); }

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "config/fido.h"

#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::int64_t least_touch = 5, most_touch = 120;
constexpr std::size_t longest_path = 1024, longest_user = 64, longest_rp = 255;

constexpr Word<SshVerification> ssh_verification_words[] = {{"unknown", SshVerification::unknown},
                                                            {"enforced", SshVerification::enforced}};

Status read_program(const Source& source, const Node& node, FidoRules& to) {
  if (Status read = read_text(source, node, longest_path, to.program); !read) return read;
  if (to.program.front() == '/' && to.program.back() != '/') return Done{};
  return source.wrong(node, "the absolute path of a program is expected");
}

Status read_rp(const Source& source, const Node& node, FidoRules& to) {
  return read_text(source, node, longest_rp, to.rp);
}

Status read_user(const Source& source, const Node& node, FidoRules& to) {
  return read_text(source, node, longest_user, to.user);
}

Status read_touch(const Source& source, const Node& node, FidoRules& to) {
  return read_duration(source, node, least_touch, most_touch, to.touch);
}

Status read_ssh(const Source& source, const Node& node, FidoRules& to) {
  return read_word(source, node, ssh_verification_words, to.ssh_verification);
}

Status read_attestation(const Source& source, const Node& node, FidoRules& to) {
  if (node.value() && node.text == "off") {
    to.attestation.clear();
    return Done{};
  }
  if (Status read = read_text(source, node, longest_path, to.attestation); !read) return read;
  if (to.attestation.front() == '/' && to.attestation.back() != '/') return Done{};
  return source.wrong(node, "off, or the absolute path of a file, is expected");
}

constexpr Key<FidoRules> fido_keys[] = {
    {"rp", read_rp},           {"touch", read_touch}, {"ssh-verification", read_ssh},
    {"program", read_program}, {"user", read_user},   {"attestation", read_attestation},
};

}  // namespace

Status read_fido(const Source& source, const Node& node, FidoRules& to) {
  return read_map<FidoRules>(source, node, fido_keys, to);
}

// As vendors write them, with hyphens, or without.
Status read_key_models(const Source& source, const Node& node, std::vector<std::string>& to) {
  to.clear();
  if (node.value() && node.text == "all") return Done{};
  std::vector<std::string> models;
  if (Status read = read_texts(source, node, models); !read) return read;
  for (std::size_t i = 0; i < models.size(); ++i) {
    std::string digits = lower_ascii(models[i]);
    std::erase(digits, '-');
    const bool right = digits.size() == 32 && digits.find_first_not_of("0123456789abcdef") == digits.npos;
    if (!right) return source.wrong(node.children[i], "all, or AAGUIDs of 32 hexadecimal digits, are expected");
    to.push_back(std::move(digits));
  }
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "methods/method.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace utmfa {

std::string_view Method::field(std::string_view key) const {
  const auto found = fields.find(key);
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

std::int64_t Method::number(std::string_view key) const {
  return utmfa::number(field(key), 0, std::numeric_limits<std::int64_t>::max()).value_or(0);
}

std::string_view name(Registration status) {
  switch (status) {
    case Registration::none: return "none";
    case Registration::setting_up: return "setting-up";
    case Registration::active: return "active";
    case Registration::ended: return "ended";
  }
  return "";
}

const Method* MethodFile::find(std::string_view id) const {
  const auto found = std::find_if(methods.begin(), methods.end(), [id](const Method& each) { return each.id == id; });
  return found == methods.end() ? nullptr : &*found;
}

Method* MethodFile::find(std::string_view id) {
  return const_cast<Method*>(static_cast<const MethodFile*>(this)->find(id));
}

bool valid_choice(std::string_view value, std::string_view choices) {
  const std::size_t dots = choices.find("..");
  if (dots == std::string_view::npos) {
    const std::vector<std::string_view> words = split(choices, '|');
    return std::find(words.begin(), words.end(), value) != words.end();
  }
  const auto least = number(choices.substr(0, dots), 0, INT64_MAX);
  const auto most = number(choices.substr(dots + 2), 0, INT64_MAX);
  return least && most && number(value, *least, *most).has_value();
}

// E.164 6.2.1: at most 15 digits, the country code first, and no country code begins with 0.
bool valid_telephone(std::string_view number) {
  constexpr std::size_t least = 7, most = 15;
  const std::string_view digits = number.substr(number.empty() ? 0 : 1);
  return !digits.empty() && number.front() == '+' && digits.front() != '0' && ascii_digits(digits) &&
         digits.size() >= least && digits.size() <= most;
}

bool valid_method_id(std::string_view id) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !id.empty() && id.size() <= 32 && id.front() != '-' && std::all_of(id.begin(), id.end(), allowed);
}

bool valid_label(std::string_view label) {
  return !label.empty() && label.size() <= 64 && trimmed(label) == label && cleaned(label, label.size()) == label;
}

std::string free_id(const MethodFile& file, std::string_view stem) {
  if (!stem.empty() && stem.back() == '!') return std::string(stem.substr(0, stem.size() - 1));
  for (int i = 1;; ++i) {
    std::string id = std::string(stem) + "-" + std::to_string(i);
    if (!file.find(id)) return id;
  }
}

}  // namespace utmfa

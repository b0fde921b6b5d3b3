// SPDX-License-Identifier: Apache-2.0
// The URI of an authenticator app ("Key Uri Format", as the apps read it).
#include "setup/otpauth.h"

#include <cctype>
#include <utility>

#include "base/encoding.h"

namespace utmfa {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view unreserved = "-._~";
  std::string encoded;
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word || unreserved.find(c) != unreserved.npos) {
      encoded += c;
      continue;
    }
    for (const char digit : hex(std::string_view(&c, 1))) encoded += static_cast<char>(std::toupper(digit));
    encoded.insert(encoded.size() - 2, "%");
  }
  return encoded;
}

std::string otpauth_uri(const Method& method, std::string_view issuer, std::string_view user, const Secret& secret) {
  const std::string name = percent_encoded(issuer);
  std::string uri = "otpauth://" + method.kind + "/" + name + ":" + percent_encoded(user);
  uri += "?secret=" + base32(secret.view()) + "&issuer=" + name;
  // What every app takes for granted is left out: the picture has to fit a terminal of 24 lines.
  constexpr std::pair<std::string_view, std::string_view> usual_values[] = {
      {"algorithm", "SHA1"}, {"digits", "6"}, {"period", "30"}};
  for (const auto& [key, usual] : usual_values) {
    std::string value(method.field(key));
    for (char& c : value) c = static_cast<char>(std::toupper(c));
    if (!value.empty() && value != usual) uri.append("&").append(key).append("=") += value;
  }
  return uri;
}

std::string in_groups_of_four(std::string_view text) {
  std::string grouped;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    if (i > 0) grouped += ' ';
    grouped += text.substr(i, 4);
  }
  return grouped;
}

}  // namespace utmfa

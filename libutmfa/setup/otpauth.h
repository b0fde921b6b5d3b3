// SPDX-License-Identifier: Apache-2.0
// How a new secret is handed to an authenticator app: the otpauth URI that every app reads, and the secret in groups
// of four for those who type it. Pure text; the caller shows it once and keeps it nowhere.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "methods/method.h"

namespace utmfa {

std::string percent_encoded(std::string_view text);  // RFC 3986: unreserved characters stay
// Of a method whose fields are those of the URI: digits, period and algorithm, as far as it has them.
std::string otpauth_uri(const Method& method, std::string_view issuer, std::string_view user, const Secret& secret);
std::string in_groups_of_four(std::string_view text);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The English of Errors, reasons and warnings, piece by piece, as the rooms below write it for the log: what stands
// between two separators, with {0} for what is filled in there. in_words() says them in the person's language;
// tests/house/phrases.py holds them against the sources, in both directions.
#pragma once

#include <span>
#include <string_view>

namespace utmfa {

std::span<const std::string_view> policy_phrases();
std::span<const std::string_view> files_phrases();
std::span<const std::string_view> config_phrases();
std::span<const std::string_view> people_phrases();
std::span<const std::string_view> tokens_phrases();
std::span<const std::string_view> transfer_phrases();

}  // namespace utmfa

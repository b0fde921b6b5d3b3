// SPDX-License-Identifier: Apache-2.0
// What switching a service on or off does to its one PAM file, as text: pure, nothing is read or written. A place for
// our line is not guessed: each is tried on paper, and the first that the doctor finds nothing wrong with is taken.
#pragma once

#include <string>
#include <string_view>

#include "doctor/checks.h"

namespace utmfa {

// What comes before our line: a password that PAM asks for, or an ssh key, of which PAM knows nothing.
enum class FirstBy { password, key };

struct PamChange {
  std::string before, after;
  Findings warnings;  // of the doctor, about the file as it would be
  bool needed() const { return before != after; }
};

// Code::refused, with the reason and what to do, where there is no place that is right.
Result<PamChange> with_ours(const PamFacts& facts, const std::string& service, const Config& config, FirstBy first);
// Precisely our lines out, and what they replaced back in. Refused where that would open the service to everybody.
Result<PamChange> without_ours(const PamFacts& facts, const std::string& service);
// The same without a look at what comes of it: for a change that is taken back.
std::string text_without_ours(std::string_view text);

// What a PAM file belongs to other than the administrator: "authselect", "pam-auth-update"; "" = nobody.
std::string_view owner_of(std::string_view text);
// In the form of diff -u.
std::string difference(const std::string& path, const std::string& before, const std::string& after);

}  // namespace utmfa

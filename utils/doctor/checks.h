// SPDX-License-Identifier: Apache-2.0
// The doctor's checks, one function a subject. `Ground` says where the machine's files are, so that a test lays out a
// broken one as a tree.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "desk.h"
#include "doctor/finding.h"
#include "doctor/pam_stack.h"

namespace utmfa {

struct Ground {
  std::string root;           // "" = this machine
  std::string sshd_settings;  // file with the output of sshd -T; "" = ask sshd
  const Options& options;     // paths already below the root
  std::string below(std::string_view path) const { return root + std::string(path); }
  bool has_systemd() const;  // remedies name its commands only where they work
};

std::optional<std::string> text_of(const std::string& path);  // absent where it cannot be read

// PAM
struct PamFacts {
  std::map<std::string, std::string> files;     // service -> text
  std::map<std::string, std::string> beside{};  // what package managers and editors left there: name -> text
  PamSource source() const;
};
inline constexpr std::string_view our_module = "pam_utmfa.so";
PamFacts pam_facts(const std::string& directory);  // usually /etc/pam.d
Findings check_pam_service(const PamFacts& facts, const std::string& service, const Config& config);
Findings check_pam(const PamFacts& facts, const Config& config);
Findings check_pam_lines(const Ground& ground, const PamFacts& facts);
bool is_ours(const PamEntry& entry);
bool is_first_factor(const PamEntry& entry);  // proves a password, by itself
bool misspelt(const PamEntry& entry);         // its module has nearly the name of ours
enum class PamReach { yes, no_line, account_only, no_file };
PamReach reach_of(const PamFacts& facts, const std::string& service);
bool has_account_line(const PamFacts& facts, const std::string& service);
// gdm.cc: what is wrong where /etc/pam.d/gdm-password asks.
Findings check_gdm(const PamFacts& facts, const Config& config);

// sshd
using SshdSettings = std::map<std::string, std::string>;  // keyword in lower case -> the rest of the line
SshdSettings parse_sshd_settings(std::string_view text);
std::optional<SshdSettings> sshd_says(const Ground& ground);  // for nobody in particular; absent: cannot be told
enum class AccountLine { there, missing };
// `who`: "" or the person for whom these settings hold.
Findings check_sshd_settings(const SshdSettings& settings, const Service& policy, AccountLine account,
                             std::string_view who, SshVerification claimed = SshVerification::unknown);
Findings check_sshd(const Ground& ground, const Config& config, AccountLine account,
                    const std::vector<std::string>& people);

// The machine
struct ClockFacts {
  bool synchronized = false;
  Time now = 0;
  bool systemd = true;
};
ClockFacts clock_facts(const Ground& ground);
Findings check_clock(const ClockFacts& facts);
Findings check_files(const Ground& ground);
Findings check_system_user(const Ground& ground);
Findings check_sockets(const Ground& ground);

// Configuration and people
Findings check_observing(const Config& config, Time now);
Findings check_config_services(const Config& config, const PamFacts& facts);
Findings check_people(Desk& desk, std::vector<std::string>& active);
// An Error whose text begins with a path that was told already, or with one below it, is the same fault again.
bool told(const Findings& found, const std::string& error);
// Owner, mode and type of a file that holds secrets; nothing where it is not there.
Findings check_private_file(const std::string& path);

}  // namespace utmfa

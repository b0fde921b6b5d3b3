// SPDX-License-Identifier: Apache-2.0
// utmfa.yaml and its conf.d, read and checked. Every key has a default; an unknown key, a wrong type or a value out of range is
// an error with file, line and column and what was expected. Values remember the line that set them, so that
// `utmfa-admin explain` can name it. This room opens no file but these.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "guard/guard.h"

namespace utmfa {

enum class Require { off, enrolled, always };
enum class NotEnrolled { allow, deny, set_up };
enum class AccountDoor { off, enforce };
enum class Labels { proven, always, never };
enum class Unlock { ask, skip };
enum class TestRule { demanded, optional };
// How much a security key is asked to know who touches it, by PIN or fingerprint.
enum class KeyUser { discouraged, preferred, required };
// Whether sshd itself takes keys only whose owner was verified (PubkeyAuthOptions verify-required): its word does not tell.
enum class SshVerification { unknown, enforced };
// one: the program shows a single hidden field and no text, as screen lockers do: password and code are typed behind
// each other, and the module, which stands first, leaves the password to the rest of the stack.
enum class Field { many, one };
// Whether what must be seen while an app is asked stands in a prompt that Enter answers: sshd before 10.3 shows nothing else.
enum class WaitPrompt { automatic, always, never };

std::string_view name(Require require);
std::string_view name(NotEnrolled not_enrolled);
std::string_view name(KeyUser verification);

// An administrator's own words of a prompt; "" = ours.
struct OwnWords {
  std::string en, ja;
  const std::string& in(std::string_view language) const { return language == "ja" ? ja : en; }
};
inline constexpr std::string_view unnamed_prompt = "unnamed", one_field_prompt = "one-field", label_place = "{label}";

struct Service {
  Require require = Require::enrolled;
  NotEnrolled not_enrolled = NotEnrolled::allow;
  std::vector<std::string> methods;  // kinds taken; empty = all
  int tries = 3;
  std::int64_t time_limit = 120;  // seconds
  AccountDoor account = AccountDoor::off;
  std::string language;  // "" = auto
  Labels labels = Labels::proven;
  int remind = 0;             // how often a person who is let in unregistered may put off registering; 0 = is not asked
  std::int64_t remember = 0;  // seconds; 0 = off
  Unlock unlock = Unlock::ask;
  KeyUser verification = KeyUser::preferred;
  std::vector<std::string> key_models;  // AAGUIDs of the security keys taken, in hexadecimal; empty = all
  Field field = Field::many;
  WaitPrompt wait_prompt = WaitPrompt::automatic;
  std::map<std::string, OwnWords, std::less<>> prompts;  // by kind, unnamed_prompt or one_field_prompt
  Time observe_until = 0;  // until then whoever fails is let in all the same; 0 = not at all
  // line 0 = built-in default
  Place require_at, not_enrolled_at, methods_at, account_at, remember_at, remind_at, unlock_at, verification_at,
      key_models_at, field_at, observe_at;
};

struct Network {
  int family = 0;  // AF_INET, AF_INET6
  unsigned char address[16] = {};
  int prefix = 0;
};
// IPv4-mapped IPv6 counts as IPv4; a zone id is cut off. A host name is never an address, and a network with bits set
// after its prefix is refused, because it cannot be told whether the host or the network was meant.
bool parse_network(std::string_view text, Network& network);
bool parse_address(std::string_view text, Network& network);  // the same without a prefix
bool contains(const Network& network, std::string_view address);
std::string network_text(const Network& network);  // canonical; the prefix only where it is not the whole address

struct Exemption {
  std::vector<std::string> services;  // empty = every service
  std::vector<std::string> users, groups;
  std::vector<Network> networks;
  Place at;
};

struct RegistrationRules {
  int minimum = 2;
  TestRule test = TestRule::demanded;
  std::vector<std::string> default_kinds = {"totp", "hotp", "phone",
                                            "push"};  // kinds that may be the default; empty = all
  std::vector<std::string> first_kinds = {"totp", "hotp", "recovery", "phone",
                                          "push"};  // kinds that may be registered first
  std::int64_t keep = 30 * 86400;                   // seconds for which what was taken away can be brought back
};

struct Limits {
  int root_sign_ins = 512, user_sign_ins = 32, per_user = 4, waiting = 4;
  int deliveries = 64;             // gateways that run at a time
  int deliveries_per_hour = 1000;  // of the whole machine
};

// Security keys.
struct FidoRules {
  std::string rp = "utmfa";  // of credentials that are made from now on
  std::string program;       // "" = the one that was installed with us
  std::string user = "utmfa-key";
  std::int64_t touch = 30;  // seconds
  SshVerification ssh_verification = SshVerification::unknown;
  std::string attestation;  // the file of the makers whose keys may be registered; "" = nobody asks who made a key
  std::string makers;       // what is in it, PEM
};

// numbers: whoever agrees in the app must have typed the number that is shown at the sign-in. approval: a gateway that
// only tells yes or no is believed as well.
enum class Matching { numbers, approval };

// A command of the administrator's that delivers messages: utmfa-gateway(7).
struct GatewayRules {
  std::vector<std::string> command;  // the first is the absolute path of the program; empty = there is no gateway
  std::string user = "utmfa-gateway";
  std::int64_t time_limit = 20;           // seconds
  int memory = 512;                       // MiB of each process
  int processes = 64;                     // of that user at a time
  Matching matching = Matching::numbers;  // of push
  Place at;
};
inline constexpr std::string_view gateway_kinds[] = {"mail", "sms", "voice", "push"};

struct Config {
  std::string path;                // for messages
  std::vector<std::string> files;  // path, and those of conf.d that were read with it
  std::string language;            // "" = auto
  std::string issuer = "utmfa";
  std::string region = "JP";  // of telephone numbers without a country code
  Service fallback;           // services.default
  std::map<std::string, Service, std::less<>> services;
  std::vector<Exemption> exemptions;
  RegistrationRules registration;
  ThrottleRules throttle;
  int totp_window = 1;
  int hotp_window = 10;
  Limits limits;
  FidoRules fido;
  std::map<std::string, GatewayRules, std::less<>> gateways;  // by kind
  std::vector<std::string> warnings;  // what parses but cannot be meant, one line each with its place

  const Service& service(std::string_view name) const;
  const std::string& file_of(Place at) const { return files[static_cast<std::size_t>(at.file)]; }
  std::string shown(Place at) const { return shown_place(file_of(at), at); }  // "FILE:LINE:COLUMN"
  const GatewayRules& gateway(std::string_view kind) const;                   // without a command where there is none
};

inline constexpr std::size_t longest_config = 262144;
inline constexpr std::string_view test_service = "utmfa-test";
inline constexpr std::string_view self_service = "utmfa-enroll";  // a person changes his own methods

// `kinds`: the names that may stand in `methods` and `default-kinds`.
Result<Config> parse_config(std::string_view text, const std::string& path, std::span<const std::string_view> kinds);
// Several as one: maps are merged key by key, what stands in a later file takes the place of the same in an earlier one,
// and the rules of `exempt` are added to those before.
struct ConfigPart {
  std::string path, text;
};
Result<Config> parse_config(std::span<const ConfigPart> parts, std::span<const std::string_view> kinds);
// The file, and what is in the directory conf.d beside it and ends in .yaml, in the order of the bytes of their names.
Result<std::vector<std::string>> config_files(const std::string& path);
std::string config_directory(const std::string& path);
// A proven absent file is the built-in defaults.
Result<Config> load_config(const std::string& path, std::span<const std::string_view> kinds);

}  // namespace utmfa

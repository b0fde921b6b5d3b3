// SPDX-License-Identifier: Apache-2.0
// The port to the security keys that are plugged into this machine: what is asked of them, and what became of it. Behind
// it stands a program of its own without rights (utmfa-key), and in tests a script. Nothing that it says is believed:
// what it brings is judged by factors/ as a stranger's answer is. Used by signin/, setup/ and both ends of the line.
#pragma once

#include <string>
#include <vector>

#include "assertion/lines.h"
#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

// look: which of the credentials is here, without anybody touching anything. sign: answer the challenge. make: a new
// credential.
enum class KeyVerb { look, sign, make };
// How the key makes sure who touches it.
enum class Confirm { touch, pin, built_in };

struct KeyWish {
  KeyVerb verb = KeyVerb::look;
  std::vector<Credential> credentials;  // the first that is here is meant; make: those that must not be on it already
  std::string hash;                     // client data hash
  Confirm confirm = Confirm::touch;
  Secret pin;
  int seconds = 30;      // for the touch
  std::string rp, user;  // make
};

// What became of it. Those after `done` are reasons to ask for something else.
enum class KeyEnd {
  done,
  absent,      // no key is plugged in
  foreign,     // one is, and none of the credentials is on it
  busy,        // another program has it open
  unplugged,   // in the middle of it
  no_pin,      // a PIN is demanded and none is set
  wrong_pin,   // `retries` are left
  pin_paused,  // no more tries before it is plugged in again
  pin_blocked,
  pin_needed,  // it does nothing without one
  pin_change,  // the key demands another PIN first
  untouched,   // in time
  refused,     // by a button of the key, or by the key
  unverified,  // the finger was not recognised, or no more tries
  known,       // make: it is registered already
  unable       // the program is missing, has ended, or said something else
};
std::string_view name(KeyEnd end);

struct KeyNews {
  KeyEnd end = KeyEnd::unable;
  std::string detail;  // for the log
  int retries = -1;    // of the PIN; -1 = not known
  enum class Pin { none, set } pin = Pin::none;
  enum class BuiltIn { none, ready } built_in = BuiltIn::none;
  std::size_t credential = 0;        // look, sign: which one of the wish
  std::string auth_data, signature;  // sign
  // make:
  KeyAlgorithm algorithm = KeyAlgorithm::es256;
  std::string public_key, id, aaguid;
  std::string format, certificate;  // how it says who made it (the certificate in DER); auth_data and signature with it
};

KeyNews unable(std::string_view why);

class SecurityKey {
 public:
  // Returns when it is over. An Error: the person has gone meanwhile.
  virtual Result<KeyNews> ask(const KeyWish& wish) = 0;

 protected:
  ~SecurityKey() = default;
};

inline constexpr int longest_touch_seconds = 120;

}  // namespace utmfa

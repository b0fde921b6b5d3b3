// SPDX-License-Identifier: Apache-2.0
// Security keys that are plugged into this computer, through libfido2: which there are, which of them knows a
// credential, and what it says when the person touches it. Used by utmfa-assert only, in the person's own process. A key
// that another program uses is told at once; whatever waits for the person ends by Ctrl-C and by a time limit.
#pragma once

#include <fido.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assertion/lines.h"
#include "base/result.h"
#include "base/secret.h"

namespace utmfa {

struct PluggedKey {
  std::string path, name;
};
Result<std::vector<PluggedKey>> plugged_keys();
Error why_none();  // none is there, or one is that this person may not open

// Credentials of one relying party, as one assertion can ask for them.
struct CredentialGroup {
  std::string rp;
  std::vector<std::string> ids;  // none: the key has kept it itself
};
std::vector<CredentialGroup> groups_of(const std::vector<Credential>& credentials);

// How the key gets to know who touches it.
struct Gesture {
  enum class By { touch, pin, reader } by = By::touch;
  Secret pin;
};

enum class Cue { none, touch, finger };  // what is said before the key waits

struct MadeCredential {
  KeyAlgorithm algorithm;
  std::string public_key, id, aaguid;
};

class KeyHere {
 public:
  // Code::conflict: another program uses it. Code::unavailable: it does not speak, or may not be opened.
  static Result<KeyHere> open(const PluggedKey& plugged);

  const std::string& name() const { return plugged_.name; }
  bool is_u2f() const { return !fido_dev_is_fido2(device_.get()); }
  bool has_pin() const { return fido_dev_has_pin(device_.get()); }
  bool has_reader() const { return fido_dev_has_uv(device_.get()); }  // one that knows somebody
  int tries_left() const;                                             // of the PIN; -1 where it does not say

  // What libfido2 says of it, FIDO_OK where it is done. An Error is of waiting: stopped, or nobody touched in time.
  Result<int> knows(const CredentialGroup& group);  // without a touch
  Result<int> check_pin(const Secret& pin);         // without a touch, so that nobody touches after a wrong one
  Result<int> answer(const CredentialGroup& group, const std::string& hash, const Gesture& gesture, KeyAnswer& answer);
  Result<int> make(const std::string& rp, KeyAlgorithm algorithm, const Gesture& gesture, MadeCredential& made);

  // Which one the person touches.
  static Result<std::size_t> touched(std::vector<KeyHere>& keys);

 private:
  using Device = std::shared_ptr<fido_dev_t>;
  KeyHere(PluggedKey plugged, Device device) : plugged_(std::move(plugged)), device_(std::move(device)) {}
  Result<int> waited(std::function<int()> talk, Cue cue);

  PluggedKey plugged_;
  Device device_;
};

bool knows_nothing(int code);                   // that the key has none of the credentials
void wait_at_most(std::chrono::seconds limit);  // each touch, from now on
Error key_error(int code, const KeyHere& key);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "assert_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "base/encoding.h"
#include "base/file.h"
#include "security_key.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr int fingers = 3;  // tries in a row at the reader, before the PIN

using By = Gesture::By;
using Act = std::function<Result<int>(const Gesture&)>;

std::optional<By> verifying(const KeyHere& key) {
  if (key.has_reader()) return By::reader;
  if (key.has_pin()) return By::pin;
  return std::nullopt;
}

Error cannot_verify(const KeyHere& key) {
  if (key.is_u2f()) return {Code::refused, say("{0}: it knows no PIN, and this sign-in demands one", {key.name()})};
  return {Code::refused,
          say("{0}: it has no PIN yet, and this sign-in demands one: set it by fido2-token -S", {key.name()})};
}

// The challenge may have come by standard input; the PIN comes from the person.
Status reach_terminal() {
  if (isatty(STDIN_FILENO) != 0) return Done{};
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal || dup2(terminal.get(), STDIN_FILENO) < 0)
    return Error{Code::refused, say("the key wants its PIN, and there is no terminal to ask for it")};
  return Done{};
}

Result<Secret> pin_of(const KeyHere& key) {
  if (Status reached = reach_terminal(); !reached) return reached.error();
  Result<Secret> pin = ask(say("PIN of the security key ({0}): ", {key.name()}), Echo::hidden);
  if (pin && pin->empty()) return Error{Code::refused, say("no PIN was given")};
  return pin;
}

std::string wrong_pin(const KeyHere& key) {
  const int left = key.tries_left();
  if (left < 0) return key_error(FIDO_ERR_PIN_INVALID, key).what;
  if (left == 1) return say("Wrong PIN. One try is left; then the key blocks its PIN for good.");
  return say("Wrong PIN. {0} tries are left.", {std::to_string(left)});
}

// One attempt after another, until it is done, refused, or there is no other way.
class Attempts {
 public:
  Attempts(KeyHere& key, Verification verification) : key_(key) {
    const std::optional<By> can = verifying(key_);
    possible_ = can || verification != Verification::required;
    if (can && verification != Verification::discouraged) gesture_.by = *can;
  }

  // A PIN that was right is used again.
  Status go(const Act& act) {
    if (!possible_) return cannot_verify(key_);
    for (;;) {
      if (gesture_.by == By::pin && gesture_.pin.empty())
        if (Status right = ask_pin(); !right) return right;
      const Result<int> code = act(gesture_);
      if (!code) return code.error();
      if (*code == FIDO_OK) return Done{};
      if (!again(*code)) return key_error(*code, key_);
    }
  }

 private:
  // Until it is right, or the key takes no more.
  Status ask_pin() {
    for (;;) {
      Result<Secret> pin = pin_of(key_);
      if (!pin) return pin.error();
      const Result<int> code = key_.check_pin(*pin);
      if (!code) return code.error();
      if (*code == FIDO_OK) gesture_.pin = std::move(*pin);
      if (*code == FIDO_OK) return Done{};
      if (*code != FIDO_ERR_PIN_INVALID) return key_error(*code, key_);
      complain(wrong_pin(key_));
    }
  }

  bool again(int code) {
    if (gesture_.by == By::touch && code == FIDO_ERR_PIN_REQUIRED && verifying(key_)) {
      gesture_.by = *verifying(key_);
      return true;
    }
    return gesture_.by == By::reader && after_reader(code);
  }

  bool after_reader(int code) {
    if (code == FIDO_ERR_UV_INVALID && ++misses_ < fingers) {
      complain(key_error(code, key_).what);
      return true;
    }
    if (code != FIDO_ERR_UV_INVALID && code != FIDO_ERR_UV_BLOCKED && code != FIDO_ERR_PIN_BLOCKED) return false;
    if (!key_.has_pin()) return false;
    complain(key_error(FIDO_ERR_UV_BLOCKED, key_).what);
    gesture_.by = By::pin;
    return true;
  }

  KeyHere& key_;
  Gesture gesture_;
  bool possible_ = true;
  int misses_ = 0;
};

struct Asked {
  KeyHere key;
  CredentialGroup group;  // what it is asked for
};

// All that can be used now; why none can.
Result<std::vector<KeyHere>> opened() {
  const Result<std::vector<PluggedKey>> plugged = plugged_keys();
  if (!plugged) return plugged.error();
  if (plugged->empty()) return why_none();
  std::vector<KeyHere> keys;
  for (const PluggedKey& each : *plugged) {
    Result<KeyHere> key = KeyHere::open(each);
    if (!key && plugged->size() == 1) return key.error();
    if (!key) complain(key.error().what);
    if (key) keys.push_back(std::move(*key));
  }
  if (keys.empty()) return Error{Code::unavailable, say("none of the keys that are plugged in can be used now")};
  return keys;
}

// A U2F key that knows it wants a touch, and a key may want to know who asks before it says anything.
bool may_know(int code) {
  return code == FIDO_OK || code == FIDO_ERR_USER_PRESENCE_REQUIRED || code == FIDO_ERR_PIN_REQUIRED;
}

// The first of the groups that the key knows something of; nullptr = it knows none.
Result<const CredentialGroup*> known_of(KeyHere& key, const std::vector<CredentialGroup>& groups) {
  const CredentialGroup* none = nullptr;
  for (const CredentialGroup& each : groups) {
    const Result<int> code = key.knows(each);
    if (!code) return code.error();
    if (may_know(*code)) return &each;
    if (!knows_nothing(*code)) return key_error(*code, key);
  }
  return none;
}

Result<std::size_t> chosen(std::vector<KeyHere>& keys) {
  if (keys.size() == 1) return std::size_t{0};
  complain(say("Touch the one of the {0} security keys that is to be used.", {std::to_string(keys.size())}));
  return KeyHere::touched(keys);
}

Result<Asked> asked_key(const KeyChallenge& challenge) {
  Result<std::vector<KeyHere>> keys = opened();
  if (!keys) return keys.error();
  const std::vector<CredentialGroup> groups = groups_of(challenge.credentials);
  std::vector<KeyHere> knowing;
  std::vector<CredentialGroup> known;
  for (KeyHere& each : *keys) {
    const Result<const CredentialGroup*> group = known_of(each, groups);
    if (!group && (interrupted() || keys->size() == 1)) return group.error();
    if (!group) complain(group.error().what);
    if (!group || *group == nullptr) continue;
    knowing.push_back(each);
    known.push_back(**group);
  }
  if (knowing.empty() && keys->size() == 1) return key_error(FIDO_ERR_NO_CREDENTIALS, keys->front());
  if (knowing.empty())
    return Error{Code::refused, say("none of the security keys that are plugged in is registered for this sign-in")};
  const Result<std::size_t> which = chosen(knowing);
  if (!which) return which.error();
  return Asked{knowing[*which], known[*which]};
}

Status first_answer(KeyHere& key, Attempts& attempts, KeyLine& line) {
  KeyAnswer answer;
  const CredentialGroup group{line.rp, {line.credential}};
  const std::string hash = registration_hash(line);
  complain(say("It is made. Touch it once more: it is tried."));
  Status tried = attempts.go([&](const Gesture& gesture) { return key.answer(group, hash, gesture, answer); });
  line.auth_data = answer.auth_data;
  line.signature = answer.signature;
  return tried;
}

}  // namespace

Result<std::string> answered(const KeyChallenge& challenge) {
  Result<Asked> asked = asked_key(challenge);
  if (!asked) return asked.error();
  KeyAnswer answer;
  Attempts attempts(asked->key, challenge.verification);
  const std::string hash = client_data_hash(challenge);
  const Status done =
      attempts.go([&](const Gesture& gesture) { return asked->key.answer(asked->group, hash, gesture, answer); });
  if (!done) return done.error();
  return print_answer(answer);
}

Result<std::string> registered_key(const std::string& rp, KeyAlgorithm algorithm) {
  Result<std::vector<KeyHere>> keys = opened();
  if (!keys) return keys.error();
  const Result<std::size_t> which = chosen(*keys);
  if (!which) return which.error();
  KeyHere& key = (*keys)[*which];
  MadeCredential made;
  Attempts attempts(key, Verification::preferred);
  Status done = attempts.go([&](const Gesture& gesture) { return key.make(rp, algorithm, gesture, made); });
  if (!done) return done.error();
  KeyLine line{rp, made.algorithm, made.public_key, made.id, made.aaguid, {}, {}};
  done = first_answer(key, attempts, line);
  if (!done) return done.error();
  Result<std::string> printed = print_registration(line);
  if (!printed)
    return Error{Code::refused, say("{0}: its line is too long to be pasted: try --type es256", {key.name()})};
  return printed;
}

std::string for_fido2_assert(const KeyChallenge& challenge) {
  std::string text;
  for (const Credential& each : challenge.credentials) {
    text.append(text.empty() ? "" : "\n").append(base64(client_data_hash(challenge))).append("\n").append(each.rp);
    if (!each.id.empty()) text.append("\n").append(base64(each.id));
    text += '\n';
  }
  return text;
}

}  // namespace utmfa

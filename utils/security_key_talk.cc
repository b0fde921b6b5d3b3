// SPDX-License-Identifier: Apache-2.0
// What is said to a key, and its answers as values.
#include <algorithm>
#include <array>

#include "security_key.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::array<int, 3> cose_types = {COSE_ES256, COSE_EDDSA, COSE_RS256};

template <typename T, void (*Free)(T**)>
struct Freed {
  void operator()(T* held) const { Free(&held); }
};
// Shared with the thread that talks, which may outlive whoever asked.
using Assertion = std::shared_ptr<fido_assert_t>;
using NewCredential = std::shared_ptr<fido_cred_t>;

const unsigned char* bytes(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string taken(const unsigned char* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

fido_opt_t verified_by_reader(const Gesture& gesture) {
  return gesture.by == Gesture::By::reader ? FIDO_OPT_TRUE : FIDO_OPT_OMIT;
}

// The byte string of CBOR (RFC 8949 section 3.1) that libfido2 has authenticator data in.
std::string without_cbor_head(std::string data) {
  if (data.empty()) return data;
  const unsigned first = static_cast<unsigned char>(data[0]);
  const std::size_t head = first == 0x58 ? 2 : first == 0x59 ? 3 : 1;
  return data.substr(std::min(head, data.size()));
}

Assertion asked(const CredentialGroup& group, const std::string& hash) {
  Assertion made(fido_assert_new(), Freed<fido_assert_t, fido_assert_free>());
  bool good = made != nullptr && fido_assert_set_rp(made.get(), group.rp.c_str()) == FIDO_OK &&
              fido_assert_set_clientdata_hash(made.get(), bytes(hash), hash.size()) == FIDO_OK;
  for (const std::string& id : group.ids)
    good = good && fido_assert_allow_cred(made.get(), bytes(id), id.size()) == FIDO_OK;
  return good ? made : nullptr;
}

NewCredential wanted(const std::string& rp, int type) {
  NewCredential made(fido_cred_new(), Freed<fido_cred_t, fido_cred_free>());
  // Neither is looked at again: that the credential works is proven by its first answer.
  const std::string hash(32, '\0'), user = "utmfa";
  const bool good = made != nullptr && fido_cred_set_type(made.get(), type) == FIDO_OK &&
                    fido_cred_set_rp(made.get(), rp.c_str(), "utmfa") == FIDO_OK &&
                    fido_cred_set_clientdata_hash(made.get(), bytes(hash), hash.size()) == FIDO_OK &&
                    fido_cred_set_user(made.get(), bytes(user), user.size(), "utmfa", nullptr, nullptr) == FIDO_OK;
  return good ? made : nullptr;
}

// A copy that the thread may keep, with the end that libfido2 looks for.
std::shared_ptr<Secret> ended(const Secret& pin) {
  auto copy = std::make_shared<Secret>(pin.size() + 1);
  std::copy(pin.view().begin(), pin.view().end(), copy->data());
  return copy;
}

std::shared_ptr<Secret> pin_of(const Gesture& gesture) {
  return gesture.by == Gesture::By::pin ? ended(gesture.pin) : nullptr;
}

Cue cue_of(const Gesture& gesture) { return gesture.by == Gesture::By::reader ? Cue::finger : Cue::touch; }

const char* text(const std::shared_ptr<Secret>& pin) { return pin == nullptr ? nullptr : pin->data(); }

}  // namespace

bool knows_nothing(int code) {
  return code == FIDO_ERR_NO_CREDENTIALS || code == FIDO_ERR_CREDENTIAL_EXCLUDED ||
         code == FIDO_ERR_INVALID_CREDENTIAL || code == FIDO_ERR_UNSUPPORTED_OPTION;  // U2F keeps none
}

std::vector<CredentialGroup> groups_of(const std::vector<Credential>& credentials) {
  std::vector<CredentialGroup> groups;
  for (const Credential& each : credentials) {
    // One that the key has kept is asked for without a list, so it stands alone.
    if (groups.empty() || groups.back().rp != each.rp || groups.back().ids.empty() || each.id.empty())
      groups.push_back({each.rp, {}});
    if (!each.id.empty()) groups.back().ids.push_back(each.id);
  }
  return groups;
}

Result<int> KeyHere::knows(const CredentialGroup& group) {
  const Assertion question = asked(group, std::string(32, '\0'));
  if (question == nullptr || fido_assert_set_up(question.get(), FIDO_OPT_FALSE) != FIDO_OK) return FIDO_ERR_INTERNAL;
  return waited([device = device_, question] { return fido_dev_get_assert(device.get(), question.get(), nullptr); },
                Cue::none);
}

Result<int> KeyHere::check_pin(const Secret& pin) {
  const Assertion question = asked({"utmfa", {}}, std::string(32, '\0'));
  if (question == nullptr || fido_assert_set_up(question.get(), FIDO_OPT_FALSE) != FIDO_OK) return FIDO_ERR_INTERNAL;
  const Result<int> code =
      waited([device = device_, question,
              pin = ended(pin)] { return fido_dev_get_assert(device.get(), question.get(), text(pin)); },
             Cue::none);
  return code && knows_nothing(*code) ? Result<int>(FIDO_OK) : code;
}

Result<int> KeyHere::answer(const CredentialGroup& group, const std::string& hash, const Gesture& gesture,
                            KeyAnswer& answer) {
  const Assertion question = asked(group, hash);
  if (question == nullptr || fido_assert_set_uv(question.get(), verified_by_reader(gesture)) != FIDO_OK)
    return FIDO_ERR_INTERNAL;
  const Result<int> code =
      waited([device = device_, question,
              pin = pin_of(gesture)] { return fido_dev_get_assert(device.get(), question.get(), text(pin)); },
             cue_of(gesture));
  if (!code || *code != FIDO_OK) return code;
  if (fido_assert_count(question.get()) == 0) return FIDO_ERR_NO_CREDENTIALS;
  std::string id = taken(fido_assert_id_ptr(question.get(), 0), fido_assert_id_len(question.get(), 0));
  if (id.empty() && group.ids.size() == 1) id = group.ids[0];  // CTAP 2.0 lets a key leave it out
  answer.credential = credential_mark(id);
  answer.auth_data = without_cbor_head(
      taken(fido_assert_authdata_ptr(question.get(), 0), fido_assert_authdata_len(question.get(), 0)));
  answer.signature = taken(fido_assert_sig_ptr(question.get(), 0), fido_assert_sig_len(question.get(), 0));
  return code;
}

Result<int> KeyHere::make(const std::string& rp, KeyAlgorithm algorithm, const Gesture& gesture, MadeCredential& made) {
  const NewCredential credential = wanted(rp, cose_types[static_cast<std::size_t>(algorithm)]);
  if (credential == nullptr || fido_cred_set_uv(credential.get(), verified_by_reader(gesture)) != FIDO_OK)
    return FIDO_ERR_INTERNAL;
  const Result<int> code =
      waited([device = device_, credential,
              pin = pin_of(gesture)] { return fido_dev_make_cred(device.get(), credential.get(), text(pin)); },
             cue_of(gesture));
  if (!code || *code != FIDO_OK) return code;
  made.algorithm = algorithm;
  made.public_key = taken(fido_cred_pubkey_ptr(credential.get()), fido_cred_pubkey_len(credential.get()));
  made.id = taken(fido_cred_id_ptr(credential.get()), fido_cred_id_len(credential.get()));
  made.aaguid = taken(fido_cred_aaguid_ptr(credential.get()), fido_cred_aaguid_len(credential.get()));
  if (made.aaguid == std::string(made.aaguid.size(), '\0')) made.aaguid.clear();  // U2F has none
  return code;
}

namespace {

std::string key_words(int code, const KeyHere& key) {
  const std::string& name = key.name();
  switch (code) {
    case FIDO_ERR_OPERATION_DENIED: return say("{0}: it was refused at the key", {name});
    case FIDO_ERR_USER_ACTION_TIMEOUT:
    case FIDO_ERR_ACTION_TIMEOUT: return say("{0}: nobody touched it in time", {name});
    case FIDO_ERR_PIN_INVALID: return say("{0}: the PIN is wrong", {name});
    case FIDO_ERR_PIN_AUTH_BLOCKED:
      return say("{0}: the PIN was wrong too often: unplug the key, plug it in again, and start anew", {name});
    case FIDO_ERR_PIN_BLOCKED: return say("{0}: its PIN is blocked for good: the key must be reset", {name});
    case FIDO_ERR_UV_BLOCKED: return say("{0}: its fingerprint reader is blocked", {name});
    case FIDO_ERR_UV_INVALID: return say("{0}: the fingerprint was not known", {name});
    case FIDO_ERR_NO_CREDENTIALS:
    case FIDO_ERR_CREDENTIAL_EXCLUDED:
    case FIDO_ERR_INVALID_CREDENTIAL: return say("{0}: it is not registered for this sign-in", {name});
    case FIDO_ERR_UNSUPPORTED_ALGORITHM: return say("{0}: it cannot make a key of this type", {name});
    case FIDO_ERR_KEY_STORE_FULL: return say("{0}: it has no room left", {name});
    case FIDO_ERR_CHANNEL_BUSY: return say("{0}: another program is using it", {name});
    case FIDO_ERR_TX:
    case FIDO_ERR_RX: return say("{0}: it has been unplugged, or does not answer", {name});
  }
  return say("{0}: it failed ({1})", {name, fido_strerr(code)});
}

}  // namespace

Error key_error(int code, const KeyHere& key) {
  const bool later = code < 0 || code == FIDO_ERR_CHANNEL_BUSY;  // libfido2's own are below zero: the key is not there
  return {later ? Code::unavailable : Code::refused, key_words(code, key)};
}

}  // namespace utmfa

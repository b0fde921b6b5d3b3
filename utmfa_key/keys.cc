// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fido/err.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "device/presence.h"
#include "guard.h"
#include "hid_line.h"
#include "open_key.h"

namespace utmfa {
namespace {

// The one that may be waiting for a touch, so that another thread can have it stop.
std::mutex waiting_mutex;
fido_dev_t* waiting = nullptr;
std::atomic<bool> nobody_waits = false;

class Waiting {
 public:
  explicit Waiting(fido_dev_t* device) {
    const std::lock_guard lock(waiting_mutex);
    waiting = device;
  }
  ~Waiting() {
    const std::lock_guard lock(waiting_mutex);
    waiting = nullptr;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
};

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

// What the key said to `ask`, with the time that a person has for it.
template <typename Ask>
KeyNews asked_to_touch(const OpenKey& key, const KeyWish& wish, Ask ask) {
  const std::int64_t limit = std::int64_t{wish.seconds} * 1000, begun = monotonic_ms();
  (void)fido_dev_set_timeout(key.device(), static_cast<int>(limit));
  const Waiting held(key.device());
  forget_line_state();
  int code;
  {
    const Guard guard(key.device());
    code = ask();
  }
  const bool whole = monotonic_ms() - begun >= limit - 200;
  if (code != FIDO_OK && whole) (void)fido_dev_cancel(key.device());  // it would go on blinking
  (void)fido_dev_set_timeout(key.device(), 3000);
  return key.ended(code, whole ? OpenKey::Waited::whole_time : OpenKey::Waited::less);
}

const char* pin_of(const KeyWish& wish, std::string& room) {
  if (wish.confirm != Confirm::pin) return nullptr;
  room = wish.pin.view();
  return room.c_str();
}

// The byte string of CBOR around authenticator data: a head of two or three bytes.
std::string unwrapped(const unsigned char* bytes, std::size_t size) {
  if (size > 2 && bytes[0] == 0x58) return copied(bytes + 2, size - 2);
  if (size > 3 && bytes[0] == 0x59) return copied(bytes + 3, size - 3);
  return {};
}

KeyNews sign(const OpenKey& key, const KeyWish& wish, std::size_t index) {
  const Credential& credential = wish.credentials[index];
  const Assertion question(fido_assert_new());
  const bool ready =
      question && fido_assert_set_rp(question.get(), credential.rp.c_str()) == FIDO_OK &&
      fido_assert_set_clientdata_hash(question.get(), raw(wish.hash), wish.hash.size()) == FIDO_OK &&
      fido_assert_set_up(question.get(), FIDO_OPT_TRUE) == FIDO_OK &&
      (wish.confirm != Confirm::built_in || fido_assert_set_uv(question.get(), FIDO_OPT_TRUE) == FIDO_OK) &&
      (credential.id.empty() ||
       fido_assert_allow_cred(question.get(), raw(credential.id), credential.id.size()) == FIDO_OK);
  KeyNews news;
  if (!ready) return news;
  std::string pin;
  news =
      asked_to_touch(key, wish, [&] { return fido_dev_get_assert(key.device(), question.get(), pin_of(wish, pin)); });
  wipe(pin);
  news.credential = index;
  if (news.end != KeyEnd::done || fido_assert_count(question.get()) == 0) return news;
  news.auth_data = unwrapped(fido_assert_authdata_ptr(question.get(), 0), fido_assert_authdata_len(question.get(), 0));
  news.signature = copied(fido_assert_sig_ptr(question.get(), 0), fido_assert_sig_len(question.get(), 0));
  return news;
}

bool prepared(fido_cred_t* made, const KeyWish& wish, int algorithm) {
  bool ready = fido_cred_set_type(made, algorithm) == FIDO_OK &&
               fido_cred_set_rp(made, wish.rp.c_str(), wish.rp.c_str()) == FIDO_OK &&
               fido_cred_set_clientdata_hash(made, raw(wish.hash), wish.hash.size()) == FIDO_OK &&
               fido_cred_set_user(made, raw(wish.user), std::min<std::size_t>(wish.user.size(), 64), wish.user.c_str(),
                                  wish.user.c_str(), nullptr) == FIDO_OK &&
               (wish.confirm != Confirm::built_in || fido_cred_set_uv(made, FIDO_OPT_TRUE) == FIDO_OK);
  for (const Credential& each : wish.credentials)
    if (each.rp == wish.rp && !each.id.empty())
      ready = ready && fido_cred_exclude(made, raw(each.id), each.id.size()) == FIDO_OK;
  return ready;
}

KeyNews told(const fido_cred_t* made, KeyNews news) {
  news.algorithm = fido_cred_type(made) == COSE_EDDSA   ? KeyAlgorithm::eddsa
                   : fido_cred_type(made) == COSE_RS256 ? KeyAlgorithm::rs256
                                                        : KeyAlgorithm::es256;
  news.auth_data = unwrapped(fido_cred_authdata_ptr(made), fido_cred_authdata_len(made));
  news.signature = copied(fido_cred_sig_ptr(made), fido_cred_sig_len(made));
  news.public_key = copied(fido_cred_pubkey_ptr(made), fido_cred_pubkey_len(made));
  news.id = copied(fido_cred_id_ptr(made), fido_cred_id_len(made));
  news.aaguid = copied(fido_cred_aaguid_ptr(made), fido_cred_aaguid_len(made));
  news.format = fido_cred_fmt(made) == nullptr ? "" : fido_cred_fmt(made);
  news.certificate = copied(fido_cred_x5c_ptr(made), fido_cred_x5c_len(made));
  return news;
}

// ES256, which every key knows; the others only where a key knows nothing else.
KeyNews make(const OpenKey& key, const KeyWish& wish) {
  KeyNews news;
  for (const int algorithm : {COSE_ES256, COSE_EDDSA, COSE_RS256}) {
    const NewCredential made(fido_cred_new());
    if (!made || !prepared(made.get(), wish, algorithm)) return {};
    std::string pin;
    int code = FIDO_OK;
    news = asked_to_touch(key, wish, [&] {
      code = fido_dev_make_cred(key.device(), made.get(), pin_of(wish, pin));
      return code;
    });
    wipe(pin);
    if (news.end == KeyEnd::done) return told(made.get(), std::move(news));
    if (code != FIDO_ERR_UNSUPPORTED_ALGORITHM) return news;
  }
  return news;
}

struct Found {
  std::unique_ptr<OpenKey> key;
  std::size_t credential = 0;
  KeyNews otherwise;  // why there is no key
};

// Of several keys that do not help, what is told: what a person can do something about comes before the rest.
constexpr std::array worth_telling = {KeyEnd::absent, KeyEnd::foreign, KeyEnd::unable, KeyEnd::unplugged, KeyEnd::busy};

void tell(Found& found, const KeyNews& news) {
  const auto worth = [](KeyEnd end) { return std::find(worth_telling.begin(), worth_telling.end(), end); };
  if (worth(news.end) > worth(found.otherwise.end)) found.otherwise = news;
}

Found nothing_found() {
  Found found;
  const std::string shut_out = key_shut_out();  // libfido2 does not list it
  found.otherwise = shut_out.empty() ? KeyNews{} : unable(shut_out + ": a key is there, and may not be opened");
  if (shut_out.empty()) found.otherwise.end = KeyEnd::absent;
  return found;
}

// Over all keys that are here, the credential that stands first in the wish. Those that do not have it are closed.
Found find(const KeyWish& wish) {
  Found found = nothing_found();
  found.credential = wish.credentials.size();
  for (const std::string& path : key_paths()) {
    auto key = std::make_unique<OpenKey>(path);
    if (!key->opened()) tell(found, key->fault());
    for (std::size_t i = 0; key && key->opened() && i < found.credential; ++i) {
      const KeyNews here = key->has(wish.credentials[i]);
      if (here.end != KeyEnd::done) tell(found, here);
      if (here.end != KeyEnd::done && here.end != KeyEnd::foreign) break;  // it would say the same again
      if (here.end != KeyEnd::done) continue;
      found.credential = i;
      found.key = std::move(key);
    }
  }
  return found;
}

// For a new credential: of several keys the one that is touched.
constexpr int between_looks_ms = 200;

Found find_free(const KeyWish& wish) {
  Found found = nothing_found();
  std::vector<std::unique_ptr<OpenKey>> keys;
  for (const std::string& path : key_paths()) {
    auto key = std::make_unique<OpenKey>(path);
    if (!key->opened()) tell(found, key->fault());
    if (key->opened()) keys.push_back(std::move(key));
  }
  if (keys.size() == 1) found.key = std::move(keys[0]);
  if (keys.size() < 2) return found;
  found.otherwise.end = KeyEnd::untouched;
  const std::int64_t until = monotonic_ms() + std::int64_t{wish.seconds} * 1000;
  std::vector<std::unique_ptr<Guard>> guards;
  for (const auto& key : keys) {
    (void)fido_dev_get_touch_begin(key->device());
    guards.push_back(std::make_unique<Guard>(key->device()));
  }
  while (!found.key && monotonic_ms() < until && !nobody_waits)
    for (auto& key : keys) {
      int touched = 0;
      if (!key || fido_dev_get_touch_status(key->device(), &touched, between_looks_ms) != FIDO_OK || touched == 0)
        continue;
      found.key = std::move(key);
      break;
    }
  for (const auto& key : keys)
    if (key) (void)fido_dev_cancel(key->device());
  return found;
}

}  // namespace

KeyNews answer_wish(const KeyWish& wish) {
  fido_init(0);
  const Found found = wish.verb == KeyVerb::make ? find_free(wish) : find(wish);
  if (!found.key) return found.otherwise;
  if (wish.verb == KeyVerb::look) {
    KeyNews news = found.key->about();
    news.end = KeyEnd::done;
    news.credential = found.credential;
    return news;
  }
  if (wish.confirm == Confirm::pin && !fido_dev_has_pin(found.key->device())) {
    KeyNews without;
    without.end = KeyEnd::no_pin;
    return without;
  }
  if (wish.verb == KeyVerb::make) return make(*found.key, wish);
  return sign(*found.key, wish, found.credential);
}

void let_go() {
  nobody_waits = true;
  const std::lock_guard lock(waiting_mutex);
  if (waiting != nullptr) (void)fido_dev_cancel(waiting);
}

}  // namespace utmfa

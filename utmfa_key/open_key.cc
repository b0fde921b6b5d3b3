// SPDX-License-Identifier: Apache-2.0
#include "open_key.h"

#include <unistd.h>

#include "hid_line.h"

namespace utmfa {
namespace {

constexpr int patience_ms = 3000;  // for what needs no person

KeyEnd end_of(int code) {
  switch (code) {
    case FIDO_ERR_PIN_NOT_SET: return KeyEnd::no_pin;
    case FIDO_ERR_PIN_REQUIRED: return KeyEnd::pin_needed;
    case FIDO_ERR_PIN_INVALID:
    case FIDO_ERR_PIN_AUTH_INVALID: return KeyEnd::wrong_pin;
    case FIDO_ERR_PIN_AUTH_BLOCKED: return KeyEnd::pin_paused;
    case FIDO_ERR_PIN_BLOCKED: return KeyEnd::pin_blocked;
    case FIDO_ERR_PIN_POLICY_VIOLATION: return KeyEnd::pin_change;
    case FIDO_ERR_UV_BLOCKED:
    case FIDO_ERR_UV_INVALID: return KeyEnd::unverified;
    case FIDO_ERR_ACTION_TIMEOUT:
    case FIDO_ERR_USER_ACTION_TIMEOUT:
    case FIDO_ERR_TIMEOUT: return KeyEnd::untouched;
    case FIDO_ERR_OPERATION_DENIED:
    case FIDO_ERR_KEEPALIVE_CANCEL:
    case FIDO_ERR_NOT_ALLOWED: return KeyEnd::refused;
    case FIDO_ERR_CREDENTIAL_EXCLUDED: return KeyEnd::known;
    case FIDO_ERR_NO_CREDENTIALS:
    case FIDO_ERR_INVALID_CREDENTIAL: return KeyEnd::foreign;
    case FIDO_ERR_CHANNEL_BUSY: return KeyEnd::busy;
  }
  return KeyEnd::unable;
}

}  // namespace

OpenKey::OpenKey(const std::string& path) : path_(path) {
  forget_line_state();
  device_ = fido_dev_new();
  if (device_ == nullptr) return;
  (void)fido_dev_set_timeout(device_, patience_ms);
  if (is_hid(path)) use_hid_line(device_);
  const int code = fido_dev_open(device_, path.c_str());
  if (code == FIDO_OK)
    opened_ = true;
  else
    fault_ = ended(code, Waited::less);
}

OpenKey::~OpenKey() {
  if (device_ == nullptr) return;
  if (opened_) (void)fido_dev_close(device_);
  fido_dev_free(&device_);
}

KeyNews OpenKey::about() const {
  KeyNews news;
  if (fido_dev_has_pin(device_)) news.pin = KeyNews::Pin::set;
  if (fido_dev_has_uv(device_)) news.built_in = KeyNews::BuiltIn::ready;
  int retries = -1;
  if (news.pin == KeyNews::Pin::set && fido_dev_get_retry_count(device_, &retries) == FIDO_OK) news.retries = retries;
  return news;
}

// An assertion without a touch (CTAP 2.1 section 6.1.2, pre-flight); a U2F key says that it would want one.
KeyNews OpenKey::has(const Credential& credential) const {
  const Assertion question(fido_assert_new());
  const std::string hash(32, '\0');
  const bool ready = question && fido_assert_set_rp(question.get(), credential.rp.c_str()) == FIDO_OK &&
                     fido_assert_set_clientdata_hash(question.get(), raw(hash), hash.size()) == FIDO_OK &&
                     fido_assert_set_up(question.get(), FIDO_OPT_FALSE) == FIDO_OK &&
                     (credential.id.empty() ||
                      fido_assert_allow_cred(question.get(), raw(credential.id), credential.id.size()) == FIDO_OK);
  if (!ready) return unable("libfido2: no memory");
  forget_line_state();
  const int code = fido_dev_get_assert(device_, question.get(), nullptr);
  KeyNews news;
  const bool here = code == FIDO_ERR_USER_PRESENCE_REQUIRED || code == FIDO_ERR_UP_REQUIRED ||
                    (code == FIDO_OK && fido_assert_count(question.get()) > 0);
  if (here || code == FIDO_OK) {
    news.end = here ? KeyEnd::done : KeyEnd::foreign;
    return news;
  }
  news = ended(code, Waited::less);
  if (code == FIDO_ERR_PIN_REQUIRED) news.end = KeyEnd::done;  // it says nothing without its PIN, so it may be here
  if (code == FIDO_ERR_UNSUPPORTED_OPTION || code == FIDO_ERR_CREDENTIAL_EXCLUDED) news.end = KeyEnd::foreign;  // U2F
  return news;
}

// libfido2 says the same of a packet that did not come, whyever it did not.
KeyEnd OpenKey::lost(Waited waited) const {
  switch (line_state()) {
    case LineState::held:
    case LineState::busy: return KeyEnd::busy;
    case LineState::gone: return KeyEnd::unplugged;
    case LineState::closed: return KeyEnd::unable;
    case LineState::well: break;
  }
  if (access(path_.c_str(), F_OK) != 0) return KeyEnd::unplugged;
  return waited == Waited::whole_time ? KeyEnd::untouched : KeyEnd::unable;
}

KeyNews OpenKey::ended(int code, Waited waited) const {
  KeyNews news;
  news.end = code == FIDO_OK ? KeyEnd::done : end_of(code);
  const bool silence = code == FIDO_ERR_TX || code == FIDO_ERR_RX || code == FIDO_ERR_INTERNAL;
  if (silence) news.end = lost(waited);
  if (code != FIDO_OK) news.detail = fido_strerr(code);
  if (line_state() == LineState::closed) news.detail = path_ + ": may not be opened";
  if (line_state() == LineState::busy) news.detail = "it still works for a program that has gone";
  int retries = -1;
  const bool counted = news.end == KeyEnd::wrong_pin || news.end == KeyEnd::pin_paused;
  if (counted && fido_dev_get_retry_count(device_, &retries) == FIDO_OK) news.retries = retries;
  if (news.end == KeyEnd::wrong_pin && retries == 0) news.end = KeyEnd::pin_blocked;
  return news;
}

}  // namespace utmfa

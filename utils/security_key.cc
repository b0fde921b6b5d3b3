// SPDX-License-Identifier: Apache-2.0
// Devices and waiting. libfido2 blocks while it waits for a person, so it talks in a thread of its own, which is
// cancelled, and left behind where the key does not take a cancel (U2F has none): the program is about to end then.
#include "security_key.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "device/presence.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t most_keys = 64, longest_shown = 60;
constexpr std::chrono::seconds grace{2};
constexpr int touch_turn_ms = 200;

std::chrono::seconds& limit() {
  static std::chrono::seconds seconds{60};
  return seconds;
}

struct Talk {
  std::function<int()> talk;
  Descriptor done{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  int code = FIDO_ERR_INTERNAL;

  void run() {
    code = talk();
    (void)eventfd_write(done.get(), 1);
  }
};

// Whether it was done by then; a signal that ends questions ends this too.
bool done_by(const Talk& talk, Steady::time_point end, const sigset_t* signals) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now()).count();
    if (left < 0 || (signals != nullptr && interrupted())) return false;
    const timespec time{left / 1000, left % 1000 * 1000000};
    pollfd due{talk.done.get(), POLLIN, 0};
    if (ppoll(&due, 1, &time, signals) > 0) return true;
  }
}

void tell(Cue cue, const std::string& name) {
  if (cue == Cue::touch) complain(say("Touch the security key now ({0}).", {name}));
  if (cue == Cue::finger) complain(say("Touch the fingerprint reader of the security key now ({0}).", {name}));
}

class InterruptsHeld {
 public:
  InterruptsHeld() {
    sigset_t interrupts;
    sigemptyset(&interrupts);
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&interrupts, each);
    (void)pthread_sigmask(SIG_BLOCK, &interrupts, &before_);
  }
  ~InterruptsHeld() { (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  InterruptsHeld(const InterruptsHeld&) = delete;
  InterruptsHeld& operator=(const InterruptsHeld&) = delete;
  const sigset_t* before() const { return &before_; }

 private:
  sigset_t before_;
};

std::string shown_name(const fido_dev_info_t* device) {
  const char* maker = fido_dev_info_manufacturer_string(device);
  const char* product = fido_dev_info_product_string(device);
  std::string name = maker == nullptr ? "" : maker;
  if (product != nullptr && name != product) name.append(name.empty() ? "" : " ").append(product);
  return cleaned(name, longest_shown);
}

// libfido2 waits for half a minute where another program holds the key.
Status is_free(const PluggedKey& plugged) {
  const Descriptor file(::open(plugged.path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!file) return Error{Code::unavailable, say("{0}: it cannot be opened", {plugged.name})};
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return Error{Code::conflict, say("{0}: another program is using it", {plugged.name})};
  return Done{};
}

}  // namespace

void wait_at_most(std::chrono::seconds seconds) { limit() = seconds; }

Result<std::vector<PluggedKey>> plugged_keys() {
  fido_init(0);
  std::size_t found = 0;
  fido_dev_info_t* list = fido_dev_info_new(most_keys);
  if (list == nullptr || fido_dev_info_manifest(list, most_keys, &found) != FIDO_OK) {
    fido_dev_info_free(&list, most_keys);
    return Error{Code::unavailable, say("security keys cannot be looked for")};
  }
  std::vector<PluggedKey> keys;
  for (std::size_t i = 0; i < found; ++i) {
    const fido_dev_info_t* each = fido_dev_info_ptr(list, i);
    keys.push_back({fido_dev_info_path(each), shown_name(each)});
  }
  fido_dev_info_free(&list, most_keys);
  return keys;
}

// libfido2 does not list what it may not open.
Error why_none() {
  if (const std::string node = key_shut_out(); !node.empty())
    return {Code::unavailable, say("a security key is there, but you may not open it: ask for access to {0}", {node})};
  return {Code::unavailable, say("no security key is plugged in")};
}

Result<KeyHere> KeyHere::open(const PluggedKey& plugged) {
  if (Status free = is_free(plugged); !free) return free.error();
  Device device(fido_dev_new(), [](fido_dev_t* open) {
    (void)fido_dev_close(open);
    fido_dev_free(&open);
  });
  if (device == nullptr || fido_dev_open(device.get(), plugged.path.c_str()) != FIDO_OK)
    return Error{Code::unavailable, say("{0}: it does not answer", {plugged.name})};
  return KeyHere(plugged, std::move(device));
}

int KeyHere::tries_left() const {
  int left = -1;
  return fido_dev_get_retry_count(device_.get(), &left) == FIDO_OK ? left : -1;
}

Result<int> KeyHere::waited(std::function<int()> talk, Cue cue) {
  tell(cue, name());
  const InterruptsHeld held;
  auto shared = std::make_shared<Talk>();
  if (!shared->done) return os_error("eventfd", "cannot be made");
  shared->talk = std::move(talk);
  std::thread thread([shared] { shared->run(); });
  if (done_by(*shared, Steady::now() + limit(), held.before())) {
    thread.join();
    return shared->code;
  }
  const bool cancelled = fido_dev_cancel(device_.get()) == FIDO_OK && done_by(*shared, Steady::now() + grace, nullptr);
  if (cancelled) thread.join();
  if (!cancelled) thread.detach();
  if (interrupted()) return Error{Code::refused, say("stopped")};
  return Error{Code::refused, say("{0}: nobody touched it in time", {name()})};
}

Result<std::size_t> KeyHere::touched(std::vector<KeyHere>& keys) {
  for (KeyHere& each : keys)
    if (fido_dev_get_touch_begin(each.device_.get()) != FIDO_OK)
      return Error{Code::unavailable, say("{0}: it does not answer", {each.name()})};
  const Steady::time_point end = Steady::now() + limit();
  std::size_t chosen = keys.size();
  while (chosen == keys.size() && Steady::now() < end && !interrupted()) {
    for (std::size_t i = 0; i < keys.size() && chosen == keys.size(); ++i) {
      int touched = 0;
      if (fido_dev_get_touch_status(keys[i].device_.get(), &touched, touch_turn_ms) == FIDO_OK && touched != 0)
        chosen = i;
    }
  }
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (i != chosen) (void)fido_dev_cancel(keys[i].device_.get());
  if (interrupted()) return Error{Code::refused, say("stopped")};
  if (chosen == keys.size()) return Error{Code::refused, say("no key was touched in time")};
  return chosen;
}

}  // namespace utmfa

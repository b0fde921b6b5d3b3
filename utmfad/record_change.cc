// SPDX-License-Identifier: Apache-2.0
// What the broker does to the files of one person who registers himself.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/encoding.h"
#include "record.h"
#include "vault/state_file.h"

namespace utmfa {
namespace {

std::string method_file_name(const std::string& user) { return file_name(user) + ".yaml"; }

// Whoever holds the lock is changing it at this moment and knows what he does.
bool held_by_another(int state) { return flock(state, LOCK_EX | LOCK_NB) != 0; }

}  // namespace

Result<Descriptor> Records::method_file(const std::string& user) const {
  const std::string name = method_file_name(user);
  return open_file(house_.methods.get(), name, house_.data + "/methods/" + name, Privacy::secret, Access::read);
}

Status Records::save_method_file(const std::string& user, std::string_view text) const {
  const std::string name = method_file_name(user), path = house_.data + "/methods/" + name;
  if (text.empty()) return remove_file(house_.methods.get(), name, path);
  return replace_file(house_.methods.get(), name, path, text, 0600);
}

// For who has no method file. A state that lies there from a start that was cut off means nothing without one, and is
// written anew where it is damaged; one of a newer utmfa is not.
Result<Descriptor> Records::new_state(const Record& record) const {
  const std::string name = file_name(record.user);
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const Descriptor made(openat(house_.state.get(), name.c_str(), flags, 0600));
  if (!made && errno != EEXIST) return os_error(record.state_path, "create");
  Result<Descriptor> file = open_file(house_.state.get(), name, record.state_path, Privacy::secret, Access::read_write);
  if (!file || held_by_another(file->get())) return file;
  StateFile state(file->get(), record.user, record.keys, record.state_path);
  Status ready = state.lock();
  const Result<State> old = ready ? state.read() : ready.error();
  if (!old && old.error().code != Code::corrupt) ready = old.error();
  const Result<Descriptor> methods = method_file(record.user);  // again, under the lock
  if (!methods && methods.error().code != Code::not_found) ready = methods.error();
  if (ready && !old && !methods) {
    State fresh;
    ready = state.format(fresh);
    if (ready) ready = state.sync_new(house_.state.get());
  }
  state.unlock();
  if (!ready) return ready.error();
  return file;
}

Result<Record> Records::record_for_change(const std::string& user) const {
  const Result<Descriptor> methods = method_file(user);
  if (methods) return record(user, Name::known);
  if (methods.error().code != Code::not_found) return methods.error();
  Record record;
  record.user = record.state_user = user;
  record.keys = ring_.keys_for(user);
  record.methods_path = house_.data + "/methods/" + method_file_name(user);
  record.state_path = house_.data + "/state/" + file_name(user);
  Result<Descriptor> state = new_state(record);
  if (!state) return state.error();
  record.state = std::move(*state);
  return record;
}

void Records::forget_unused(const std::string& user) const {
  const std::string name = file_name(user), path = house_.data + "/state/" + name;
  if (const Result<Descriptor> methods = method_file(user); methods || methods.error().code != Code::not_found) return;
  const Result<Descriptor> state = open_file(house_.state.get(), name, path, Privacy::secret, Access::read_write);
  if (!state || held_by_another(state->get())) return;
  // Again, under the lock: a first method may have been registered meanwhile.
  if (const Result<Descriptor> methods = method_file(user); methods || methods.error().code != Code::not_found) return;
  const UserKeys keys = ring_.keys_for(user);
  StateFile left(state->get(), user, keys, path);
  if (left.lock() && left.may_be_removed())
    (void)remove_file(house_.state.get(), name, path);  // the lock is ours already
}

}  // namespace utmfa

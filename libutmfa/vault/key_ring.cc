// SPDX-License-Identifier: Apache-2.0
// The ring of sealing keys on disk.
#include "vault/key_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/formats.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t key_size = 32, longest_id = 16;
constexpr std::string_view suffix = ".key";
constexpr int most_keys = 1000;

bool valid_id(std::string_view id) {
  if (id.empty() || id.size() > longest_id) return false;
  for (char each : id)
    if (!((each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-')) return false;
  return true;
}

Result<std::vector<std::string>> ids_in(int directory, const std::string& path) {
  const Result<std::vector<std::string>> names = names_in(directory, path);
  if (!names) return names.error();
  std::vector<std::string> ids;
  for (const std::string& name : *names) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) continue;
    std::string id = name.substr(0, name.size() - suffix.size());
    if (!valid_id(id)) return Error{Code::invalid, path + ": " + cleaned(name, 64) + ": not the name of a key"};
    ids.push_back(std::move(id));
  }
  return ids;
}

Result<Secret> key_in(int directory, const std::string& path, const std::string& id) {
  const std::string name = id + std::string(suffix), shown = path + "/" + name;
  const Result<Descriptor> file = open_file(directory, name, shown, Privacy::secret, Access::read);
  if (!file) return file.error();
  Result<std::string> bytes = contents(file->get(), shown, key_size + 1);
  if (!bytes) return bytes.error();
  const bool right = bytes->size() == key_size;
  Secret key(*bytes);
  wipe(*bytes);
  if (!right) return Error{Code::corrupt, shown + ": expected exactly 32 bytes"};
  return key;
}

Result<std::string> active_in(int directory, const std::string& path) {
  const std::string shown = path + "/active";
  const Result<Descriptor> file = open_file(directory, "active", shown, Privacy::secret, Access::read);
  if (!file && file.error().code == Code::not_found)
    return Error{Code::not_found, shown + ": missing: run `utmfa-admin setup`"};
  if (!file) return file.error();
  const Result<std::string> text = contents(file->get(), shown, 64);
  if (!text) return text.error();
  return std::string(trimmed(*text));
}

}  // namespace

Result<KeyRing> KeyRing::open(const std::string& directory) {
  const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
  if (!opened) return opened.error();
  if (Status known = known_layout(directory, formats::key_ring); !known) return known.error();
  KeyRing ring;
  const Result<std::string> active = active_in(opened->get(), directory);
  if (!active) return active.error();
  ring.active_ = *active;
  const Result<std::vector<std::string>> ids = ids_in(opened->get(), directory);
  if (!ids) return ids.error();
  for (const std::string& id : *ids) {
    Result<Secret> key = key_in(opened->get(), directory, id);
    if (!key) return key.error();
    ring.keys_.emplace(id, std::move(*key));
  }
  if (ring.keys_.find(ring.active_) == ring.keys_.end())
    return Error{Code::corrupt, directory + "/active: names " + cleaned(ring.active_, 32) + ", which has no .key file"};
  return ring;
}

// A key that cannot be derived is left out: what is sealed with it then does not open.
UserKeys KeyRing::keys_for(std::string_view user) const {
  UserKeys keys;
  keys.active = active_;
  for (const auto& [id, key] : keys_)
    if (Result<Secret> derived = user_key(key, user)) keys.keys.emplace(id, std::move(*derived));
  return keys;
}

std::vector<std::string> KeyRing::ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, key] : keys_) ids.push_back(id);
  return ids;
}

// Under the directory's lock, so that two administrators do not take the same number: the first key would be lost.
Result<std::string> make_key(const std::string& directory, Random& random) {
  const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
  if (!opened) return opened.error();
  if (Status known = known_layout(directory, formats::key_ring); !known) return known.error();
  if (flock(opened->get(), LOCK_EX) != 0) return os_error(directory, "cannot be locked");
  for (int next = 1; next <= most_keys; ++next) {
    const std::string id = "k" + std::to_string(next), name = id + std::string(suffix);
    if (faccessat(opened->get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) continue;
    if (errno != ENOENT) return os_error(directory + "/" + name, "cannot be examined");
    const Result<Secret> key = random.bytes(key_size);
    if (!key) return key.error();
    const Status written = replace_file(opened->get(), name, directory + "/" + name, key->view(), 0400);
    if (!written) return written.error();
    return id;
  }
  return Error{Code::refused, directory + ": too many keys"};
}

Status activate_key(const std::string& directory, std::string_view id) {
  const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
  if (!opened) return opened.error();
  if (Status known = known_layout(directory, formats::key_ring); !known) return known;
  if (!valid_id(id)) return Error{Code::invalid, "key " + cleaned(id, 32) + ": not a key id"};
  if (const Result<Secret> key = key_in(opened->get(), directory, std::string(id)); !key) return key.error();
  return replace_file(opened->get(), "active", directory + "/active", std::string(id) + "\n", 0400);
}

}  // namespace utmfa

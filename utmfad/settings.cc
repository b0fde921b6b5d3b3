// SPDX-License-Identifier: Apache-2.0
// Reading the configuration, and noticing that it changed.
#include "settings.h"

#include "factors/factor.h"

namespace utmfa {
namespace {

struct stat identity(const std::string& path) {
  struct stat now {};
  if (stat(path.c_str(), &now) != 0) now = {};
  return now;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

}  // namespace

void Seen::look() { seen_ = identity(path_); }

bool Seen::changed() const { return !same(seen_, identity(path_)); }

bool ConfigFile::changed() const {
  for (const Seen& each : seen_)
    if (each.changed()) return true;
  return seen_.empty();
}

// Looked at before it is read: what changes meanwhile is noticed the next time.
Status ConfigFile::load() {
  seen_.clear();
  seen_.emplace_back(config_directory(path_));
  const Result<std::vector<std::string>> files = config_files(path_);
  for (const std::string& each : files ? *files : std::vector<std::string>{path_}) seen_.emplace_back(each);
  Result<Config> loaded = load_config(path_, kind_names());
  if (!loaded) return loaded.error();
  config_ = std::move(*loaded);
  if (!config_.fido.attestation.empty()) seen_.emplace_back(config_.fido.attestation);
  return Done{};
}

}  // namespace utmfa

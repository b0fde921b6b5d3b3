// SPDX-License-Identifier: Apache-2.0
// The new file is written beside and synced, the old one gets a second name, and one rename makes the change.
#include "service/pam_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/text.h"
#include "service/change.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_file = 65536, longest_value = 65536;

std::string new_name(const std::string& service) { return "." + service + ".utmfa-new"; }
std::string old_name(const std::string& service) { return "." + service + ".utmfa-before"; }

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return Done{};
}

// SELinux labels, access lists. One that cannot be taken over could make the file unreadable to who needs it.
Status copy_labels(int from, int to, const std::string& path) {
  std::vector<char> names(longest_value);
  const ssize_t size = flistxattr(from, names.data(), names.size());
  if (size < 0) return errno == ENOTSUP ? Status(Done{}) : Status(os_error(path, "its labels cannot be read"));
  for (const std::string_view name : split({names.data(), static_cast<std::size_t>(size)}, '\0')) {
    if (name.empty()) continue;
    std::vector<char> value(longest_value);
    const std::string key(name);
    const ssize_t length = fgetxattr(from, key.c_str(), value.data(), value.size());
    if (length < 0 || fsetxattr(to, key.c_str(), value.data(), static_cast<std::size_t>(length), 0) != 0)
      return os_error(path, "its label " + key + " cannot be kept");
  }
  return Done{};
}

Status copy_attributes(int from, int to, const std::string& path) {
  struct stat about {};
  if (fstat(from, &about) != 0) return os_error(path, "cannot be examined");
  if (fchown(to, about.st_uid, about.st_gid) != 0) return os_error(path, "its owner cannot be kept");
  if (fchmod(to, about.st_mode & 07777U) != 0) return os_error(path, "its mode cannot be kept");
  return copy_labels(from, to, path);
}

}  // namespace

Result<PamFile> PamFile::open(const std::string& directory, const std::string& service) {
  const std::string path = directory + "/" + service;
  Result<Descriptor> opened = open_directory(directory, Privacy::open);
  if (!opened) return opened.error();
  Result<Descriptor> file = open_file(opened->get(), service, path, Privacy::open, Access::read);
  if (!file) return file.error();
  Result<std::string> text = contents(file->get(), path, longest_file);
  if (!text) return text.error();
  return PamFile(std::move(*opened), std::move(*file), service, path, std::move(*text));
}

Status PamFile::unchanged() const {
  const Descriptor file(openat(directory_.get(), service_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
  const Result<std::string> now = contents(file.get(), path_, longest_file);
  if (now && *now == text_) return Done{};
  return Error{Code::conflict, say("{0} was changed meanwhile", {path_})};
}

Status PamFile::write_new(const std::string& name, const std::string& text) const {
  (void)unlinkat(directory_.get(), name.c_str(), 0);  // left by one that was cut off
  const Descriptor made(
      openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!made) return os_error(path_, "a new one cannot be written");
  Status done = write_all(made.get(), text, path_);
  if (done) done = copy_attributes(file_.get(), made.get(), path_);
  if (done && fsync(made.get()) != 0) done = os_error(path_, "a new one cannot be synced");
  if (!done) (void)unlinkat(directory_.get(), name.c_str(), 0);
  return done;
}

Status PamFile::replace(const std::string& text) {
  const std::string beside = new_name(service_), old = old_name(service_);
  if (Status wrote = write_new(beside, text); !wrote) return wrote;
  const int directory = directory_.get();
  (void)unlinkat(directory, old.c_str(), 0);
  Status done = Done{};
  if (linkat(directory, service_.c_str(), directory, old.c_str(), 0) != 0) done = os_error(path_, "cannot be kept");
  // What is kept is what stands there now, by whatever hand.
  const Descriptor kept(openat(directory, old.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const Result<std::string> now = contents(kept.get(), path_, longest_file);
  if (done && (!now || *now != text_)) done = Error{Code::conflict, say("{0} was changed meanwhile", {path_})};
  if (done && renameat(directory, beside.c_str(), directory, service_.c_str()) != 0)
    done = os_error(path_, "cannot be replaced");
  if (!done) {
    (void)unlinkat(directory, beside.c_str(), 0);
    (void)unlinkat(directory, old.c_str(), 0);
    return done;
  }
  if (fsync(directory) != 0) return os_error(path_, "its directory cannot be synced");
  return Done{};
}

// On a disk without room: our lines out of it make it shorter, and what it has stays its own.
Status PamFile::overwrite(const std::string& shorter) const {
  errno = ENOSPC;
  if (shorter.size() > text_.size()) return os_error(path_, "cannot be written");
  const Descriptor file(openat(directory_.get(), service_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return os_error(path_, "cannot be opened");
  if (Status wrote = write_all(file.get(), shorter, path_); !wrote) return wrote;
  if (ftruncate(file.get(), static_cast<off_t>(shorter.size())) != 0 || fsync(file.get()) != 0)
    return os_error(path_, "cannot be written");
  return Done{};
}

Status PamFile::take_out(const std::string& shorter) {
  Status done = replace(shorter);
  if (done || done.error().code == Code::conflict) return done;
  return overwrite(shorter);
}

Status PamFile::put_back(const std::string& directory, const std::string& service, const std::string& written) {
  const Result<PamFile> now = PamFile::open(directory, service);
  if (!now && now.error().code == Code::not_found) return Done{};  // gone with its package: nothing asks there
  if (!now) return now.error();
  const int in = now->directory_.get();
  const std::string old = old_name(service), without = text_without_ours(now->text());
  if (now->text() == written && renameat(in, old.c_str(), in, service.c_str()) == 0) {
    if (fsync(in) != 0) return os_error(now->path(), "its directory cannot be synced");
    return Done{};
  }
  if (without == now->text()) return Done{};
  const std::string beside = new_name(service);
  if (!now->write_new(beside, without)) return now->overwrite(without);
  if (renameat(in, beside.c_str(), in, service.c_str()) != 0 || fsync(in) != 0)
    return os_error(now->path(), "cannot be put back");
  return Done{};
}

void PamFile::forget(const std::string& directory, const std::string& service) {
  const Result<Descriptor> opened = open_directory(directory, Privacy::open);
  if (opened) (void)unlinkat(opened->get(), old_name(service).c_str(), 0);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Opening and replacing our own files. Every check is made on the descriptor that is then used, so that nothing can
// be exchanged between the check and the use.
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/encoding.h"
#include "base/freed.h"
#include "base/random.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;
constexpr mode_t others_any = S_IRWXG | S_IRWXO;
constexpr int most_replaced = 16;  // while one file is being opened
constexpr int safely = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode & 07777u);
  return text;
}

Error refused(const std::string& path, const std::string& what) { return {Code::refused, path + ": " + what}; }

// Owner and mode of one file or directory; `forbidden` are the permission bits that nobody else may have.
Status checked(const struct stat& status, const std::string& path, mode_t forbidden) {
  if (status.st_uid != 0 && status.st_uid != trusted_owner()) {
    return refused(path, "is owned by uid " + std::to_string(status.st_uid) + ": expected root");
  }
  const mode_t mode = status.st_mode & 07777u;
  if (mode & forbidden) {
    return refused(path, "has mode " + octal(mode) + ": expected " + octal(mode & ~forbidden));
  }
  return Done{};
}

// A directory on the way: others may write there only where the sticky bit keeps them from moving our entries.
Status checked_parent(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return os_error(path, "cannot be examined");
  return checked(status, path, status.st_mode & S_ISVTX ? 0 : others_write);
}

Error cannot_open(const std::string& path) {
  if (errno == ENOENT) return {Code::not_found, path + ": does not exist"};
  if (errno == ELOOP) return refused(path, "is a symbolic link: expected the thing itself");
  if (errno == ENOTDIR) return refused(path, "is not a directory (symbolic links are not followed)");
  return os_error(path, "cannot be opened");
}

// ENOENT proves absence only in a directory that still exists and that nobody else can change.
Error absent(int directory, const std::string& path) {
  struct stat status {};
  if (fstat(directory, &status) != 0) return os_error(path, "its directory cannot be examined");
  if (status.st_nlink == 0) return {Code::unavailable, path + ": its directory has been removed"};
  const Status trusted = checked(status, path + ": its directory", others_write);
  if (!trusted) return trusted.error();
  return {Code::not_found, path + ": does not exist"};
}

Result<Descriptor> opened(int directory, const std::string& name, const std::string& path, Access access,
                          struct stat& status) {
  const int how = access == Access::read ? O_RDONLY : O_RDWR;
  Descriptor file(openat(directory, name.c_str(), how | O_NOCTTY | safely));
  if (!file) return errno == ENOENT ? absent(directory, path) : cannot_open(path);
  if (fstat(file.get(), &status) != 0) return os_error(path, "cannot be examined");
  return file;
}

Status checked_name(const std::string& name, const std::string& path) {
  const bool inside =
      !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
  if (!inside) return Error{Code::invalid, cleaned(path, 1024) + ": is not the name of a file in its directory"};
  return Done{};
}

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return Done{};
}

Status written(int directory, const std::string& name, const std::string& path, std::string_view bytes, mode_t mode) {
  const Descriptor file(openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | safely, S_IRUSR | S_IWUSR));
  if (!file) return os_error(path, "cannot be created");
  const Status done = write_all(file.get(), bytes, path);
  if (!done) return done;
  if (fchmod(file.get(), mode) != 0) return os_error(path, "mode cannot be set");
  if (fsync(file.get()) != 0) return os_error(path, "cannot be synced");
  return Done{};
}

Status synced(int directory, const std::string& path) {
  if (fsync(directory) != 0) return os_error(path, "its directory cannot be synced");
  return Done{};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

uid_t trusted_owner() { return geteuid(); }

Result<Descriptor> open_directory(const std::string& path, Privacy privacy) {
  if (path.empty() || path[0] != '/') return Error{Code::invalid, path + ": is not an absolute path"};
  std::vector<std::string_view> names = split(path, '/');
  std::erase_if(names, [](std::string_view name) { return name.empty() || name == "."; });
  Descriptor here(open("/", (names.empty() ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC));
  if (!here) return os_error("/", "cannot be opened");
  std::string walked;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Status parent = checked_parent(here.get(), walked.empty() ? "/" : walked);
    if (!parent) return parent.error();
    if (names[i] == "..") return Error{Code::invalid, path + ": has '..' in it"};
    walked += '/';
    walked += names[i];
    const int how = i + 1 == names.size() ? O_RDONLY : O_PATH;  // a parent need not be readable, and the last is synced
    here = Descriptor(openat(here.get(), std::string(names[i]).c_str(), how | O_DIRECTORY | safely));
    if (!here) return cannot_open(walked);
  }
  struct stat status {};
  if (fstat(here.get(), &status) != 0) return os_error(path, "cannot be examined");
  const Status trusted = checked(status, path, privacy == Privacy::secret ? others_any : others_write);
  if (!trusted) return trusted.error();
  return here;
}

Result<Descriptor> open_file(int directory, const std::string& name, const std::string& shown_path, Privacy privacy,
                             Access access) {
  const Status named = checked_name(name, shown_path);
  if (!named) return named.error();
  struct stat status {};
  Result<Descriptor> file = opened(directory, name, shown_path, access, status);
  // No link left: it was replaced after it was opened, and its name stands for another file now.
  for (int again = 0; file && status.st_nlink == 0 && again < most_replaced; ++again)
    file = opened(directory, name, shown_path, access, status);
  if (!file) return file;
  if (!S_ISREG(status.st_mode)) return refused(shown_path, "is not a regular file");
  if (status.st_nlink != 1) {
    return refused(shown_path, "has " + std::to_string(status.st_nlink) + " hard links: expected 1");
  }
  const Status trusted = checked(status, shown_path, privacy == Privacy::secret ? others_any : others_write);
  if (!trusted) return trusted.error();
  return file;
}

Result<std::string> contents(int fd, const std::string& shown_path, std::size_t longest) {
  std::string bytes;
  std::size_t have = 0;
  for (;;) {
    bytes.resize(std::min(longest + 1, have + 4096));
    if (have == bytes.size()) {
      return Error{Code::invalid, shown_path + ": is longer than " + std::to_string(longest) + " bytes"};
    }
    const ssize_t got = pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(shown_path, "cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

// By a descriptor of its own: two that share one would share how far they have read.
Result<std::vector<std::string>> names_in(int directory, const std::string& shown_path) {
  Descriptor own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!own || fstat(own.get(), &status) != 0) return os_error(shown_path, "cannot be listed");
  if (status.st_nlink == 0) return Error{Code::unavailable, shown_path + ": has been removed"};  // and looks empty
  const std::unique_ptr<DIR, Freed<closedir>> listing(fdopendir(own.get()));
  if (!listing) return os_error(shown_path, "cannot be listed");
  (void)own.release();
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = readdir(listing.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return os_error(shown_path, "cannot be listed");
  std::sort(names.begin(), names.end());
  return names;
}

Status replace_file(int directory, const std::string& name, const std::string& shown_path, std::string_view bytes,
                    mode_t mode) {
  const Status named = checked_name(name, shown_path);
  if (!named) return named;
  SystemRandom random;  // a fixed name would block everybody after one crash, or mix two writers
  const Result<Secret> suffix = random.bytes(8);
  if (!suffix) return suffix.error();
  const std::string beside = "." + name + "." + hex(suffix->view());
  Status done = written(directory, beside, shown_path, bytes, mode);
  if (done && renameat(directory, beside.c_str(), directory, name.c_str()) != 0) {
    done = os_error(shown_path, "cannot be replaced");
  }
  if (done) return synced(directory, shown_path);
  (void)unlinkat(directory, beside.c_str(), 0);  // the first error is the one that matters
  return done;
}

Status make_directory(const std::string& path, mode_t mode) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == path.npos || slash + 1 == path.size()) return Error{Code::invalid, path + ": is not an absolute path"};
  const Result<Descriptor> parent = open_directory(slash == 0 ? "/" : path.substr(0, slash), Privacy::open);
  if (!parent) return parent.error();
  const bool made = mkdirat(parent->get(), path.c_str() + slash + 1, S_IRWXU) == 0;
  if (!made && errno != EEXIST) return os_error(path, "cannot be created");
  const Privacy privacy = !made && (mode & others_any) != 0 ? Privacy::open : Privacy::secret;
  const Result<Descriptor> directory = open_directory(path, privacy);
  if (!directory) return directory.error();
  if (!made) return Done{};
  if (fchmod(directory->get(), mode) != 0) return os_error(path, "mode cannot be set");
  return synced(parent->get(), path);
}

Status remove_file(int directory, const std::string& name, const std::string& shown_path) {
  const Status named = checked_name(name, shown_path);
  if (!named) return named;
  if (unlinkat(directory, name.c_str(), 0) != 0) {
    return errno == ENOENT ? absent(directory, shown_path) : os_error(shown_path, "cannot be removed");
  }
  return synced(directory, shown_path);
}

}  // namespace utmfa

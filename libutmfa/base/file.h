// SPDX-License-Identifier: Apache-2.0
// Files opened so that nobody but root can have put them there: by descriptor below a checked directory, no
// symbolic link followed, regular, owned by root, not writable by others. Absence is proven (ENOENT in a
// trusted directory) and told apart from every other failure.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace utmfa {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

enum class Privacy { secret, open };  // secret: no access for group and others; open: others may read
enum class Access { read, read_write };

// uid that must own our files: 0, or the caller's own in tests that do not run as root.
uid_t trusted_owner();

// Code::not_found only where the path is proven absent.
Result<Descriptor> open_directory(const std::string& path, Privacy privacy);
Result<Descriptor> open_file(int directory, const std::string& name, const std::string& shown_path, Privacy privacy,
                             Access access);
Result<std::string> contents(int fd, const std::string& shown_path, std::size_t longest);
// Sorted, without "." and "..". Each may be gone when it is opened; what replace_file() is writing begins with a dot.
Result<std::vector<std::string>> names_in(int directory, const std::string& shown_path);

// Written beside, synced, renamed over, directory synced: the old or the new file, never a mixture.
Status replace_file(int directory, const std::string& name, const std::string& shown_path, std::string_view bytes,
                    mode_t mode);
Status make_directory(const std::string& path, mode_t mode);  // exists already: checked instead
Status remove_file(int directory, const std::string& name, const std::string& shown_path);

}  // namespace utmfa

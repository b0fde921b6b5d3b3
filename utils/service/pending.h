// SPDX-License-Identifier: Apache-2.0
// A change of a service that waits to be confirmed: what was written, when, and until when it holds. Time is counted
// since the machine was started, and a change of an earlier start is over: so no clock that is wrong, and no reboot,
// leaves it standing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"

namespace utmfa {

struct Pending {
  std::string service;
  std::string directory;  // of the PAM file
  std::string written;    // the file as we wrote it
  std::string boot;
  std::int64_t began = 0, until = 0;  // milliseconds since the machine was started
  Time made = 0;                      // for people
  std::string by;
  std::string config;  // beside which the file of the trial time is

  // Milliseconds that are left; 0 = it is over.
  std::int64_t left() const;
};

// alone: nobody else changes anything meanwhile. Never held while a person thinks.
enum class Hold { none, alone };

class Changes {  // of services, below the data directory
 public:
  static Result<Changes> open(const std::string& data, Hold hold);

  Result<std::optional<Pending>> pending(const std::string& service) const;
  Result<std::vector<Pending>> all(std::vector<Error>& unread) const;
  Status put(const Pending& pending) const;
  Status remove(const std::string& service) const;                           // no change waits any more
  Status keep(const std::string& service, const std::string& before) const;  // a copy of the PAM file as it was
  std::string kept_path(const std::string& service) const;

 private:
  Result<std::optional<Pending>> read_file(const std::string& name) const;
  Changes(std::string path, Descriptor directory, Descriptor lock)
      : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {}
  std::string path_;
  Descriptor directory_, lock_;
};

}  // namespace utmfa

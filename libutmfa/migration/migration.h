// SPDX-License-Identifier: Apache-2.0
// Files of an earlier version made into files of this one, after an upgrade: a table of steps, each from one version to the
// next and pure, so that undoing can tell what nobody changed since. A copy is kept first, each file is replaced as a whole,
// and a migration that was cut off goes on where it was. Called by `utmfa-admin migrate`.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/formats.h"

namespace utmfa {

struct Step {
  std::string_view format;  // FormatVersion::name
  int from;                 // to the next
  Result<std::string> (*made)(std::string_view text);
};

// Of this program. Empty as long as every version that was ever written is read as it is.
std::span<const Step> migration_steps();

struct Moved {
  std::string file;  // below the data directory
  int from = 0, to = 0;
};

struct Migration {
  std::vector<Moved> moved;  // or to be moved
  std::vector<std::string> problems;
  std::size_t in_order = 0;
  std::string copies;  // the directory; "" = none
};

enum class Migrating { look, write };
using Advance = std::function<Status(std::size_t done, std::size_t all)>;  // an Error stops it between two files

class Migrator {
 public:
  Migrator(std::string data, std::span<const Step> steps) : data_(std::move(data)), steps_(steps) {}

  Result<Migration> migrate(Migrating how, Time now, const Advance& advance) const;
  // Puts back what the last migration changed, except what was changed since.
  Result<Migration> undo(const Advance& advance) const;

 private:
  struct Place;
  static const Place places[];
  static Result<std::string> version_of(const Place& place, std::string_view text, const std::string& path);
  Result<std::string> made_of(const Place& place, std::string text, const std::string& path) const;
  Status move(const Place& place, const std::string& file, Migrating how, Time now, Migration& done) const;
  Status put_back(const Place& place, const std::string& file, Migration& done) const;
  Result<std::string> copies_to(Time now) const;
  Result<Time> last_time() const;  // -1: there are no copies
  std::string copies_of(Time when) const;

  std::string data_;
  std::span<const Step> steps_;
};

}  // namespace utmfa

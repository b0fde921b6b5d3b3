// SPDX-License-Identifier: Apache-2.0
// The queue of notices on disk, DATA/outbox: one file each, made under another name and renamed, so that nobody reads
// half of one. Written by root's utilities and by the broker, read by utmfa-deliver. Bounded: a full queue refuses, and
// the change that a notice tells of is made all the same.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "notice/notice.h"

namespace utmfa {

enum class Durability {
  synced,
  lazy
};  // lazy: survives every end of a program, not a power cut; never waits for a disk

inline constexpr std::size_t most_notices = 10000;
inline constexpr std::int64_t longest_queued = 3 * 86400;  // seconds; afterwards it is given up

class Outbox {
 public:
  Outbox(std::string data, Random& random) : path_(std::move(data) + "/outbox"), random_(random) {}

  // Code::unavailable: full. A notice that has to be quiet now is left out, which is Done.
  Status put(const Notice& notice, Durability durability);

  // For who delivers, the oldest first. A file that is no notice is told in `broken` and removed.
  struct Entry {
    std::string file;
    Notice notice;
  };
  Result<std::vector<Entry>> entries(std::vector<std::string>& broken);
  Status replace(const Entry& entry);  // with what changed in its notice
  Status remove(const std::string& file);
  Status forget_told(Time before);  // marks of what was told, once nobody asks for them
  // Held by the one that delivers. Code::conflict: somebody else does.
  Result<Descriptor> lock();
  std::string waiting_path() const { return path_ + "/new"; }

 private:
  Status make();
  Result<Descriptor> open(const std::string& path);
  Result<std::vector<std::string>> names(const Descriptor& directory) const;
  Status room(const Descriptor& waiting);
  Result<bool> told_already(const Notice& notice);
  std::string path_;
  Random& random_;
  std::size_t count_ = 0;        // as far as we know
  std::size_t since_count_ = 0;  // put since they were counted
};

}  // namespace utmfa

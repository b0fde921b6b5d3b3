// SPDX-License-Identifier: Apache-2.0
// First registrations by the thousand. A registration made alone costs several syncs of the disk; here they are written
// beside their places and synced together, and only then put in force. Whatever is cut off in between leaves people who
// are registered whole and people who are not registered at all: no method file is ever in its place before its state
// is on the disk. Each person's lock is held from writing until then. While one batch is synced the next is written.
// Called by utmfa-admin import.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "setup/setup.h"
#include "setup/worker.h"

namespace utmfa {

class Batch {
 public:
  static Result<Batch> open(const Directories& directories);
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = delete;
  ~Batch();  // what is not in force yet is taken back

  // known: there is a method file already, which is a matter for Registry::change; nothing was done.
  enum class Added { waiting, known };
  // What `edit` refuses is written nowhere.
  Result<Added> add(const std::string& user, const UserKeys& keys, const std::function<Status(Registered&)>& edit);
  bool full() const { return waiting_.size() >= room_; }
  // Those before are put in force, and these are sent to the disk.
  Status advance();
  // Everybody added so far: on the disk, and in force.
  Status finish();
  // How many of those added are so for certain, whatever happens to the machine; the first added first.
  std::size_t lasting() const { return lasting_; }

 private:
  struct Waiting {
    std::string user, beside, name;
    Descriptor state;  // locked
  };
  explicit Batch(Directories directories) : directories_(std::move(directories)) {}
  Result<Descriptor> state_file(const std::string& name, const std::string& path) const;
  bool known(const std::string& name) const;
  Result<Added> write(Waiting person, const UserKeys& keys, Registered& made);
  Status put_in_force();
  void take_back(Waiting& person) const;
  void sweep();
  void sweep_one(const std::string& beside) const;
  Directories directories_;
  Descriptor methods_, states_;
  std::size_t room_ = 0;
  std::unordered_set<std::string> there_;  // method files at the beginning, and what imports left
  std::vector<Waiting> waiting_, syncing_;
  std::size_t renamed_ = 0, lasting_ = 0;  // renamed_: since the last sync
  Worker::Ticket synced_ = 0;
  std::unique_ptr<Worker> worker_;  // writes method files, and syncs
};

}  // namespace utmfa

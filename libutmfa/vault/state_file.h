// SPDX-License-Identifier: Apache-2.0
// One person's state on disk: 8192 bytes, two slots of 4096, each with generation and a keyed digest bound to the
// user and to the file's own inode (number and time of birth), so that a state put back from a copy is noticed. A change
// writes the slot that is not current and syncs once; a cut in the middle leaves the other slot. The lock is on this inode,
// which is never renamed. Both slots bad = Code::corrupt, which closes the account until an administrator says so.
#pragma once

#include <string>

#include "base/file.h"
#include "methods/state.h"
#include "vault/seal.h"

namespace utmfa {

inline constexpr std::size_t state_file_size = 8192;
inline constexpr std::size_t most_method_states = 32;

enum class Durable { now, later };  // later: when the kernel thinks so

// charged: a failure that awaits its judgement, not synced; whoever finds it (its writer was killed) writes over it,
// so that the slot last synced is never touched before another one is. decided: synced before anything is said.
enum class Stage : unsigned char { charged = 1, decided = 2 };

class StateFile {
 public:
  // The descriptor is open for reading and writing; `shown_path` is for messages.
  StateFile(int fd, std::string user, const UserKeys& keys, std::string shown_path);

  // What it is now; needs no lock. Code::conflict where the file was replaced or removed meanwhile.
  Result<State> read();
  // Under the lock, where there is no method file: whether it may go. It was read, or is damaged for good. Not what could not
  // be read this time, and not what a newer utmfa wrote, which may know of methods elsewhere.
  bool may_be_removed();
  Status lock();  // waits at most ten seconds, then Code::unavailable
  void unlock();
  // After read(), under the lock: into the spare slot, not yet synced. Until sync() further writes go to the same slot.
  Status write(State& state, Stage stage);
  Status sync();  // one fdatasync; its failure is final: what the disk holds is unknown, so nothing may be granted
  // Both slots anew, whatever was there; under the lock. Gives the state a generation above `state`'s. Not synced yet.
  Status format(State& state);
  Status sync_new(int directory);  // the file and its entry in the directory

 private:
  // What makes this file this file. A copy put back has another number, or, where the number is given out again,
  // another time of birth; one copied over the file in place has lost the blocks reserved behind its end. Each only
  // where the file system knows it: `marks` says which.
  struct Binding {
    std::uint64_t inode = 0, birth_seconds = 0;
    std::uint32_t birth_nanoseconds = 0;
    char marks = 0;
  };
  struct Slot;
  Status bind();
  Result<std::string> digest(const Secret& key, std::string_view record) const;
  Result<State> read_slots();
  Slot read_slot(std::string_view bytes) const;
  Result<std::string> slot_bytes(const State& state, Stage stage);
  Error damaged(const std::string& why) const;
  int fd_;
  std::string user_, path_;
  const UserKeys& keys_;
  Binding binding_;
  char marks_ = 0;  // those that the state was written with
  bool locked_ = false;
  int target_ = -1;  // slot for the next write; -1 = not read yet
  std::uint64_t next_generation_ = 0;
};

// The file at `name` below the directory, made when absent, with this state and everything synced. Writes over what
// is there: callers have proven that nothing needs keeping.
Status create_state(int directory, const std::string& name, const std::string& shown_path, const std::string& user,
                    const UserKeys& keys, State state, Durable durable = Durable::now);

std::string print_state(const State& state);  // the packed record, without digest
Result<State> parse_state(std::string_view bytes, const std::string& shown_path);

}  // namespace utmfa

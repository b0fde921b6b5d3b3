// SPDX-License-Identifier: Apache-2.0
// The two slots on disk. A slot: magic 8, key id 16, stage 1, marks 1, record length 2, record, digest 32, zeros.
#include "vault/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/formats.h"

namespace utmfa {
namespace {

constexpr std::size_t slot_size = 4096, key_id_size = 16, header_size = 28, digest_size = 32;
// The last letter is the version.
constexpr std::string_view magic = "UTMFAST1", stem = magic.substr(0, 7);
static_assert(magic.back() == '0' + formats::state_file.version);
constexpr std::size_t stage_at = 24, marks_at = 25, length_at = 26;
constexpr char born = 1, reserved = 2;
constexpr off_t reserved_size = 2 * state_file_size;
constexpr std::int64_t longest_wait = 10'000'000'000, first_pause = 500'000, longest_pause = 8'000'000;  // nanoseconds

std::int64_t monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void pause(std::int64_t nanoseconds) {
  const timespec span{0, nanoseconds};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
}

Status write_at(int fd, std::string_view bytes, std::size_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_error(path, "cannot be written");
    if (count == 0) return Error{Code::os, path + ": cannot be written: nothing was written"};
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::size_t>(count);
  }
  return Done{};
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string bytes(state_file_size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_error(path, "cannot be read");
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  bytes.resize(have);
  return bytes;
}

void put(std::string& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
}

bool blank(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

struct StateFile::Slot {
  enum class Kind { blank, bad, unknown_key, newer, good } kind = Kind::bad;
  Stage stage = Stage::decided;
  char marks = 0;
  State state;
  std::string why;  // of a newer one
};

StateFile::StateFile(int fd, std::string user, const UserKeys& keys, std::string shown_path)
    : fd_(fd), user_(std::move(user)), path_(std::move(shown_path)), keys_(keys) {}

Error StateFile::damaged(const std::string& why) const {
  const bool decoy = user_.find('/') != std::string::npos;
  const std::string remedy =
      decoy ? "utmfad makes it anew when it starts" : "closed until `utmfa-admin state rebuild " + user_ + "`";
  return Error{Code::corrupt, path_ + ": " + why + ": " + remedy};
}

Status StateFile::bind() {
  struct statx about {};
  constexpr unsigned wanted = STATX_INO | STATX_NLINK | STATX_BLOCKS | STATX_BTIME;
  if (statx(fd_, "", AT_EMPTY_PATH, wanted, &about) != 0) return os_error(path_, "cannot be examined");
  if (about.stx_nlink == 0) return Error{Code::conflict, path_ + ": replaced meanwhile: try again"};
  binding_ = {about.stx_ino, static_cast<std::uint64_t>(about.stx_btime.tv_sec), about.stx_btime.tv_nsec, 0};
  if ((about.stx_mask & STATX_BTIME) != 0) binding_.marks = born;
  if (about.stx_blocks * 512 >= reserved_size) binding_.marks |= reserved;
  return Done{};
}

Result<std::string> StateFile::digest(const Secret& key, std::string_view record) const {
  const bool with_birth = (record[marks_at] & born) != 0;
  std::string data;
  put(data, user_.size(), 4);
  data += user_;
  put(data, binding_.inode, 8);
  put(data, with_birth ? binding_.birth_seconds : 0, 8);
  put(data, with_birth ? binding_.birth_nanoseconds : 0, 4);
  data += record;
  return keyed_digest(key, "state", data);
}

StateFile::Slot StateFile::read_slot(std::string_view bytes) const {
  Slot slot;
  if (blank(bytes)) slot.kind = Slot::Kind::blank;
  if (const std::string_view version = bytes.substr(stem.size(), 1);
      bytes.starts_with(stem) && newer(formats::state_file, version))
    return Slot{Slot::Kind::newer, {}, 0, {}, other_version(path_, formats::state_file, version).what};
  if (bytes.substr(0, magic.size()) != magic) return slot;
  const std::size_t length =
      static_cast<unsigned char>(bytes[length_at]) + 256u * static_cast<unsigned char>(bytes[length_at + 1]);
  const char stage = bytes[stage_at];
  if (length > slot_size - header_size - digest_size || (bytes[marks_at] & ~binding_.marks) != 0 || stage < 1 ||
      stage > 2)
    return slot;
  const std::string_view id = bytes.substr(magic.size(), key_id_size);
  const auto key = keys_.keys.find(id.substr(0, id.find('\0')));
  if (key == keys_.keys.end()) {
    slot.kind = Slot::Kind::unknown_key;
    return slot;
  }
  const Result<std::string> right = digest(key->second, bytes.substr(0, header_size + length));
  if (!right || !equal(*right, bytes.substr(header_size + length, digest_size))) return slot;
  Result<State> state = parse_state(bytes.substr(header_size, length), path_);
  if (!state && state.error().code == Code::invalid) return Slot{Slot::Kind::newer, {}, 0, {}, state.error().what};
  if (!state) return slot;
  return Slot{Slot::Kind::good, static_cast<Stage>(stage), bytes[marks_at], std::move(*state), {}};
}

Result<State> StateFile::read_slots() {
  if (Status bound = bind(); !bound) return bound.error();
  const Result<std::string> bytes = read_all(fd_, path_);
  if (!bytes) return bytes.error();
  if (bytes->size() != state_file_size)
    return damaged(std::to_string(bytes->size()) + " bytes, expected " + std::to_string(state_file_size));
  Slot slots[2] = {read_slot(std::string_view(*bytes).substr(0, slot_size)),
                   read_slot(std::string_view(*bytes).substr(slot_size))};
  // The other slot, which could be read, would bring back what was used since.
  for (const Slot& slot : slots)
    if (slot.kind == Slot::Kind::newer) return Error{Code::invalid, slot.why};
  const auto rank = [](const Slot& slot) { return slot.kind == Slot::Kind::good ? slot.state.generation + 1 : 0; };
  const int current = rank(slots[1]) > rank(slots[0]) ? 1 : 0;
  Slot& best = slots[current];
  if (best.kind == Slot::Kind::good) {
    target_ = best.stage == Stage::charged ? current : 1 - current;
    next_generation_ = best.state.generation + 1;
    marks_ = best.marks;
    return std::move(best.state);
  }
  if (slots[0].kind == Slot::Kind::unknown_key || slots[1].kind == Slot::Kind::unknown_key)
    return Error{Code::corrupt, path_ + ": bound to a key that the ring does not hold: restore its .key file"};
  const bool never = slots[0].kind == Slot::Kind::blank && slots[1].kind == Slot::Kind::blank;
  return damaged(never ? "the state was never written" : "the state is damaged, or was put back from a copy");
}

// Without the lock a writer may be in the middle of a slot, twice within one slow read: look again when he is done.
Result<State> StateFile::read() {
  Result<State> state = read_slots();
  if (state || state.error().code != Code::corrupt || locked_) return state;
  if (Status held = lock(); !held) return held.error();
  state = read_slots();
  unlock();
  return state;
}

bool StateFile::may_be_removed() {
  const Result<State> left = read();
  return left || left.error().code == Code::corrupt;
}

Status StateFile::lock() {
  const std::int64_t end = monotonic() + longest_wait;
  for (std::int64_t span = first_pause;; span = std::min(span * 2, longest_pause)) {
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0) {
      locked_ = true;
      return Done{};
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return os_error(path_, "cannot be locked");
    if (monotonic() >= end)
      return Error{Code::unavailable, path_ + ": cannot be locked: somebody held it for ten seconds"};
    pause(span);
  }
}

void StateFile::unlock() {
  (void)flock(fd_, LOCK_UN);
  locked_ = false;
}

Result<std::string> StateFile::slot_bytes(const State& state, Stage stage) {
  const auto key = keys_.keys.find(keys_.active);
  if (key == keys_.keys.end() || key->first.size() > key_id_size)
    return Error{Code::internal, path_ + ": no active key"};
  if (state.methods.size() > most_method_states || state.challenges.size() > most_challenges ||
      state.sent.size() > most_sent)
    return Error{Code::internal, path_ + ": too many methods"};
  const std::string record = print_state(state);
  std::string bytes(magic);
  bytes += key->first;
  bytes.resize(magic.size() + key_id_size, '\0');
  bytes += static_cast<char>(stage);
  bytes += marks_;
  put(bytes, record.size(), 2);
  bytes += record;
  const Result<std::string> right = digest(key->second, bytes);
  if (!right) return right.error();
  return bytes + *right;
}

Status StateFile::write(State& state, Stage stage) {
  if (!locked_ || target_ < 0) return Error{Code::internal, path_ + ": written without lock or reading"};
  state.generation = next_generation_;
  const Result<std::string> bytes = slot_bytes(state, stage);
  if (!bytes) return bytes.error();
  return write_at(fd_, *bytes, static_cast<std::size_t>(target_) * slot_size, path_);
}

Status StateFile::sync() {
  const int target = std::exchange(target_, -1);
  if (fdatasync(fd_) != 0) return os_error(path_, "cannot be synced");
  target_ = 1 - target;
  ++next_generation_;
  return Done{};
}

Status StateFile::format(State& state) {
  if (!locked_) return Error{Code::internal, path_ + ": formatted without lock"};
  struct stat before {};
  if (fstat(fd_, &before) != 0) return os_error(path_, "cannot be examined");
  if (ftruncate(fd_, static_cast<off_t>(state_file_size)) != 0) return os_error(path_, "cannot be given its size");
  (void)fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, reserved_size);  // bind() sees whether the file system did it
  if (Status bound = bind(); !bound) return bound;
  marks_ = binding_.marks;
  ++state.generation;
  Result<std::string> bytes = slot_bytes(state, Stage::decided);
  if (!bytes) return bytes.error();
  bytes->resize(slot_size, '\0');
  // The second slot of a file that was empty is blank already.
  if (Status written = write_at(fd_, before.st_size == 0 ? *bytes : *bytes + *bytes, 0, path_); !written)
    return written;
  target_ = 1;
  next_generation_ = state.generation + 1;
  return Done{};
}

Status StateFile::sync_new(int directory) {
  if (fsync(fd_) != 0) return os_error(path_, "cannot be synced");
  if (fsync(directory) != 0) return os_error(path_, "its directory cannot be synced");
  return Done{};
}

Status create_state(int directory, const std::string& name, const std::string& shown_path, const std::string& user,
                    const UserKeys& keys, State state, Durable durable) {
  const Descriptor made(openat(directory, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!made) return os_error(shown_path, "cannot be created");
  StateFile file(made.get(), user, keys, shown_path);
  if (Status held = file.lock(); !held) return held;
  Status done = file.format(state);
  if (done && durable == Durable::now) done = file.sync_new(directory);
  file.unlock();
  return done;
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Three steps: states and method files (under names that nobody reads) are written; the file systems are synced; the
// method files are renamed into their places, which the next sync makes last.
#include "setup/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/encoding.h"
#include "setup/locked_change.h"

namespace utmfa {
namespace {

constexpr std::size_t most_waiting = 8000, other_descriptors = 64;
constexpr std::string_view beside_suffix = ".yaml.import";
constexpr int most_openings = 100;

// As many locks as descriptors can be had for, twice: one batch is written and one synced.
std::size_t room() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 1;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 2 * most_waiting + other_descriptors);
  (void)setrlimit(RLIMIT_NOFILE, &files);
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= other_descriptors) return 1;
  return std::min<std::size_t>(most_waiting, std::max<std::size_t>((files.rlim_cur - other_descriptors) / 2, 1));
}

Error removed_again(const std::string& path) { return {Code::unavailable, path + ": it is removed again and again"}; }

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return Done{};
}

// By number and path, because the batch may be moved while its worker has them in hand.
Status write_beside(int directory, const std::string& path, const std::string& beside, const std::string& text) {
  const Descriptor file(openat(directory, beside.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return os_error(path + "/" + beside, "cannot be created");
  return write_all(file.get(), text, path + "/" + beside);
}

Status sync_all(int states, int methods, const std::string& path) {
  struct stat state {
  }, method{};
  if (fstat(states, &state) != 0 || fstat(methods, &method) != 0) return os_error(path, "cannot be examined");
  if (syncfs(states) != 0) return os_error(path, "cannot be synced");
  if (method.st_dev != state.st_dev && syncfs(methods) != 0) return os_error(path, "cannot be synced");
  return Done{};
}

}  // namespace

Result<Batch> Batch::open(const Directories& directories) {
  Batch batch(directories);
  Result<Descriptor> methods = open_directory(directories.methods(), Privacy::secret);
  if (!methods) return methods.error();
  Result<Descriptor> states = open_directory(directories.state(), Privacy::secret);
  if (!states) return states.error();
  batch.methods_ = std::move(*methods);
  batch.states_ = std::move(*states);
  batch.room_ = room();
  const Result<std::vector<std::string>> there = names_in(batch.methods_.get(), directories.methods());
  if (!there) return there.error();
  batch.there_.insert(there->begin(), there->end());
  return batch;
}

Batch::~Batch() {
  worker_.reset();  // what it has in hand comes first
  for (Waiting& each : syncing_) take_back(each);
  for (Waiting& each : waiting_) take_back(each);
}

// What an import that was killed left: only where nobody holds the person's lock.
void Batch::sweep_one(const std::string& beside) const {
  const std::string name = beside.substr(1, beside.size() - 1 - beside_suffix.size());
  const Result<Descriptor> state = state_file(name, directories_.state() + "/" + name);
  if (!state || flock(state->get(), LOCK_EX | LOCK_NB) != 0) return;
  struct stat about {};
  if (fstat(state->get(), &about) != 0 || about.st_nlink == 0) return;
  (void)unlinkat(methods_.get(), beside.c_str(), 0);
  if (about.st_size == 0 && !known(name + ".yaml")) (void)unlinkat(states_.get(), name.c_str(), 0);
}

void Batch::sweep() {
  for (const std::string& each : there_)
    if (each.front() == '.' && each.size() > beside_suffix.size() + 1 &&
        each.compare(each.size() - beside_suffix.size(), beside_suffix.size(), beside_suffix) == 0)
      sweep_one(each);
}

// Nobody else can be at work on a person whose lock we hold, so the fixed name is ours.
void Batch::take_back(Waiting& person) const {
  (void)unlinkat(methods_.get(), person.beside.c_str(), 0);
  if (faccessat(methods_.get(), person.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
    (void)unlinkat(states_.get(), file_name(person.user).c_str(), 0);
}

// Made when absent.
Result<Descriptor> Batch::state_file(const std::string& name, const std::string& path) const {
  for (int times = 0; times < most_openings; ++times) {
    Descriptor made(openat(states_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (made) return made;
    if (errno != EEXIST) return os_error(path, "cannot be created");
    Result<Descriptor> there = open_file(states_.get(), name, path, Privacy::secret, Access::read_write);
    if (there || there.error().code != Code::not_found) return there;
  }
  return removed_again(path);
}

bool Batch::known(const std::string& name) const {
  return faccessat(methods_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

// A state that somebody left without a method file holds nothing that must not be forgotten: both slots anew. One that
// was removed while we waited for its lock (conflict) is made anew.
Result<Batch::Added> Batch::write(Waiting person, const UserKeys& keys, Registered& made) {
  const std::string name = file_name(person.user), path = directories_.state() + "/" + name;
  const std::string text = print_method_file(made.file, kind_rules());
  ++made.state.revision;
  for (int times = 0; times < most_openings; ++times) {
    Result<Descriptor> opened = state_file(name, path);
    if (!opened) return opened.error();
    person.state = std::move(*opened);
    StateFile state(person.state.get(), person.user, keys, path);
    if (Status locked = state.lock(); !locked) return locked.error();
    // Somebody may have registered this person before we had the lock.
    if (known(person.name)) return Added::known;
    const Status done = state.format(made.state);
    if (!done && done.error().code == Code::conflict) continue;
    if (!done) {
      take_back(person);
      return done.error();
    }
    worker_->give([directory = methods_.get(), below = directories_.methods(), beside = person.beside, text] {
      return write_beside(directory, below, beside, text);
    });
    waiting_.push_back(std::move(person));
    return Added::waiting;
  }
  return removed_again(path);
}

Result<Batch::Added> Batch::add(const std::string& user, const UserKeys& keys,
                                const std::function<Status(Registered&)>& edit) {
  if (user.empty()) return Error{Code::invalid, "user: the name is empty"};
  if (!worker_) {
    sweep();
    worker_ = std::make_unique<Worker>();
  }
  const std::string name = file_name(user);
  Waiting person{user, "." + name + std::string(beside_suffix), name + ".yaml", {}};
  if (there_.count(person.name) > 0) return Added::known;
  Registered made{nobody(user), State{}};
  if (Status edited = edit(made); !edited) return edited.error();
  if (made.file.user != user || made.file.methods.size() > most_methods)
    return Error{Code::internal, user + ": not a change of this person's registration"};
  return write(std::move(person), keys, made);
}

// The sync that is waited for here is also that of everything renamed before it began.
Status Batch::put_in_force() {
  if (syncing_.empty()) return Done{};
  if (Status synced = worker_->wait(synced_); !synced) return synced;
  lasting_ += std::exchange(renamed_, 0);
  while (!syncing_.empty()) {
    const Waiting& next = syncing_.back();
    if (renameat(methods_.get(), next.beside.c_str(), methods_.get(), next.name.c_str()) != 0)
      return os_error(directories_.methods() + "/" + next.name, "cannot be renamed");
    syncing_.pop_back();
    ++renamed_;
  }
  return Done{};
}

Status Batch::advance() {
  if (Status done = put_in_force(); !done) return done;
  if (waiting_.empty()) return Done{};
  syncing_.swap(waiting_);
  synced_ = worker_->give([states = states_.get(), methods = methods_.get(), path = directories_.data] {
    return sync_all(states, methods, path);
  });
  return Done{};
}

Status Batch::finish() {
  if (Status done = advance(); !done) return done;
  if (Status done = put_in_force(); !done) return done;
  if (renamed_ > 0 && fsync(methods_.get()) != 0) return os_error(directories_.methods(), "cannot be synced");
  lasting_ += std::exchange(renamed_, 0);
  return Done{};
}

}  // namespace utmfa

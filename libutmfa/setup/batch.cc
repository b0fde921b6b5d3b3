// SPDX-License-Identifier: Apache-2.0
// Three steps: states and method files (under names that nobody reads) are written; the file systems are synced; the
// method files are renamed into their places, and the directory is synced.
#include "setup/batch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
constexpr int most_openings = 100;

// As many locks as descriptors can be had for.
std::size_t room() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 1;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, most_waiting + other_descriptors);
  (void)setrlimit(RLIMIT_NOFILE, &files);
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= other_descriptors) return 1;
  return std::min<std::size_t>(most_waiting, files.rlim_cur - other_descriptors);
}

Error removed_again(const std::string& path) { return {Code::unavailable, path + ": it is removed again and again"}; }

struct Closed {
  void operator()(DIR* listing) const { closedir(listing); }
};

Result<std::unordered_set<std::string>> names_in(int directory, const std::string& path) {
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, Closed> listing(copy < 0 ? nullptr : fdopendir(copy));
  if (!listing) return os_error(path, "list");
  std::unordered_set<std::string> names;
  for (errno = 0; const dirent* entry = readdir(listing.get()); errno = 0) names.emplace(entry->d_name);
  if (errno != 0) return os_error(path, "list");
  return names;
}

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return os_error(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
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
  Result<std::unordered_set<std::string>> there = names_in(batch.methods_.get(), directories.methods());
  if (!there) return there.error();
  batch.there_ = std::move(*there);
  return batch;
}

Batch::~Batch() {
  for (Waiting& each : waiting_) take_back(each);
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
    if (errno != EEXIST) return os_error(path, "create");
    Result<Descriptor> there = open_file(states_.get(), name, path, Privacy::secret, Access::read_write);
    if (there || there.error().code != Code::not_found) return there;
  }
  return removed_again(path);
}

Status Batch::write_beside(const Waiting& person, const std::string& text) const {
  const std::string path = directories_.methods() + "/" + person.beside;
  const Descriptor file(openat(methods_.get(), person.beside.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return os_error(path, "create");
  return write_all(file.get(), text, path);
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
    Status done = state.format(made.state);
    if (!done && done.error().code == Code::conflict) continue;
    if (done) done = write_beside(person, text);
    if (!done) {
      take_back(person);
      return done.error();
    }
    waiting_.push_back(std::move(person));
    return Added::waiting;
  }
  return removed_again(path);
}

Result<Batch::Added> Batch::add(const std::string& user, const UserKeys& keys,
                                const std::function<Status(Registered&)>& edit) {
  if (user.empty()) return Error{Code::invalid, "user: the name is empty"};
  const std::string name = file_name(user);
  Waiting person{user, "." + name + ".yaml.import", name + ".yaml", {}};
  if (there_.count(person.name) > 0) return Added::known;
  Registered made{nobody(user), State{}};
  if (Status edited = edit(made); !edited) return edited.error();
  if (made.file.user != user || made.file.methods.size() > most_methods)
    return Error{Code::internal, user + ": not a change of this person's registration"};
  return write(std::move(person), keys, made);
}

Status Batch::sync_all() const {
  struct stat methods {
  }, states{};
  if (fstat(methods_.get(), &methods) != 0 || fstat(states_.get(), &states) != 0)
    return os_error(directories_.data, "fstat");
  if (syncfs(states_.get()) != 0) return os_error(directories_.state(), "sync");
  if (methods.st_dev != states.st_dev && syncfs(methods_.get()) != 0) return os_error(directories_.methods(), "sync");
  return Done{};
}

Status Batch::finish() {
  if (waiting_.empty()) return Done{};
  if (Status synced = sync_all(); !synced) return synced;
  while (!waiting_.empty()) {
    const Waiting& next = waiting_.back();
    if (renameat(methods_.get(), next.beside.c_str(), methods_.get(), next.name.c_str()) != 0)
      return os_error(directories_.methods() + "/" + next.name, "rename");
    waiting_.pop_back();
  }
  if (fsync(methods_.get()) != 0) return os_error(directories_.methods(), "sync");
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// new/ holds what waits, named by time; told/ one empty mark a person and notice that must not come again too soon.
#include "notice/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/encoding.h"

namespace utmfa {
namespace {

constexpr std::size_t count_again = 256;

// Twelve digits, so that the order of the names is the order of time.
std::string time_name(Time time) {
  const std::string digits = std::to_string(time);
  return std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
}

Status write_new(int directory, const std::string& name, const std::string& path, std::string_view text,
                 Durability durability) {
  const std::string beside = "." + name;
  const Descriptor file(openat(directory, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return os_error(path, "cannot be created");
  Status done = Done{};
  const ssize_t wrote = write(file.get(), text.data(), text.size());
  if (wrote != static_cast<ssize_t>(text.size())) {
    if (wrote >= 0) errno = ENOSPC;
    done = os_error(path, "cannot be written");
  }
  if (done && durability == Durability::synced && fsync(file.get()) != 0) done = os_error(path, "cannot be synced");
  if (done && renameat(directory, beside.c_str(), directory, name.c_str()) != 0)
    done = os_error(path, "cannot be named");
  if (!done) (void)unlinkat(directory, beside.c_str(), 0);
  if (done && durability == Durability::synced && fsync(directory) != 0) return os_error(path, "cannot be synced");
  return done;
}

}  // namespace

Status Outbox::make() {
  for (const std::string& each : {path_, path_ + "/new", path_ + "/told"})
    if (Status made = make_directory(each, 0700); !made) return made;
  return Done{};
}

Result<Descriptor> Outbox::open(const std::string& path) {
  Result<Descriptor> opened = open_directory(path, Privacy::secret);
  if (opened || opened.error().code != Code::not_found) return opened;
  if (Status made = make(); !made) return made.error();
  return open_directory(path, Privacy::secret);
}

Result<std::vector<std::string>> Outbox::names(const Descriptor& directory) const {
  Result<std::vector<std::string>> found = names_in(directory.get(), path_);
  if (found) std::erase_if(*found, [](const std::string& name) { return name.front() == '.'; });
  return found;
}

// Counted now and then only: a list of 60,000 people must not be read 60,000 times.
Status Outbox::room(const Descriptor& waiting) {
  if (count_ == 0 || since_count_ >= count_again || count_ >= most_notices) {
    const Result<std::vector<std::string>> all = names(waiting);
    if (!all) return all.error();
    count_ = all->size() + 1;
    since_count_ = 0;
  }
  if (count_ > most_notices)
    return Error{Code::unavailable, waiting_path() + ": " + std::to_string(most_notices) + " notices wait already"};
  return Done{};
}

Result<bool> Outbox::told_already(const Notice& notice) {
  const std::int64_t quiet = quiet_time(notice);
  if (quiet == 0) return false;
  const std::string path = path_ + "/told", name = file_name(notice.user) + "." + notice.what;
  const Result<Descriptor> told = open(path);
  if (!told) return told.error();
  struct stat about {};
  if (fstatat(told->get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && about.st_mtime <= notice.made &&
      notice.made - about.st_mtime < quiet)
    return true;
  const Descriptor mark(openat(told->get(), name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  const timespec times[] = {{notice.made, 0}, {notice.made, 0}};
  if (!mark || futimens(mark.get(), times) != 0) return os_error(path + "/" + name, "cannot be marked");
  return false;
}

Status Outbox::put(const Notice& notice, Durability durability) {
  const Result<Descriptor> waiting = open(waiting_path());
  if (!waiting) return waiting.error();
  if (Status fits = room(*waiting); !fits) return fits;
  const Result<bool> quiet = told_already(notice);
  if (!quiet) return quiet.error();
  if (*quiet) return Done{};
  const Result<Secret> bytes = random_.bytes(8);
  if (!bytes) return bytes.error();
  const std::string name = time_name(notice.made) + "-" + hex(bytes->view());
  const Status written = write_new(waiting->get(), name, waiting_path() + "/" + name, print_notice(notice), durability);
  if (written) {
    ++count_;
    ++since_count_;
  }
  return written;
}

Result<std::vector<Outbox::Entry>> Outbox::entries(std::vector<std::string>& broken) {
  const Result<Descriptor> waiting = open(waiting_path());
  if (!waiting) return waiting.error();
  const Result<std::vector<std::string>> all = names(*waiting);
  if (!all) return all.error();
  std::vector<Entry> found;
  for (const std::string& name : *all) {
    const std::string path = waiting_path() + "/" + name;
    const Result<Descriptor> file = open_file(waiting->get(), name, path, Privacy::secret, Access::read);
    const Result<std::string> text = file ? contents(file->get(), path, longest_notice) : file.error();
    const Result<Notice> notice = text ? parse_notice(*text) : text.error();
    if (notice) {
      found.push_back({name, *notice});
      continue;
    }
    broken.push_back(path + ": " + notice.error().what);
    if (text && notice.error().code == Code::invalid) continue;  // what a newer utmfa left waits for it
    (void)remove_file(waiting->get(), name, path);
  }
  return found;
}

Status Outbox::replace(const Entry& entry) {
  const Result<Descriptor> waiting = open(waiting_path());
  if (!waiting) return waiting.error();
  return replace_file(waiting->get(), entry.file, waiting_path() + "/" + entry.file, print_notice(entry.notice), 0600);
}

Status Outbox::remove(const std::string& file) {
  const Result<Descriptor> waiting = open(waiting_path());
  if (!waiting) return waiting.error();
  return remove_file(waiting->get(), file, waiting_path() + "/" + file);
}

Status Outbox::forget_told(Time before) {
  const Result<Descriptor> told = open(path_ + "/told");
  if (!told) return told.error();
  const Result<std::vector<std::string>> all = names(*told);
  if (!all) return all.error();
  for (const std::string& name : *all) {
    struct stat about {};
    if (fstatat(told->get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && about.st_mtime < before)
      (void)unlinkat(told->get(), name.c_str(), 0);
  }
  return Done{};
}

Result<Descriptor> Outbox::lock() {
  const Result<Descriptor> directory = open(path_);
  if (!directory) return directory.error();
  Descriptor file(openat(directory->get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_error(path_ + "/lock", "cannot be opened");
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) return Error{Code::conflict, path_ + ": somebody else delivers"};
  return os_error(path_ + "/lock", "cannot be locked");
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// Copies are below migrated/TIME, under the names of what they are copies of; `unfinished` lies beside them until the end.
#include "migration/migration.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_file = std::size_t{64} << 20;
constexpr std::string_view migrated = "migrated", unfinished = "unfinished", mark = "version: ";

// A directory that is not there has none. What begins with a dot is being written.
Result<std::vector<std::string>> files_of(const std::string& path) {
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory && directory.error().code == Code::not_found) return std::vector<std::string>();
  if (!directory) return directory.error();
  Result<std::vector<std::string>> names = names_in(directory->get(), path);
  if (names) std::erase_if(*names, [](const std::string& name) { return name.front() == '.'; });
  return names;
}

struct File {
  std::string directory, name;
  std::string path() const { return directory + "/" + name; }

  Result<std::string> text() const {
    const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
    if (!opened) return opened.error();
    const Result<Descriptor> file = open_file(opened->get(), name, path(), Privacy::secret, Access::read);
    return file ? contents(file->get(), path(), longest_file) : file.error();
  }
  Status write(std::string_view bytes) const {
    const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
    return opened ? replace_file(opened->get(), name, path(), bytes, 0600) : opened.error();
  }
  Status remove() const {
    const Result<Descriptor> opened = open_directory(directory, Privacy::secret);
    return opened ? remove_file(opened->get(), name, path()) : opened.error();
  }
};

File below(const std::string& root, const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return {root, file};
  return {root + "/" + file.substr(0, slash), file.substr(slash + 1)};
}

// The lock that everybody else takes who changes the file. Where there is nothing to lock, nobody changes it either.
Result<Descriptor> held(const std::string& path) {
  Descriptor lock(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!lock && errno == ENOENT) return Descriptor();
  if (!lock) return os_error(path, "cannot be opened");
  while (flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR) return os_error(path, "cannot be locked");
  return lock;
}

}  // namespace

struct Migrator::Place {
  FormatVersion format;
  std::string_view directory, ending;
  // NAME of what is locked for NAME + ending.
  std::string (*lock)(std::string_view name);
};

// What only passes through (notices, changes of a service that wait) is not migrated, nor is a state, which belongs to its
// inode: the vault reads every version that it ever wrote. The configuration is the administrator's.
const Migrator::Place Migrator::places[] = {
    {formats::method_file, "methods", ".yaml", [](std::string_view name) { return "state/" + std::string(name); }},
    {formats::method_file, "kept", ".yaml", nullptr},
    {formats::token_stock, "tokens", "stock.yaml", [](std::string_view) { return std::string("tokens/lock"); }}};

Result<std::string> Migrator::version_of(const Place& place, std::string_view text, const std::string& path) {
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(mark)) return std::string(trimmed(line.substr(mark.size())));
  return other_version(path, place.format, "");
}

Result<std::string> Migrator::made_of(const Place& place, std::string text, const std::string& path) const {
  for (;;) {
    const Result<std::string> version = version_of(place, text, path);
    if (!version) return version.error();
    if (number(*version, place.format.version, place.format.version)) return text;
    const auto step = std::find_if(steps_.begin(), steps_.end(), [&](const Step& each) {
      return each.format == place.format.name && std::to_string(each.from) == *version;
    });
    if (step == steps_.end() || newer(place.format, *version)) return other_version(path, place.format, *version);
    Result<std::string> next = step->made(text);
    if (!next) return Error{next.error().code, path + ": " + next.error().what};
    const Result<std::string> reached = version_of(place, *next, path);
    if (!reached || *reached != std::to_string(step->from + 1))
      return Error{Code::internal, path + ": a step did not lead to the next version"};
    text = std::move(*next);
  }
}

std::string Migrator::copies_of(Time when) const {
  return data_ + "/" + std::string(migrated) + (when < 0 ? std::string() : "/" + std::to_string(when));
}

Result<Time> Migrator::last_time() const {
  const Result<std::vector<std::string>> names = files_of(copies_of(-1));
  if (!names) return names.error();
  Time last = -1;
  for (const std::string& name : *names) last = std::max(last, number(name, 0, INT64_MAX - 1).value_or(-1));
  return last;
}

// Of a migration that was cut off, or new ones.
Result<std::string> Migrator::copies_to(Time now) const {
  const Result<Time> last = last_time();
  if (!last) return last.error();
  if (*last >= 0 && access((copies_of(*last) + "/" + std::string(unfinished)).c_str(), F_OK) == 0)
    return copies_of(*last);
  const std::string mine = copies_of(std::max(now, *last + 1));
  for (const std::string& each : {copies_of(-1), mine})
    if (Status made = make_directory(each, 0700); !made) return made.error();
  if (Status noted = File{mine, std::string(unfinished)}.write({}); !noted) return noted.error();
  return mine;
}

Status Migrator::move(const Place& place, const std::string& file, Migrating how, Time now, Migration& done) const {
  const File there = below(data_, file);
  const std::string_view name = std::string_view(there.name).substr(0, there.name.size() - place.ending.size());
  const Result<Descriptor> lock =
      place.lock == nullptr || how == Migrating::look ? Descriptor() : held(data_ + "/" + place.lock(name));
  if (!lock) return lock.error();
  const Result<std::string> old = there.text();
  if (!old && old.error().code == Code::not_found) return Done{};  // taken away meanwhile
  if (!old) return old.error();
  const Result<std::string> made = made_of(place, *old, there.path());
  if (!made) return made.error();
  if (*made == *old) {
    ++done.in_order;
    return Done{};
  }
  const Result<std::string> from = version_of(place, *old, there.path());
  if (how == Migrating::write) {
    const Result<std::string> copies = done.copies.empty() ? copies_to(now) : done.copies;
    if (!copies) return copies.error();
    done.copies = *copies;
    const File copy = below(done.copies, file);
    if (Status room = make_directory(copy.directory, 0700); !room) return room;
    if (Status kept = copy.write(*old); !kept) return kept;
    if (Status written = there.write(*made); !written) return written;
  }
  done.moved.push_back({file, static_cast<int>(number(*from, 0, INT32_MAX).value_or(0)), place.format.version});
  return Done{};
}

Status Migrator::put_back(const Place& place, const std::string& file, Migration& done) const {
  const File there = below(data_, file), copy = below(done.copies, file);
  const std::string_view name = std::string_view(there.name).substr(0, there.name.size() - place.ending.size());
  const Result<Descriptor> lock = place.lock == nullptr ? Descriptor() : held(data_ + "/" + place.lock(name));
  if (!lock) return lock.error();
  const Result<std::string> old = copy.text();
  if (!old) return old.error();
  const Result<std::string> now = there.text(), made = made_of(place, *old, copy.path());
  if (!now && now.error().code == Code::not_found) return copy.remove();  // taken away since, and stays so
  if (!now || !made || (*now != *made && *now != *old))
    return Error{Code::conflict, there.path() + ": was changed since, and stays as it is; its copy is " + copy.path()};
  if (*now != *old)
    if (Status back = there.write(*old); !back) return back;
  const Result<std::string> to = version_of(place, *old, there.path());
  done.moved.push_back({file, place.format.version, static_cast<int>(number(*to, 0, INT32_MAX).value_or(0))});
  return copy.remove();
}

Result<Migration> Migrator::migrate(Migrating how, Time now, const Advance& advance) const {
  Migration done;
  if (Status known = known_layout(data_, formats::data_directory); !known) return known.error();
  std::vector<std::pair<const Place*, std::string>> files;
  for (const Place& place : places) {
    const Result<std::vector<std::string>> names = files_of(data_ + "/" + std::string(place.directory));
    if (!names) return names.error();
    for (const std::string& name : *names)
      if (name.ends_with(place.ending)) files.emplace_back(&place, std::string(place.directory) + "/" + name);
  }
  std::size_t count = 0;
  for (const auto& [place, file] : files) {
    if (Status on = advance(count++, files.size()); !on) return on.error();
    if (Status moved = move(*place, file, how, now, done); !moved) done.problems.push_back(moved.error().what);
  }
  const Result<Time> last = last_time();
  if (!last) return last.error();
  if (how == Migrating::write && done.problems.empty() && *last >= 0) {
    const Status ended = File{copies_of(*last), std::string(unfinished)}.remove();
    if (!ended && ended.error().code != Code::not_found) return ended.error();
  }
  return done;
}

Result<Migration> Migrator::undo(const Advance& advance) const {
  Migration done;
  const Result<Time> last = last_time();
  if (!last) return last.error();
  if (*last < 0) return done;
  done.copies = copies_of(*last);
  std::size_t count = 0;
  for (const Place& place : places) {
    const std::string directory = done.copies + "/" + std::string(place.directory);
    const Result<std::vector<std::string>> names = files_of(directory);
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (Status on = advance(count++, 0); !on) return on.error();
      const Status back = put_back(place, std::string(place.directory) + "/" + name, done);
      if (!back) done.problems.push_back(back.error().what);
    }
    if (rmdir(directory.c_str()) != 0 && errno != ENOENT && errno != ENOTEMPTY) return os_error(directory, "remove");
  }
  if (!done.problems.empty()) return done;
  (void)File{done.copies, std::string(unfinished)}.remove();  // of one that was cut off
  if (rmdir(done.copies.c_str()) != 0) return os_error(done.copies, "remove");
  return done;
}

}  // namespace utmfa

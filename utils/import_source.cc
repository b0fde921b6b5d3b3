// SPDX-License-Identifier: Apache-2.0
// Rights are given up before a person's file is opened and taken back afterwards; a program that cannot take them back
// ends.
#include "import_source.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t first_room = 65536;

// Grown by copies that are wiped.
Result<Secret> read_all(int fd, const std::string& path, std::size_t longest) {
  struct stat about {};
  const bool sized = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0;
  Secret room(sized ? std::min(static_cast<std::size_t>(about.st_size) + 1, longest + 1) : first_room);
  std::size_t have = 0;
  for (;;) {
    if (have == room.size()) {
      if (have > longest) break;
      Secret larger(std::min(room.size() * 2, longest + 1));
      std::copy(room.view().begin(), room.view().end(), larger.data());
      room = std::move(larger);
    }
    const ssize_t got = ::read(fd, room.data() + have, room.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(path, "cannot be read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > longest) return Error{Code::invalid, path + ": longer than " + std::to_string(longest) + " bytes"};
  return Secret(room.view().substr(0, have));
}

// Another person's rights for a moment; nothing where we are not root.
class ActingAs {
 public:
  explicit ActingAs(const Person& person) {
    if (geteuid() != 0) return;
    const int count = getgroups(0, nullptr);
    groups_.resize(static_cast<std::size_t>(std::max(count, 0)));
    changed_ = count >= 0 && getgroups(count, groups_.data()) == count;
    right_ = changed_ && initgroups(person.name.c_str(), person.gid) == 0 && setegid(person.gid) == 0 &&
             seteuid(person.uid) == 0;
  }
  ~ActingAs() {
    if (!changed_) return;
    if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(groups_.size(), groups_.data()) != 0) std::abort();
  }
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  bool right() const { return right_; }

 private:
  std::vector<gid_t> groups_;
  bool changed_ = false, right_ = geteuid() != 0;
};

Result<Secret> checked_file(int fd, const Person& person, const std::string& path, std::size_t longest) {
  struct stat about {};
  if (fstat(fd, &about) != 0) return os_error(path, "cannot be examined");
  if (!S_ISREG(about.st_mode)) return Error{Code::refused, path + ": is not a regular file"};
  if (about.st_uid != person.uid) return Error{Code::refused, path + ": does not belong to " + person.name};
  if (about.st_nlink != 1) return Error{Code::refused, path + ": has more than one name"};
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{Code::refused, path + ": others may read it, so its secret may be known: register it anew"};
  return read_all(fd, path, longest);
}

Person person_of(const struct passwd& entry) { return {entry.pw_name, entry.pw_dir, entry.pw_uid, entry.pw_gid}; }

}  // namespace

Result<Secret> read_named(const std::string& path, std::size_t longest) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input", longest);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file && errno == ENOENT) return Error{Code::not_found, path + ": does not exist"};
  if (!file) return os_error(path, "cannot be opened");
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return os_error(path, "cannot be examined");
  if (S_ISDIR(about.st_mode)) return Error{Code::invalid, path + ": is a directory"};
  return read_all(file.get(), path, longest);
}

Result<Person> person_named(const std::string& name) {
  errno = 0;
  const struct passwd* entry = getpwnam(name.c_str());
  if (entry != nullptr) return person_of(*entry);
  if (errno != 0 && errno != ENOENT && errno != ESRCH) return os_error("name services", cleaned(name, 255));
  return Error{Code::refused, say("there is no person named {0} on this machine", {cleaned(name, 255)})};
}

std::vector<Person> everybody() {
  std::vector<Person> people;
  setpwent();
  while (const struct passwd* entry = getpwent()) people.push_back(person_of(*entry));
  endpwent();
  return people;
}

std::string path_for(const std::string& pattern, const Person& person) {
  std::string path = pattern;
  if (path.substr(0, 2) == "~/") path = person.home + path.substr(1);
  const std::pair<std::string_view, const std::string&> words[] = {{"${HOME}", person.home}, {"${USER}", person.name}};
  for (const auto& [word, value] : words)
    for (std::size_t at = path.find(word); at != path.npos; at = path.find(word, at + value.size()))
      path.replace(at, word.size(), value);
  return path;
}

Result<Secret> read_of_person(const Person& person, const std::string& path, std::size_t longest) {
  const ActingAs acting(person);
  if (!acting.right()) return Error{Code::unavailable, path + ": the rights of " + person.name + " cannot be taken"};
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return Error{Code::not_found, path + ": does not exist"};
  if (!file && errno == ELOOP) return Error{Code::refused, path + ": is a symbolic link: expected the file itself"};
  if (!file && errno == EACCES)
    return Error{Code::refused, path + ": cannot be opened with the rights of " + person.name};
  if (!file) return os_error(path, "cannot be opened");
  return checked_file(file.get(), person, path, longest);
}

Result<Secret> read_of_root(const std::string& path, std::size_t longest) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == path.npos) return Error{Code::invalid, path + ": is not an absolute path"};
  const Result<Descriptor> directory = open_directory(slash == 0 ? "/" : path.substr(0, slash), Privacy::open);
  if (!directory) return directory.error();
  const Result<Descriptor> file =
      open_file(directory->get(), path.substr(slash + 1), path, Privacy::secret, Access::read);
  if (!file) return file.error();
  return read_all(file->get(), path, longest);
}

}  // namespace utmfa

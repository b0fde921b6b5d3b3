// SPDX-License-Identifier: Apache-2.0
// Files and directories that only their owner can have put there: each refusal beside the same thing done right.
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/premises.h"

namespace {

// What is to happen once a file has been opened and before it is looked at, and how often.
std::function<void()> between;
int times = 0;

}  // namespace

// In the place of libc's for the whole program: the moment at which another process can replace the file.
extern "C" int fstat(int fd, struct stat* status) noexcept {
  if (times > 0 && between) --times, between();
  return fstatat(fd, "", status, AT_EMPTY_PATH);
}

namespace {

using utmfa::Access;
using utmfa::Code;
using utmfa::Descriptor;
using utmfa::Privacy;

// A directory of our own for one test, taken away with all that is in it.
class Place {
 public:
  Place() : path_("/tmp/utmfa-file-XXXXXX") {
    times = 0;  // whatever a test that failed left
    if (!mkdtemp(path_.data())) fail_msg("mkdtemp %s", path_.c_str());
    fd_ = Descriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~Place() { std::filesystem::remove_all(path_); }
  int fd() const { return fd_.get(); }
  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

  void write(const std::string& name, const std::string& bytes, mode_t mode) const {
    const Descriptor file(open(path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    assert_int_equal(::write(file.get(), bytes.data(), bytes.size()), bytes.size());
    assert_int_equal(fchmod(file.get(), mode), 0);
  }
  void make(const std::string& name, mode_t mode) const {
    assert_int_equal(mkdir(path(name).c_str(), 0700), 0);
    assert_int_equal(chmod(path(name).c_str(), mode), 0);
  }
  std::string read(const std::string& name) const {
    const auto file = utmfa::open_file(fd(), name, path(name), Privacy::open, Access::read);
    if (!file) return file.error().what;
    const auto bytes = utmfa::contents(file->get(), path(name), 100);
    return bytes ? *bytes : bytes.error().what;
  }

 private:
  std::string path_;
  Descriptor fd_;
};

Code file_code(const Place& place, const std::string& name, Privacy privacy = Privacy::open) {
  const auto file = utmfa::open_file(place.fd(), name, place.path(name), privacy, Access::read);
  return file ? Code::internal : file.error().code;
}
Code directory_code(const std::string& path, Privacy privacy = Privacy::open) {
  const auto directory = utmfa::open_directory(path, privacy);
  return directory ? Code::internal : directory.error().code;
}
constexpr Code opened = Code::internal;  // no call here returns it

void modes_are_checked(void**) {
  const Place place;
  const struct {
    mode_t mode;
    Code open, secret;
  } table[] = {{0600, opened, opened},
               {0400, opened, opened},
               {0644, opened, Code::refused},
               {0640, opened, Code::refused},
               {0604, opened, Code::refused},
               {0620, Code::refused, Code::refused},
               {0602, Code::refused, Code::refused},
               {0666, Code::refused, Code::refused}};
  for (const auto& row : table) {
    place.write("file", "text", row.mode);
    assert_int_equal(file_code(place, "file"), row.open);
    assert_int_equal(file_code(place, "file", Privacy::secret), row.secret);
    unlink(place.path("file").c_str());
  }
  place.write("file", "", 0644);
  const auto refusal = utmfa::open_file(place.fd(), "file", "/x/file", Privacy::secret, Access::read);
  assert_string_equal(refusal.error().what.c_str(), "/x/file: has mode 0644: expected 0600");
}

void only_plain_files_are_opened(void**) {
  const Place place;
  place.write("file", "text", 0600);
  assert_int_equal(file_code(place, "file"), opened);
  assert_int_equal(symlink("file", place.path("link").c_str()), 0);
  assert_int_equal(symlink("nothing", place.path("dangling").c_str()), 0);
  assert_int_equal(mkfifo(place.path("fifo").c_str(), 0600), 0);
  place.make("directory", 0700);
  for (const char* name : {"link", "dangling", "fifo", "directory"})
    assert_int_equal(file_code(place, name), Code::refused);
  assert_int_equal(link(place.path("file").c_str(), place.path("second").c_str()), 0);
  assert_int_equal(file_code(place, "file"), Code::refused);
}

void names_stay_inside(void**) {
  const Place place;
  place.make("sub", 0700);
  place.write("sub/file", "", 0600);
  for (const char* name : {"", ".", "..", "sub/file", "../x", "/etc/passwd"})
    assert_int_equal(file_code(place, name), Code::invalid);
  assert_int_equal(file_code(place, std::string("a\0b", 3)), Code::invalid);
  const auto status = utmfa::replace_file(place.fd(), "sub/new", "x", "", 0600);
  assert_int_equal(status.error().code, Code::invalid);
  assert_int_equal(utmfa::remove_file(place.fd(), "sub/file", "x").error().code, Code::invalid);
}

void absence_is_proven(void**) {
  const Place place;
  assert_int_equal(file_code(place, "file"), Code::not_found);
  assert_int_equal(file_code(place, std::string(255, 'a')), Code::not_found);
  assert_int_equal(file_code(place, std::string(256, 'a')), Code::os);
  assert_int_equal(chmod(place.path().c_str(), 0770), 0);  // somebody else may have moved it away
  assert_int_equal(file_code(place, "file"), Code::refused);
  assert_int_equal(chmod(place.path().c_str(), 0700), 0);
  std::filesystem::remove_all(place.path());
  assert_int_equal(file_code(place, "file"), Code::unavailable);
}

void owners_are_checked(void**) {
  if (geteuid() != 0) skip();  // only root can give a file away
  const Place place;
  place.write("file", "", 0600);
  place.make("directory", 0700);
  assert_int_equal(file_code(place, "file"), opened);
  assert_int_equal(directory_code(place.path("directory")), opened);
  assert_int_equal(chown(place.path("file").c_str(), 65534, 0), 0);
  assert_int_equal(chown(place.path("directory").c_str(), 65534, 0), 0);
  assert_int_equal(file_code(place, "file"), Code::refused);
  assert_int_equal(directory_code(place.path("directory")), Code::refused);
  assert_int_equal(directory_code(place.path("directory/below")), Code::refused);
}

void every_directory_on_the_way_is_checked(void**) {
  const Place place;
  place.make("a", 0700);
  place.make("a/b", 0755);
  assert_int_equal(directory_code(place.path("a/b")), opened);
  assert_int_equal(directory_code(place.path("a/b/")), opened);
  assert_int_equal(directory_code(place.path("a//./b")), opened);
  assert_int_equal(directory_code("/"), opened);
  assert_int_equal(directory_code(place.path("a/b"), Privacy::secret), Code::refused);
  assert_int_equal(directory_code(place.path("a"), Privacy::secret), opened);
  assert_int_equal(directory_code(place.path("a/b/c")), Code::not_found);
  assert_int_equal(directory_code(place.path("x/y/z")), Code::not_found);
  assert_int_equal(directory_code(place.path("a/../a")), Code::invalid);
  for (const char* relative : {"", "a", "./a", "../a"}) assert_int_equal(directory_code(relative), Code::invalid);
  assert_int_equal(chmod(place.path("a").c_str(), 0777), 0);
  assert_int_equal(directory_code(place.path("a/b")), Code::refused);
  assert_int_equal(directory_code(place.path("a/none")), Code::refused);  // not proven absent
  assert_int_equal(chmod(place.path("a").c_str(), 01777), 0);
  assert_int_equal(directory_code(place.path("a/b")), opened);
  assert_int_equal(directory_code(place.path("a")), Code::refused);  // on the way, but not the end of it
}

void directories_are_not_reached_through_links(void**) {
  const Place place;
  place.make("real", 0700);
  place.make("real/sub", 0700);
  place.write("file", "", 0600);
  assert_int_equal(symlink("real", place.path("link").c_str()), 0);
  assert_int_equal(directory_code(place.path("real/sub")), opened);
  for (const char* name : {"link", "link/sub", "file", "file/sub"})
    assert_int_equal(directory_code(place.path(name)), Code::refused);
}

void contents_have_a_limit(void**) {
  const Place place;
  for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 10000u}) {
    const std::string bytes(size, 'x');
    place.write("file", bytes, 0600);
    const auto file = utmfa::open_file(place.fd(), "file", "file", Privacy::secret, Access::read);
    const auto twice = utmfa::contents(file->get(), "file", size), again = utmfa::contents(file->get(), "file", size);
    assert_true(twice && *twice == bytes && again && *again == bytes);
    if (size == 0) continue;
    assert_int_equal(utmfa::contents(file->get(), "file", size - 1).error().code, Code::invalid);
  }
}

std::vector<std::string> names(const Place& place) {
  auto listed = utmfa::names_in(place.fd(), "/x");
  if (!listed) fail_msg("%s", listed.error().what.c_str());
  return *listed;
}

void names_are_listed_in_order(void**) {
  const Place place;
  assert_true(names(place).empty());
  for (const char* name : {"b", "a", ".b.0011", "c d", "\xff"}) place.write(name, "", 0600);
  place.make("directory", 0700);
  assert_int_equal(symlink("nothing", place.path("link").c_str()), 0);
  const std::vector<std::string> all = {".b.0011", "a", "b", "c d", "directory", "link", "\xff"};
  assert_true(names(place) == all);
  assert_true(names(place) == all);  // nobody has read on in the descriptor meanwhile
  for (int i = 0; i < 3000; ++i) place.make("directory/" + std::to_string(i), 0700);  // in more than one portion
  const Descriptor many(open(place.path("directory").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto listed = utmfa::names_in(many.get(), "/x");
  assert_true(listed && listed->size() == 3000 && listed->front() == "0" && listed->back() == "999");
}

// In a process of its own, in which this system call fails.
Code listed_without(const Place& place, unsigned call) {
  const pid_t child = fork();
  if (child == 0) {
    utmfa::test::forbid(call, EIO);
    const auto listed = utmfa::names_in(place.fd(), "/x");
    _exit(listed || listed.error().what.find("/x: cannot be listed") != 0 ? 99 : static_cast<int>(listed.error().code));
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return static_cast<Code>(WEXITSTATUS(status));
}

void what_cannot_be_listed_is_no_empty_directory(void**) {
  const Place place;
  place.write("file", "", 0600);
  for (const unsigned call : {static_cast<unsigned>(SYS_openat), static_cast<unsigned>(SYS_getdents64)})
    assert_int_equal(listed_without(place, call), Code::os);
  const Descriptor file(open(place.path("file").c_str(), O_RDONLY | O_CLOEXEC));
  for (const int wrong : {file.get(), -1})
    assert_string_equal(utmfa::names_in(wrong, "/x").error().what.substr(0, 22).c_str(), "/x: cannot be listed: ");
  assert_int_equal(names(place).size(), 1);
  std::filesystem::remove_all(place.path());
  const auto gone = utmfa::names_in(place.fd(), "/x");
  assert_int_equal(gone.error().code, Code::unavailable);
  assert_string_equal(gone.error().what.c_str(), "/x: has been removed");
}

void a_file_is_replaced_whole(void**) {
  const Place place;
  assert_true(utmfa::replace_file(place.fd(), "file", "file", "old", 0600).operator bool());
  const Descriptor old(open(place.path("file").c_str(), O_RDONLY | O_CLOEXEC));
  assert_true(utmfa::replace_file(place.fd(), "file", "file", "new", 0640).operator bool());
  assert_string_equal(place.read("file").c_str(), "new");
  assert_string_equal(utmfa::contents(old.get(), "file", 9)->c_str(), "old");  // who reads it goes on with the old one
  struct stat status {};
  assert_int_equal(stat(place.path("file").c_str(), &status), 0);
  assert_int_equal(status.st_mode & 07777, 0640);
  const auto entries = std::filesystem::directory_iterator(place.path());
  assert_int_equal(std::distance(begin(entries), end(entries)), 1);
}

void a_file_replaced_while_it_is_opened_is_the_new_one(void**) {
  const Place place;
  place.write("file", "old", 0600);
  between = [&] {
    place.write("beside", "new " + std::to_string(times), 0600);
    assert_int_equal(rename(place.path("beside").c_str(), place.path("file").c_str()), 0);
  };
  times = 3;
  assert_string_equal(place.read("file").c_str(), "new 0");
  times = 1000;  // without end, nobody waits for it
  assert_int_equal(file_code(place, "file"), Code::refused);
  assert_in_range(times, 900, 999);
  between = [&] { unlink(place.path("file").c_str()); };
  times = 1;
  assert_int_equal(file_code(place, "file"), Code::not_found);
  between = nullptr;
}

void a_failed_replacement_leaves_nothing(void**) {
  const Place place;
  place.make("file", 0700);  // a file cannot be renamed over a directory
  assert_int_equal(utmfa::replace_file(place.fd(), "file", "file", "new", 0600).error().code, Code::os);
  const auto entries = std::filesystem::directory_iterator(place.path());
  assert_int_equal(std::distance(begin(entries), end(entries)), 1);
}

void a_link_is_replaced_not_followed(void**) {
  const Place place;
  place.write("target", "kept", 0600);
  assert_int_equal(symlink("target", place.path("file").c_str()), 0);
  assert_true(utmfa::replace_file(place.fd(), "file", "file", "new", 0600).operator bool());
  assert_string_equal(place.read("target").c_str(), "kept");
  assert_string_equal(place.read("file").c_str(), "new");
}

void directories_are_made_once_and_then_checked(void**) {
  const Place place;
  const mode_t before = umask(0077);
  assert_true(utmfa::make_directory(place.path("a"), 0755).operator bool());
  umask(before);
  struct stat status {};
  assert_int_equal(stat(place.path("a").c_str(), &status), 0);
  assert_int_equal(status.st_mode & 07777, 0755);
  assert_true(utmfa::make_directory(place.path("a"), 0755).operator bool());
  assert_int_equal(utmfa::make_directory(place.path("a"), 0700).error().code, Code::refused);
  assert_int_equal(utmfa::make_directory(place.path("x/y"), 0700).error().code, Code::not_found);
  place.write("file", "", 0600);
  assert_int_equal(utmfa::make_directory(place.path("file"), 0700).error().code, Code::refused);
  for (const char* bad : {"", "a", "/"}) assert_int_equal(utmfa::make_directory(bad, 0700).error().code, Code::invalid);
}

void files_are_removed(void**) {
  const Place place;
  place.write("file", "", 0600);
  assert_true(utmfa::remove_file(place.fd(), "file", "file").operator bool());
  assert_int_equal(utmfa::remove_file(place.fd(), "file", "file").error().code, Code::not_found);
  place.make("directory", 0700);
  assert_int_equal(utmfa::remove_file(place.fd(), "directory", "directory").error().code, Code::os);
}

void descriptors_close_themselves(void**) {
  int number;
  {
    Descriptor one(open("/dev/null", O_RDONLY | O_CLOEXEC)), two = std::move(one);
    assert_true(!one && two);
    number = two.get();
    one = std::move(two);
    assert_int_equal(one.get(), number);
  }
  assert_int_equal(fcntl(number, F_GETFD), -1);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(modes_are_checked),
      cmocka_unit_test(only_plain_files_are_opened),
      cmocka_unit_test(names_stay_inside),
      cmocka_unit_test(absence_is_proven),
      cmocka_unit_test(owners_are_checked),
      cmocka_unit_test(every_directory_on_the_way_is_checked),
      cmocka_unit_test(directories_are_not_reached_through_links),
      cmocka_unit_test(contents_have_a_limit),
      cmocka_unit_test(names_are_listed_in_order),
      cmocka_unit_test(what_cannot_be_listed_is_no_empty_directory),
      cmocka_unit_test(a_file_is_replaced_whole),
      cmocka_unit_test(a_file_replaced_while_it_is_opened_is_the_new_one),
      cmocka_unit_test(a_failed_replacement_leaves_nothing),
      cmocka_unit_test(a_link_is_replaced_not_followed),
      cmocka_unit_test(directories_are_made_once_and_then_checked),
      cmocka_unit_test(files_are_removed),
      cmocka_unit_test(descriptors_close_themselves),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

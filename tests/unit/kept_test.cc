// SPDX-License-Identifier: Apache-2.0
// Copies that are kept: which of them are too old, and two people who clear up at once.
#include "setup/kept.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/check.h"

namespace {

// Whether somebody else was quicker at every file that is to be removed.
bool beaten = false;

}  // namespace

// In the place of libc's for the whole program.
extern "C" int unlinkat(int directory, const char* name, int flags) noexcept {
  if (beaten) (void)syscall(SYS_unlinkat, directory, name, flags);
  return static_cast<int>(syscall(SYS_unlinkat, directory, name, flags));
}

namespace {

class Place {
 public:
  Place() : path_("/tmp/utmfa-kept-XXXXXX") {
    if (!mkdtemp(path_.data())) fail_msg("mkdtemp %s", path_.c_str());
    directories_.data = path_;
    std::filesystem::create_directory(directories_.kept());
    std::filesystem::permissions(directories_.kept(), std::filesystem::perms::owner_all);
    for (const char* when : {"100", "200", "300"}) {
      std::ofstream(directories_.kept() + "/taro." + when + ".reset.1.yaml") << "version: 1\n";
      std::ofstream(directories_.kept() + "/taro." + when + ".reset.1.state") << "";
    }
  }
  ~Place() { std::filesystem::remove_all(path_); }
  const utmfa::Directories& directories() const { return directories_; }
  long files() const {
    const auto all = std::filesystem::directory_iterator(directories_.kept());
    return std::distance(begin(all), end(all));
  }

 private:
  std::string path_;
  utmfa::Directories directories_;
};

void old_copies_go(void**) {
  const Place place;
  assert_int_equal(*utmfa::prune_kept(place.directories(), 100), 0);
  assert_int_equal(place.files(), 6);
  assert_int_equal(*utmfa::prune_kept(place.directories(), 300), 2);
  assert_int_equal(place.files(), 2);
}

void two_clear_up_at_once(void**) {
  const Place place;
  beaten = true;
  const auto gone = utmfa::prune_kept(place.directories(), 300);
  beaten = false;
  assert_true(gone.operator bool());
  assert_int_equal(*gone, 0);
  assert_int_equal(place.files(), 2);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(old_copies_go), cmocka_unit_test(two_clear_up_at_once)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

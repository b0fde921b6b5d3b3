// SPDX-License-Identifier: Apache-2.0
// Which state of somebody who has no method file may go: one that says nothing more, not one that could still say something.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>

#include "support/premises.h"

namespace utmfa {
namespace {

struct Desk {
  test::Premises premises;
  UserKeys keys = premises.ring->keys_for("taro");
  std::string path = premises.state_path("taro");
  Descriptor directory = Descriptor(open(premises.directories.state().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

  Desk() { make(); }
  void make() const {
    assert_true(static_cast<bool>(create_state(directory.get(), "taro", path, "taro", keys, State{})));
  }
  std::string bytes() const {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void put(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
  bool may_go(int how = O_RDWR) const {
    const Descriptor file(open(path.c_str(), how | O_CLOEXEC));
    StateFile state(file.get(), "taro", keys, path);
    if (!state.lock()) fail_msg("not locked");
    return state.may_be_removed();
  }
  // In a process of its own, in which this system call fails.
  bool may_go_without(unsigned call) const {
    const pid_t child = fork();
    if (child == 0) {
      test::forbid(call, EIO);
      _exit(may_go() ? 1 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 2));
    return WEXITSTATUS(status) == 1;
  }
};

void one_that_was_read_may_go(void**) {
  const Desk desk;
  assert_true(desk.may_go());
  assert_true(desk.may_go_without(SYS_getdents64));  // which is not asked for
}

void one_that_is_damaged_for_good_may_go(void**) {
  const Desk desk;
  for (const std::string& damaged : {std::string(), desk.bytes().substr(0, 100), std::string(state_file_size, '\0'),
                                     std::string(state_file_size, '\xff')}) {
    desk.put(damaged);
    assert_true(desk.may_go());
  }
}

void one_that_cannot_be_read_now_stays(void**) {
  const Desk desk;
  for (const unsigned call : {static_cast<unsigned>(SYS_pread64), static_cast<unsigned>(SYS_statx)})
    assert_false(desk.may_go_without(call));
  assert_false(desk.may_go(O_WRONLY));
  desk.put("half a sta");  // who cannot look does not know that it is damaged
  assert_false(desk.may_go_without(SYS_pread64));
  assert_true(desk.may_go());
}

void one_of_a_newer_version_stays(void**) {
  const Desk desk;
  for (const std::size_t slot : {std::size_t{0}, state_file_size / 2}) {
    desk.make();
    assert_true(desk.may_go());
    std::string newer = desk.bytes();
    newer.replace(slot, 8, "UTMFAST2");
    desk.put(newer);
    assert_false(desk.may_go());
  }
}

// Its name stands for another file by now.
void one_that_was_removed_meanwhile_stays(void**) {
  const Desk desk;
  const Descriptor file(open(desk.path.c_str(), O_RDWR | O_CLOEXEC));
  StateFile state(file.get(), "taro", desk.keys, desk.path);
  assert_true(static_cast<bool>(state.lock()));
  assert_true(state.may_be_removed());
  assert_int_equal(unlink(desk.path.c_str()), 0);
  assert_false(state.may_be_removed());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::one_that_was_read_may_go),
      cmocka_unit_test(utmfa::one_that_is_damaged_for_good_may_go),
      cmocka_unit_test(utmfa::one_that_cannot_be_read_now_stays),
      cmocka_unit_test(utmfa::one_of_a_newer_version_stays),
      cmocka_unit_test(utmfa::one_that_was_removed_meanwhile_stays),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

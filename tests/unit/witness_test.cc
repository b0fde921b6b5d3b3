// SPDX-License-Identifier: Apache-2.0
// Who was let in while a change waits: noted only then, found again by the process and its start, by nothing else.
#include "rollout/witness.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/check.h"

namespace utmfa {
namespace {

class Data {
 public:
  Data() : path_("/tmp/utmfa-witness-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) fail_msg("mkdtemp");
  }
  ~Data() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return rollout_directory(path_) + "/" + name; }
  void waits(const std::string& service) const {
    (void)mkdir(rollout_directory(path_).c_str(), 0700);
    std::ofstream(file(pending_name(service))) << "{}";
  }
  std::vector<Witness> seen(const std::string& service) const {
    Result<std::vector<Witness>> found = witnesses(path_, service);
    if (!found) fail_msg("%s", found.error().what.c_str());
    return *found;
  }

 private:
  std::string path_;
};

Asker asker(pid_t id) {
  const Result<Process> asked = process(id);
  assert_true(static_cast<bool>(asked));
  const Result<Process> above = process(asked->parent);
  return {*asked, above ? *above : *asked};
}

void who_asks_is_looked_at_while_he_waits(void**) {
  const Data data;
  assert_false(asker_of_now(data.path(), getpid()).has_value());
  data.waits("sudo");
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    char word;
    close(ends[1]);
    _exit(read(ends[0], &word, 1) == 0 ? 0 : 1);
  }
  const std::optional<Asker> asked = asker_of_now(data.path(), child);
  assert_true(asked && asked->asked.id == child && asked->above.id == getpid());
  close(ends[1]);
  close(ends[0]);
  assert_int_equal(waitpid(child, nullptr, 0), child);
  assert_false(asker_of_now(data.path(), child).has_value());  // too late
  assert_true(static_cast<bool>(bear_witness(data.path(), "sudo", "taro", *asked)));
  const std::vector<Witness> seen = data.seen("sudo");
  assert_true(seen.size() == 1 && seen[0].asked.id == child && seen[0].above.id == getpid());
}

void noted_only_where_a_change_waits(void**) {
  const Data data;
  assert_true(static_cast<bool>(bear_witness(data.path(), "sshd", "taro", asker(getpid()))));
  assert_true(data.seen("sshd").empty() && !std::filesystem::exists(rollout_directory(data.path())));
  data.waits("sshd");
  assert_true(static_cast<bool>(bear_witness(data.path(), "sudo", "taro", asker(getpid()))));
  assert_true(data.seen("sudo").empty());
  assert_true(static_cast<bool>(bear_witness(data.path(), "sshd", "EXAMPLE\\ta ro\n", asker(getpid()))));
  assert_true(static_cast<bool>(bear_witness(data.path(), "sshd", "hanako", asker(getppid()))));
  const std::vector<Witness> seen = data.seen("sshd");
  assert_int_equal(seen.size(), 2);
  assert_string_equal(seen[0].user.c_str(), "EXAMPLE\\ta ro\n");
  const Result<Process> me = process(getpid());
  assert_true(me && seen[0].asked == *me && seen[0].above.id == getppid());
  assert_int_equal(seen[1].asked.id, getppid());
  // A name of a service that would lead elsewhere stays in its directory.
  assert_true(static_cast<bool>(bear_witness(data.path(), "../../etc/x", "taro", asker(getpid()))));
}

void what_is_not_ours_is_passed_over(void**) {
  const Data data;
  data.waits("sshd");
  std::ofstream(data.file(witness_name("sshd"))) << "1 2 3\n0 1 1 1 dGFybw==\n-1 1 1 1 dGFybw==\n1 x 1 1 dGFybw==\n"
                                                    "7 10 6 5 dGFybw==\n7 10 6 5 !\n";
  assert_int_equal(chmod(data.file(witness_name("sshd")).c_str(), 0600), 0);
  const std::vector<Witness> seen = data.seen("sshd");
  assert_int_equal(seen.size(), 1);
  assert_true(seen[0].asked.id == 7 && seen[0].asked.started == 10 && seen[0].user == "taro");
  assert_int_equal(chmod(data.file(witness_name("sshd")).c_str(), 0666), 0);
  assert_false(static_cast<bool>(witnesses(data.path(), "sshd")));
  std::filesystem::remove(data.file(witness_name("sshd")));
  std::filesystem::create_symlink("/dev/null", data.file(witness_name("sshd")));
  assert_false(static_cast<bool>(bear_witness(data.path(), "sshd", "taro", asker(getpid()))));
}

void processes_by_number_and_start(void**) {
  const std::int64_t before = since_boot();
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    char wait = 0;
    close(ends[1]);
    _exit(read(ends[0], &wait, 1) < 0 ? 1 : 0);
  }
  const Result<Process> made = process(child);
  assert_true(made && made->parent == getpid() && made->started + 20 >= before && made->started <= since_boot());
  const std::vector<Process> above = with_ancestors(child);
  assert_true(above.size() >= 2 && above[0] == *made && above[1].id == getpid());
  Process other = *made;
  ++other.started;  // the same number, given out again
  assert_true(std::find(above.begin(), above.end(), other) == above.end());
  close(ends[1]);
  assert_int_equal(waitpid(child, nullptr, 0), child);
  close(ends[0]);
  assert_false(static_cast<bool>(process(child)));
  assert_true(with_ancestors(child).empty() && with_ancestors(0).empty());
  const Result<std::string> boot = boot_id();
  assert_true(boot && boot->size() == 36 && *boot == *boot_id());
}

void a_start_is_rounded_and_still_not_before_the_moment(void**) {
  const std::int64_t tick = 1000 / sysconf(_SC_CLK_TCK), moment = 50 * tick + tick / 2;
  const auto began = [](std::int64_t started) { return Process{7, started, 1}; };
  assert_true(began_after(began(51 * tick), moment));
  assert_true(began_after(began(50 * tick), moment));  // half a tick later, told as half a tick before
  assert_false(began_after(began(49 * tick), moment));
  assert_true(began_after(began(50 * tick), 50 * tick));
  assert_false(began_after(began(49 * tick), 50 * tick));
  assert_true(began_after(began(0), 0));
  // One that is made after a moment never looks older than it, whatever the tick; this one was there before.
  const Result<Process> mine = process(getpid());
  assert_true(mine && !began_after(*mine, since_boot() + tick));
  for (int times = 0; times < 20; ++times) {
    const std::int64_t now = since_boot();
    const pid_t child = fork();
    if (child == 0) {
      const Result<Process> made = process(getpid());
      _exit(made && began_after(*made, now) ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(utmfa::noted_only_where_a_change_waits),
                              cmocka_unit_test(utmfa::who_asks_is_looked_at_while_he_waits),
                              cmocka_unit_test(utmfa::what_is_not_ours_is_passed_over),
                              cmocka_unit_test(utmfa::processes_by_number_and_start),
                              cmocka_unit_test(utmfa::a_start_is_rounded_and_still_not_before_the_moment)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

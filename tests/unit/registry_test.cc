// SPDX-License-Identifier: Apache-2.0
// One person's files on disk: made, changed, kept, rebuilt; what is refused leaves nothing, and nobody's change is lost.
#include "setup/setup.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <fstream>
#include <thread>

#include "factors/oath.h"
#include "support/premises.h"

namespace utmfa {
namespace {

using test::Premises;

Status nothing(Registered&) { return Done{}; }
Status no(Registered&) { return Error{Code::refused, "no"}; }

std::size_t files_in(const std::string& path) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(path)) ++count;
  return count;
}

mode_t mode_of(const std::string& path) {
  struct stat about {};
  assert_int_equal(stat(path.c_str(), &about), 0);
  return about.st_mode & 07777;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void made_private_and_read_back(void**) {
  Premises premises;
  const Result<Registered> before = premises.registry->read("taro");
  assert_true(before->file.status == Registration::none && before->file.methods.empty() && before->file.user == "taro");
  assert_int_equal(files_in(premises.directories.state()), 0);
  premises.enrol("taro", "totp");
  assert_int_equal(mode_of(premises.methods_path("taro")), 0600);
  assert_int_equal(mode_of(premises.state_path("taro")), 0600);
  const Result<Registered> after = premises.registry->read("taro");
  assert_int_equal(after->file.methods.size(), 1);
  assert_int_equal(after->state.revision, 1);
  assert_true(text_of(premises.methods_path("taro")).find("v1:k1:") != std::string::npos);
}

void every_change_raises_the_revision(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  const std::string text = text_of(premises.methods_path("taro"));
  assert_true(static_cast<bool>(premises.registry->change("taro", nothing)));
  assert_int_equal(premises.registry->read("taro")->state.revision, 2);
  const auto unlock = [](Registered& registered) -> Status {
    registered.state.streak = 0;
    return Done{};
  };
  assert_true(static_cast<bool>(premises.registry->change("taro", unlock)));
  assert_int_equal(premises.registry->read("taro")->state.revision, 3);
  assert_true(text_of(premises.methods_path("taro")) == text);
}

void refused_changes_leave_nothing(void**) {
  Premises premises;
  assert_int_equal(premises.registry->change("taro", no).error().code, Code::refused);
  assert_int_equal(files_in(premises.directories.state()), 0);
  assert_int_equal(files_in(premises.directories.methods()), 0);
  premises.enrol("taro", "totp");
  const std::string text = text_of(premises.methods_path("taro")), state = text_of(premises.state_path("taro"));
  const auto half = [](Registered& registered) -> Status {
    registered.file.methods.clear();
    return Error{Code::refused, "no"};
  };
  assert_false(static_cast<bool>(premises.registry->change("taro", half)));
  assert_true(text_of(premises.methods_path("taro")) == text && text_of(premises.state_path("taro")) == state);
  const auto another = [](Registered& registered) -> Status {
    registered.file.user = "hanako";
    return Done{};
  };
  assert_int_equal(premises.registry->change("taro", another).error().code, Code::internal);
  assert_false(static_cast<bool>(premises.registry->change("", nothing)));
}

void a_state_left_by_a_crash_is_used(void**) {
  Premises premises;
  std::ofstream(premises.state_path("taro")) << "half a sta";
  assert_int_equal(chmod(premises.state_path("taro").c_str(), 0600), 0);
  premises.enrol("taro", "totp");
  assert_int_equal(premises.registry->read("taro")->file.methods.size(), 1);
}

// Once good, once where the kernel cannot read it at this moment.
void a_state_alone_goes_only_where_it_was_read(void**) {
  Premises premises;
  const std::string path = premises.state_path("taro");
  const auto state_alone = [&] {
    premises.enrol("taro", "totp");
    std::filesystem::remove(premises.methods_path("taro"));
    assert_true(std::filesystem::exists(path));
  };
  state_alone();
  assert_int_equal(premises.registry->change("taro", no).error().code, Code::refused);
  assert_false(std::filesystem::exists(path));
  state_alone();
  const std::string before = text_of(path);
  for (const unsigned call : {static_cast<unsigned>(SYS_pread64), static_cast<unsigned>(SYS_statx)})
    assert_int_equal(test::in_child([&] {
                       test::forbid(call, EIO);
                       return premises.registry->change("taro", no).error().code == Code::os ? 0 : 1;
                     }),
                     0);
  assert_true(std::filesystem::exists(path) && text_of(path) == before);
  std::ofstream(path) << "half a sta";
  assert_int_equal(premises.registry->change("taro", no).error().code, Code::refused);
  assert_false(std::filesystem::exists(path));
}

void a_registered_person_without_state_is_closed(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  std::filesystem::remove(premises.state_path("taro"));
  assert_int_equal(premises.registry->read("taro").error().code, Code::corrupt);
  assert_int_equal(premises.registry->change("taro", nothing).error().code, Code::corrupt);
  std::ofstream(premises.state_path("taro")) << std::string(8192, '\0');
  assert_int_equal(chmod(premises.state_path("taro").c_str(), 0600), 0);
  assert_int_equal(premises.registry->read("taro").error().code, Code::corrupt);
  assert_int_equal(premises.registry->change("taro", nothing).error().code, Code::corrupt);
  assert_true(static_cast<bool>(premises.registry->rebuild_state("taro")));
  assert_true(static_cast<bool>(premises.registry->change("taro", nothing)));
}

void rebuilt_states_have_spent_everything(void**) {
  Premises premises;
  const Secret seed(premises.enrol("taro", "totp")[0]);
  const std::vector<std::string> codes = premises.enrol("taro", "recovery");
  premises.enrol("taro", "hotp");
  const Method app = *premises.registry->read("taro")->file.find("app-1");
  const std::uint64_t revision = premises.registry->read("taro")->state.revision;
  const auto judge = [&](std::string_view method, std::string_view kind, std::string_view answer) {
    Attempt attempt;
    attempt.method = method;
    attempt.kind = kind;
    attempt.answer = answer;
    return premises.registry->judge("taro", {}, {}, attempt);
  };
  std::ofstream(premises.state_path("taro"), std::ios::in | std::ios::out) << std::string(8192, 'x');
  assert_int_equal(judge("recovery", "recovery", codes[0]).error().code, Code::corrupt);
  assert_true(static_cast<bool>(premises.registry->rebuild_state("taro")));
  assert_true(premises.registry->read("taro")->state.revision > revision);
  const Result<Secret> code = totp_code(app, seed, premises.clock.time / 30);
  assert_int_equal(judge("app-1", "totp", code->view())->judged, Judged::used);
  assert_int_equal(judge("recovery", "recovery", codes[0])->judged, Judged::used);
  assert_int_equal(judge("token-1", "hotp", "123456")->judged, Judged::disabled);
  premises.clock.time += 300;
  const Result<Secret> later = totp_code(app, seed, premises.clock.time / 30);
  assert_int_equal(judge("app-1", "totp", later->view())->judged, Judged::accepted);
  assert_int_equal(premises.registry->rebuild_state("nobody").error().code, Code::not_found);
  assert_false(std::filesystem::exists(premises.state_path("nobody")));
}

void a_new_sheet_and_an_old_id(void**) {
  Premises premises;
  const std::vector<std::string> old = premises.enrol("taro", "recovery");
  Attempt attempt;
  attempt.method = attempt.kind = "recovery";
  attempt.answer = old[0];
  assert_int_equal(premises.registry->judge("taro", {}, {}, attempt)->judged, Judged::accepted);
  const std::vector<std::string> fresh = premises.enrol("taro", "recovery");
  assert_int_equal(premises.registry->read("taro")->file.methods.size(), 1);
  attempt.answer = old[1];
  assert_int_equal(premises.registry->judge("taro", {}, {}, attempt)->judged, Judged::rejected);
  attempt.answer = fresh[0];
  assert_int_equal(premises.registry->judge("taro", {}, {}, attempt)->judged, Judged::accepted);
}

void marks_of_removed_methods_go(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  premises.enrol("taro", "totp");
  const RegistrationRules rules;
  assert_true(static_cast<bool>(premises.registry->change(
      "taro", [&](Registered& registered) { return remove_method(registered, "app-1", rules); })));
  assert_true(static_cast<bool>(premises.registry->change("taro", nothing)));
  assert_null(premises.registry->read("taro")->state.find("app-1"));
  assert_non_null(premises.registry->read("taro")->state.find("app-2"));
}

void two_administrators_lose_nothing(void**) {
  Premises premises;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      test::SetClock clock;
      SystemRandom random;
      Registry registry(premises.directories, *premises.ring, clock, random);
      for (int times = 0; times < 2; ++times) {
        Result<Made> made = factor_for("totp")->make({}, random, clock.time);
        const Status done = registry.change("taro", [&](Registered& registered) -> Status {
          const Result<std::string> id =
              add_method(registered, std::move(*made), premises.ring->keys_for("taro"), random, clock.time);
          return id ? Status(Done{}) : Status(id.error());
        });
        if (!done) abort();
        if (registry.change("hanako", no)) abort();  // another's file comes and goes all the while
      }
    });
  }
  for (std::thread& each : threads) each.join();
  assert_int_equal(premises.registry->read("taro")->file.methods.size(), 16);
  assert_int_equal(premises.registry->read("taro")->state.revision, 16);
  assert_int_equal(files_in(premises.directories.state()), 1);
}

void kept_before_a_reset(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  const std::string text = text_of(premises.methods_path("taro"));
  for (int times = 0; times < 2; ++times) assert_true(static_cast<bool>(premises.registry->keep("taro", "reset")));
  assert_true(static_cast<bool>(
      premises.registry->change("taro", [](Registered& person) { return reset_registration(person, 1700000000); })));
  assert_int_equal(premises.registry->read("taro")->file.status, Registration::none);
  assert_int_equal(files_in(premises.directories.kept()), 2);
  const std::string kept = premises.directories.kept() + "/taro.1800000000.reset.1.yaml";
  assert_true(text_of(kept) == text);
  assert_int_equal(mode_of(kept), 0600);
  assert_int_equal(mode_of(premises.directories.kept()), 0700);
  assert_int_equal(premises.registry->keep("nobody", "reset").error().code, Code::not_found);
}

void names_of_all_kinds(void**) {
  Premises premises;
  const std::vector<std::string> names = {"0123456789", "a@b\\c", "root", "..", "../x", std::string(255, 'n'), "日本"};
  for (const std::string& each : names) premises.enrol(each, "totp");
  std::vector<std::string> problems, sorted = names;
  std::sort(sorted.begin(), sorted.end());
  assert_true(*premises.registry->users(problems) == sorted);
  assert_true(problems.empty());
  for (const std::string& each : names) assert_true(premises.registry->read(each)->file.user == each);
  std::ofstream(premises.directories.methods() + "/notes.txt") << "x";
  std::ofstream(premises.directories.methods() + "/%zz.yaml") << "x";
  assert_int_equal(symlink("/etc/passwd", premises.methods_path("link").c_str()), 0);
  assert_int_equal(premises.registry->users(problems)->size(), names.size());
  assert_int_equal(problems.size(), 3);
}

// Each outside call fails in turn: the files are the old or the new ones, and a sign-in works or is closed for good reason.
void a_change_that_fails_half_way(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  for (const int call :
       {SYS_openat, SYS_pwrite64, SYS_write, SYS_fsync, SYS_fdatasync, SYS_renameat, SYS_flock, SYS_statx}) {
    assert_int_equal(test::in_child([&] {
                       test::forbid(static_cast<unsigned>(call), ENOSPC);
                       const auto rename = [&](Registered& registered) {
                         return rename_method(registered, "app-1", std::to_string(call));
                       };
                       return premises.registry->change("taro", rename) ? 1 : 0;
                     }),
                     0);
    const Result<Registered> after = premises.registry->read("taro");
    assert_true(static_cast<bool>(after));
    assert_int_equal(after->file.methods.size(), 1);
    assert_int_equal(files_in(premises.directories.methods()), 1);
  }
}

void a_full_disk(void**) {
  Premises premises;
  const int told = test::in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (mount("none", premises.directories.data.c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) return 77;
    for (const std::string& each : {premises.directories.methods(), premises.directories.state()})
      if (mkdir(each.c_str(), 0700) != 0) return 2;
    premises.enrol("taro", "totp");
    std::ofstream fill(premises.directories.data + "/fill");
    while (fill.put('x')) {
    }
    const Status added = premises.registry->change("hanako", nothing);
    if (added || added.error().what.find("No space") == std::string::npos) return 3;
    if (files_in(premises.directories.state()) != 1 || files_in(premises.directories.methods()) != 1) return 4;
    // taro's state has its place already: he can still be judged, and charged.
    Attempt attempt;
    attempt.method = "app-1";
    attempt.kind = "totp";
    attempt.answer = "wrong";
    const Result<Verdict> verdict = premises.registry->judge("taro", {}, {}, attempt);
    if (!verdict || verdict->failures != 1) return 5;
    return 0;
  });
  if (told == 77) skip();
  assert_int_equal(told, 0);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::made_private_and_read_back),
      cmocka_unit_test(utmfa::every_change_raises_the_revision),
      cmocka_unit_test(utmfa::refused_changes_leave_nothing),
      cmocka_unit_test(utmfa::a_state_left_by_a_crash_is_used),
      cmocka_unit_test(utmfa::a_state_alone_goes_only_where_it_was_read),
      cmocka_unit_test(utmfa::a_registered_person_without_state_is_closed),
      cmocka_unit_test(utmfa::rebuilt_states_have_spent_everything),
      cmocka_unit_test(utmfa::a_new_sheet_and_an_old_id),
      cmocka_unit_test(utmfa::marks_of_removed_methods_go),
      cmocka_unit_test(utmfa::two_administrators_lose_nothing),
      cmocka_unit_test(utmfa::kept_before_a_reset),
      cmocka_unit_test(utmfa::names_of_all_kinds),
      cmocka_unit_test(utmfa::a_change_that_fails_half_way),
      cmocka_unit_test(utmfa::a_full_disk),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

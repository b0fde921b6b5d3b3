// SPDX-License-Identifier: Apache-2.0
// Many judging one person at once, and judges that are killed at each of their system calls: a code is accepted at
// most once, a failure that was written stays counted.
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <functional>
#include <thread>

#include "factors/oath.h"
#include "support/premises.h"

namespace utmfa {
namespace {

constexpr ThrottleRules patient{10000, 0, 0, 10000};
constexpr FactorRules rules;

struct Desk {
  test::Premises premises;
  Secret seed;
  std::vector<std::string> codes;

  Desk() {
    seed = Secret(premises.enrol("taro", "totp")[0]);
    codes = premises.enrol("taro", "recovery");
  }
  std::string code(std::int64_t steps = 0) {
    const Result<Secret> made =
        totp_code(*premises.registry->read("taro")->file.find("app-1"), seed, premises.clock.time / 30 + steps);
    return std::string(made->view());
  }
  Result<Verdict> judge(std::string_view method, std::string_view kind, std::string_view answer) {
    Attempt attempt;
    attempt.method = method;
    attempt.kind = kind;
    attempt.answer = answer;
    return premises.registry->judge("taro", rules, patient, attempt);
  }
  State state() { return premises.registry->read("taro")->state; }
};

struct Tally {
  std::atomic<int> accepted = 0, used = 0, rejected = 0, other = 0;

  void count(const Result<Verdict>& verdict) {
    if (!verdict)
      ++other;
    else if (verdict->judged == Judged::accepted)
      ++accepted;
    else if (verdict->judged == Judged::used)
      ++used;
    else if (verdict->judged == Judged::rejected)
      ++rejected;
    else
      ++other;
  }
};

// All held at a barrier with their records open, then let go together.
void together(Desk& desk, unsigned count, Tally& tally, std::string_view method, std::string_view kind,
              const std::function<std::string(unsigned)>& answer) {
  pthread_barrier_t barrier;
  assert_int_equal(pthread_barrier_init(&barrier, nullptr, count), 0);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      Result<Record> record = open_record(desk.premises.directories.data, *desk.premises.ring, "taro");
      const std::string text = answer(i);
      test::SetClock clock = desk.premises.clock;
      SystemRandom random;
      FileVault vault(*record, rules, patient, clock, random);
      const Result<Account> account = vault.account();
      Attempt attempt;
      attempt.method = method;
      attempt.kind = kind;
      attempt.answer = text;
      pthread_barrier_wait(&barrier);
      if (account) tally.count(vault.judge(attempt));
    });
  }
  for (std::thread& each : threads) each.join();
  pthread_barrier_destroy(&barrier);
}

void one_code_many_sign_ins(void**) {
  Desk desk;
  for (const unsigned count : {24u, 50u}) {
    for (int round = 0; round < 10; ++round) {
      Tally tally;
      const std::string code = desk.code();
      together(desk, count, tally, "app-1", "totp", [&](unsigned) { return code; });
      assert_int_equal(tally.accepted, 1);
      assert_int_equal(tally.used, count - 1);
      desk.premises.clock.time += 30;
    }
  }
  assert_int_equal(desk.state().streak, 0);
}

void one_recovery_code_many_sign_ins(void**) {
  Desk desk;
  for (const unsigned count : {24u, 50u}) {
    Tally tally;
    together(desk, count, tally, "recovery", "recovery", [&](unsigned) { return desk.codes[count % 10]; });
    assert_int_equal(tally.accepted, 1);
    assert_int_equal(tally.used, count - 1);
  }
}

void ten_recovery_codes_at_once(void**) {
  Desk desk;
  Tally tally;
  together(desk, 10, tally, "recovery", "recovery", [&](unsigned i) { return desk.codes[i]; });
  assert_int_equal(tally.accepted, 10);
}

void every_wrong_one_is_counted(void**) {
  Desk desk;
  Tally tally;
  together(desk, 24, tally, "app-1", "totp", [](unsigned) { return "wrong"; });
  assert_int_equal(tally.rejected, 24);
  assert_int_equal(desk.state().streak, 24);
  assert_int_equal(desk.state().find("app-1")->failures, 24);
  Tally sheet;
  together(desk, 24, sheet, "recovery", "recovery", [](unsigned) { return "wrong-wrong"; });
  assert_int_equal(sheet.rejected, 24);
  assert_int_equal(desk.state().streak, 48);
}

void changes_beside_judgements_lose_nothing(void**) {
  Desk desk;
  Tally tally;
  std::thread clerk([&] {
    Registry registry(desk.premises.directories, *desk.premises.ring, desk.premises.clock, desk.premises.random);
    for (int i = 0; i < 20; ++i) {
      const std::string label = "phone " + std::to_string(i);
      if (!registry.change("taro", [&](Registered& registered) { return rename_method(registered, "app-1", label); }))
        abort();
    }
  });
  for (int i = 0; i < 40; ++i) tally.count(desk.judge("app-1", "totp", "wrong"));
  clerk.join();
  assert_int_equal(tally.rejected + tally.other, 40);
  assert_int_equal(desk.state().streak, tally.rejected);
  assert_true(desk.premises.registry->read("taro")->file.find("app-1")->label == "phone 19");
}

// A judge in a child, killed when it comes to its system call number `last`; what it announced, or '-'.
char killed_at(Desk& desk, const std::string& code, int last, int& calls) {
  Result<Record> record = open_record(desk.premises.directories.data, *desk.premises.ring, "taro");
  FileVault vault(*record, rules, patient, desk.premises.clock, desk.premises.random);
  assert_true(static_cast<bool>(vault.account()));
  int said[2];
  assert_int_equal(pipe(said), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(98);
    (void)raise(SIGSTOP);
    Attempt attempt;
    attempt.method = "app-1";
    attempt.kind = "totp";
    attempt.answer = code;
    const Result<Verdict> verdict = vault.judge(attempt);
    const char word = !verdict                              ? 'e'
                      : verdict->judged == Judged::accepted ? 'a'
                      : verdict->judged == Judged::used     ? 'u'
                                                            : 'r';
    if (write(said[1], &word, 1) != 1) _exit(97);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSTOPPED(status));
  for (calls = 0; WIFSTOPPED(status); ++calls) {
    if (calls == last) assert_int_equal(kill(child, SIGKILL), 0);
    if (calls < last) assert_int_equal(ptrace(PTRACE_SYSCALL, child, nullptr, nullptr), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
  }
  close(said[1]);
  char word = '-';
  (void)!read(said[0], &word, 1);
  close(said[0]);
  return word;
}

void killed_anywhere_a_code_is_accepted_at_most_once(void**) {
  Desk desk;
  bool ended = false;
  int announced = 0;
  for (int last = 0; !ended; ++last) {
    assert_true(last < 200);
    const std::string code = desk.code();
    int calls = 0;
    const char word = killed_at(desk, code, last, calls);
    ended = calls <= last;
    const Result<Verdict> again = desk.judge("app-1", "totp", code);
    assert_true(static_cast<bool>(again));
    assert_true(word == 'a' || word == '-');
    if (word == 'a') assert_int_equal(again->judged, Judged::used);
    announced += word == 'a';
    assert_true(again->judged == Judged::accepted || again->judged == Judged::used);
    assert_int_equal(desk.judge("app-1", "totp", code)->judged, Judged::used);
    desk.premises.clock.time += 30;
  }
  assert_true(announced > 0);
}

void killed_anywhere_a_failure_once_written_stays(void**) {
  Desk desk;
  bool ended = false;
  std::uint32_t counted = 0, highest = 0;
  for (int last = 0; !ended; ++last) {
    assert_true(last < 200);
    assert_int_equal(desk.judge("app-1", "totp", desk.code())->judged, Judged::accepted);
    int calls = 0;
    const char word = killed_at(desk, "wrong", last, calls);
    ended = calls <= last;
    counted = desk.state().streak;
    assert_true(word == 'r' || word == '-');
    if (word == 'r') assert_int_equal(counted, 1);
    assert_true(counted >= highest);  // the later the kill, never the less
    highest = counted;
    desk.premises.clock.time += 30;
  }
  assert_int_equal(highest, 1);
}

// Kills at any moment, not only between calls, with a wrong answer running all the time.
void killed_at_random_moments(void**) {
  Desk desk;
  std::uint32_t announced = 0;
  for (int round = 0; round < 60; ++round) {
    int said[2];
    assert_int_equal(pipe(said), 0);
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        const Result<Verdict> verdict = desk.judge("app-1", "totp", "wrong");
        if (!verdict || write(said[1], "r", 1) != 1) _exit(1);
      }
    }
    close(said[1]);
    char words[8];
    ssize_t first = read(said[0], words, 1 + static_cast<std::size_t>(round % 7));
    assert_true(first > 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    for (; first > 0; first = read(said[0], words, sizeof words)) announced += static_cast<std::uint32_t>(first);
    close(said[0]);
    assert_in_range(desk.state().streak, announced, announced + static_cast<std::uint32_t>(round) + 1);
  }
  assert_int_equal(desk.judge("app-1", "totp", desk.code())->judged, Judged::accepted);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::one_code_many_sign_ins),
      cmocka_unit_test(utmfa::one_recovery_code_many_sign_ins),
      cmocka_unit_test(utmfa::ten_recovery_codes_at_once),
      cmocka_unit_test(utmfa::every_wrong_one_is_counted),
      cmocka_unit_test(utmfa::changes_beside_judgements_lose_nothing),
      cmocka_unit_test(utmfa::killed_anywhere_a_code_is_accepted_at_most_once),
      cmocka_unit_test(utmfa::killed_anywhere_a_failure_once_written_stays),
      cmocka_unit_test(utmfa::killed_at_random_moments),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// Codes that are sent: to whom, where and for how long one is good, how often one may be sent, and that one is good once
// whoever races for it.
#include "vault/challenge.h"

#include <sys/wait.h>
#include <unistd.h>

#include "support/premises.h"

namespace utmfa {
namespace {

struct Desk {
  test::Premises premises;
  FactorRules rules;
  ThrottleRules throttle;
  Desk() {
    add("taro", {{"slot", "mobile"}, {"number", "+819012345678"}});
    throttle.free = 200;
  }
  void add(const std::string& user, std::map<std::string, std::string, std::less<>> options) {
    Wish wish;
    wish.options = std::move(options);
    Result<Made> made = factor_for("phone")->make(wish, premises.random, premises.clock.time);
    assert_true(static_cast<bool>(made));
    made->method.proof = Proof::confirmed;
    const Status done = premises.registry->change(user, [&](Registered& registered) -> Status {
      const Result<std::string> id =
          add_method(registered, std::move(*made), premises.ring->keys_for(user), premises.random, premises.clock.time);
      return id ? Status(Done{}) : Status(id.error());
    });
    assert_true(static_cast<bool>(done));
  }
  State state(const std::string& user = "taro") { return premises.registry->read(user)->state; }
};

struct SignIn {
  Result<Record> record;
  std::optional<FileVault> vault;
  explicit SignIn(Desk& desk, const std::string& user = "taro")
      : record(open_record(desk.premises.directories.data, *desk.premises.ring, user)) {
    assert_true(static_cast<bool>(record));
    vault.emplace(*record, desk.rules, desk.throttle, desk.premises.clock, desk.premises.random);
    assert_true(static_cast<bool>(vault->account()));
  }
  Issue issue(Asking::Want want = Asking::Want::any, std::uint64_t where = 1, std::string_view service = "sshd",
              std::string_view channel = "sms", std::string_view method = "mobile") {
    Asking asking{method, "phone", channel, {service, where}, {}, want, Proof::confirmed};
    Result<Issue> issued = vault->issue(asking);
    if (!issued) print_error("%s\n", issued.error().what.c_str());
    assert_true(static_cast<bool>(issued));
    return std::move(*issued);
  }
  Judged judge(std::string_view code, std::uint64_t where = 1, std::string_view service = "sshd",
               std::string_view method = "mobile", std::string_view receiver = {}) {
    Attempt attempt;
    attempt.method = method;
    attempt.kind = "phone";
    attempt.answer = code;
    attempt.asked = {service, where};
    attempt.receiver = receiver;
    const Result<Verdict> verdict = vault->judge(attempt);
    if (!verdict) print_error("%s\n", verdict.error().what.c_str());
    assert_true(static_cast<bool>(verdict));
    return verdict->judged;
  }
};

void a_code_is_good_once_in_its_time_at_its_place(void**) {
  Desk desk;
  desk.add("taro", {{"slot", "office"}, {"number", "+81312345678"}});
  desk.add("hanako", {{"slot", "mobile"}, {"number", "+819012345678"}});
  SignIn taro(desk), hanako(desk, "hanako");
  const Issue issue = taro.issue();
  const std::string code(issue.code.view());
  assert_int_equal(issue.issued, Issued::fresh);
  assert_int_equal(code.size(), 6);
  (void)taro.issue(Asking::Want::any, 1, "sshd", "voice", "office");
  (void)hanako.issue();
  // Another connection, service, method, number or person.
  assert_int_equal(taro.judge(code, 2), Judged::rejected);
  assert_int_equal(taro.judge(code, 1, "sudo"), Judged::rejected);
  assert_int_equal(taro.judge(code, 1, "sshd", "office"), Judged::rejected);
  assert_int_equal(taro.judge(code, 1, "sshd", "mobile", "+819099999999"), Judged::rejected);
  assert_int_equal(hanako.judge(code), Judged::rejected);
  for (const std::string& wrong : {std::string(), std::string("0"), code.substr(1), code + "0", std::string(400, '1'),
                                   std::string("12345\0", 6), std::string("\xff\xfe")})
    assert_int_equal(taro.judge(wrong), Judged::rejected);
  assert_int_equal(desk.state().streak, 11);
  assert_int_equal(taro.judge(" " + code.substr(0, 3) + "-" + code.substr(3)), Judged::accepted);
  assert_int_equal(desk.state().streak, 0);
  assert_int_equal(taro.judge(code), Judged::used);
  assert_int_equal(desk.state().streak, 0);
}

void the_time_is_over_and_the_clock_goes_back(void**) {
  Desk desk;
  SignIn taro(desk);
  std::string code(taro.issue().code.view());
  const Time begun = desk.premises.clock.time;
  desk.premises.clock.time = begun + 600;
  assert_int_equal(taro.judge(code), Judged::rejected);
  desk.premises.clock.time = begun - 1;
  assert_int_equal(taro.judge(code), Judged::rejected);
  desk.premises.clock.time = begun + 599;
  assert_int_equal(taro.judge(code), Judged::accepted);
}

void reused_and_superseded(void**) {
  Desk desk;
  SignIn taro(desk);
  const std::string first(taro.issue().code.view());
  // The next process of the same connection.
  SignIn again(desk);
  const Issue same = again.issue();
  assert_int_equal(same.issued, Issued::sent_before);
  assert_true(same.code.empty());
  assert_int_equal(again.issue(Asking::Want::another).issued, Issued::too_soon);
  assert_int_equal(desk.state().sent.size(), 1);
  desk.premises.clock.time += 60;
  assert_int_equal(again.judge("000000000"), Judged::rejected);
  const Issue second = again.issue(Asking::Want::another);
  assert_int_equal(second.issued, Issued::fresh);
  assert_int_equal(desk.state().streak, 1);  // a new code forgives nothing
  if (second.code.view() != first) assert_int_equal(again.judge(first), Judged::rejected);
  // On another channel as well: the call ends the SMS.
  const Issue call = again.issue(Asking::Want::any, 1, "sshd", "voice");
  assert_int_equal(call.issued, Issued::fresh);
  assert_int_equal(again.judge(second.code.view()),
                   second.code.view() == call.code.view() ? Judged::accepted : Judged::rejected);
  assert_int_equal(again.judge(call.code.view()), Judged::accepted);
}

void withdrawn_and_denied(void**) {
  Desk desk;
  SignIn taro(desk);
  const Asking asking{"mobile", "phone", "sms", {"sshd", 1}, {}, Asking::Want::any, Proof::confirmed};
  std::string code(taro.issue().code.view());
  assert_true(static_cast<bool>(taro.vault->withdraw(asking, 500)));
  assert_int_equal(taro.judge(code), Judged::rejected);
  const Issue later = taro.issue(Asking::Want::any, 2);
  assert_int_equal(later.issued, Issued::too_soon);
  assert_int_equal(later.again, desk.premises.clock.time + 500);
  code = taro.issue(Asking::Want::any, 1, "sshd", "voice").code.view();
  assert_int_equal(taro.vault->denied(Denial::refused)->locked_until, 0);
  assert_int_equal(taro.judge(code), Judged::rejected);
  desk.premises.clock.time += 899;
  assert_int_equal(taro.issue(Asking::Want::any, 3, "sshd", "voice").issued, Issued::denied);
  desk.premises.clock.time += 1;
  assert_int_equal(taro.issue(Asking::Want::any, 3, "sshd", "voice").issued, Issued::fresh);
  const Result<Verdict> fraud = taro.vault->denied(Denial::fraud);
  assert_int_equal(fraud->locked_until, desk.premises.clock.time + 900);
  assert_int_equal(taro.issue(Asking::Want::any, 4).issued, Issued::locked);
  assert_int_equal(taro.judge("1"), Judged::throttled);
}

void not_more_than_the_rules_say(void**) {
  Desk desk;
  desk.throttle.delivery.cooldown = 0;
  SignIn taro(desk);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    assert_int_equal(taro.issue(Asking::Want::any, i).issued, Issued::fresh);
    desk.premises.clock.time += 10;
  }
  const Issue full = taro.issue(Asking::Want::any, 99);
  assert_int_equal(full.issued, Issued::too_many);
  assert_int_equal(full.again, desk.premises.clock.time + 3600 - 100);
  assert_true(full.code.empty());
  assert_true(desk.state().challenges.size() <= most_challenges);
  desk.premises.clock.time = full.again;
  assert_int_equal(taro.issue(Asking::Want::any, 99).issued, Issued::fresh);
  for (int i = 0; i < 19; ++i) {
    desk.premises.clock.time += 3600;
    assert_int_equal(taro.issue(Asking::Want::another, 1).issued, Issued::fresh);
  }
  desk.premises.clock.time += 3600;
  assert_int_equal(taro.issue(Asking::Want::another, 1).issued, Issued::too_many);
}

void fifty_answers_one_grant(void**) {
  Desk desk;
  std::string code;
  {
    SignIn taro(desk);
    code = taro.issue().code.view();
  }
  int pipes[2];
  assert_int_equal(pipe(pipes), 0);
  for (int i = 0; i < 50; ++i) {
    if (fork() != 0) continue;
    SignIn taro(desk);
    const char said = taro.judge(code) == Judged::accepted ? 'a' : 'u';
    _exit(write(pipes[1], &said, 1) == 1 ? 0 : 1);
  }
  close(pipes[1]);
  int accepted = 0, others = 0;
  for (char each; read(pipes[0], &each, 1) == 1;) (each == 'a' ? accepted : others) += 1;
  close(pipes[0]);
  while (wait(nullptr) > 0) continue;
  assert_int_equal(accepted, 1);
  assert_int_equal(others, 49);
  assert_int_equal(desk.state().streak, 0);
}

void state_is_read_back_and_grows_only_when_used(void**) {
  State state;
  state.generation = 7;
  const std::string before = print_state(state);
  assert_int_equal(before[0], 1);
  for (std::size_t i = 0; i < most_challenges; ++i) {
    Challenge each;
    each.method = i + 1;
    each.where = ~std::uint64_t{0} - i;
    each.channel = 's';
    each.used = i % 2 == 1;
    each.sent = 5;
    each.until = -6;
    each.again = 7;
    each.digest.fill(static_cast<unsigned char>(200 + i));
    state.challenges.push_back(each);
  }
  state.sent.assign(most_sent, 12345);
  state.denied = 99;
  for (std::size_t i = 0; i < most_method_states; ++i) state.of(std::to_string(i));
  const std::string bytes = print_state(state);
  assert_true(bytes.size() < 4096 - 60);
  const Result<State> read = parse_state(bytes, "f");
  assert_true(static_cast<bool>(read));
  assert_true(print_state(*read) == bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    assert_false(static_cast<bool>(parse_state(bytes.substr(0, cut), "f")));
  assert_false(static_cast<bool>(parse_state(bytes + "x", "f")));
  assert_true(static_cast<bool>(parse_state(before, "f")));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_code_is_good_once_in_its_time_at_its_place),
      cmocka_unit_test(utmfa::the_time_is_over_and_the_clock_goes_back),
      cmocka_unit_test(utmfa::reused_and_superseded),
      cmocka_unit_test(utmfa::withdrawn_and_denied),
      cmocka_unit_test(utmfa::not_more_than_the_rules_say),
      cmocka_unit_test(utmfa::fifty_answers_one_grant),
      cmocka_unit_test(utmfa::state_is_read_back_and_grows_only_when_used),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// Account and judgement of one person: what is accepted, what is charged, and everything that closes.
#include "vault/file_vault.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <fstream>

#include "factors/oath.h"
#include "support/premises.h"

namespace utmfa {
namespace {

struct Desk {
  test::Premises premises;
  FactorRules rules;
  ThrottleRules throttle;
  Secret seed;
  std::vector<std::string> codes;

  Desk() { seed = Secret(premises.enrol("taro", "totp")[0]); }
  void add_sheet() { codes = premises.enrol("taro", "recovery"); }
  std::string code(std::int64_t steps = 0, std::string_view user = "taro") {
    const Result<Registered> registered = premises.registry->read(std::string(user));
    const Result<Secret> made = totp_code(*registered->file.find("app-1"), seed, premises.clock.time / 30 + steps);
    assert_true(static_cast<bool>(made));
    return std::string(made->view());
  }
  Result<Record> record(const std::string& user = "taro") {
    return open_record(premises.directories.data, *premises.ring, user);
  }
  State state(const std::string& user = "taro") { return premises.registry->read(user)->state; }
};

// One sign-in's view: record opened, account asked for.
struct SignIn {
  Result<Record> record;
  std::optional<FileVault> vault;
  Result<Account> account = Error{Code::internal, ""};

  SignIn(Desk& desk, const std::string& user = "taro") : record(desk.record(user)) {
    if (!record) return;
    vault.emplace(*record, desk.rules, desk.throttle, desk.premises.clock, desk.premises.random);
    account = vault->account();
  }
  Result<Verdict> judge(std::string_view method, std::string_view kind, std::string_view answer) {
    Attempt attempt;
    attempt.method = method;
    attempt.kind = kind;
    attempt.answer = answer;
    return vault->judge(attempt);
  }
  Judged app(std::string_view answer) {
    const Result<Verdict> verdict = judge("app-1", "totp", answer);
    if (!verdict) print_error("%s\n", verdict.error().what.c_str());
    assert_true(static_cast<bool>(verdict));
    return verdict->judged;
  }
};

void account_without_secrets(void**) {
  Desk desk;
  desk.add_sheet();
  SignIn taro(desk);
  assert_true(static_cast<bool>(taro.account));
  assert_int_equal(taro.account->status, Registration::setting_up);
  assert_int_equal(taro.account->methods.size(), 2);
  for (const AccountMethod& each : taro.account->methods)
    for (const auto& [key, value] : each.method.fields) assert_true(value.substr(0, 3) != "v1:");
  assert_int_equal(taro.account->find("recovery")->left, 10);
  assert_int_equal(taro.account->find("app-1")->left, -1);
  assert_true(taro.account->find("app-1")->unusable.empty() && taro.account->locked_until == 0);
}

void accepted_once(void**) {
  Desk desk;
  SignIn first(desk), second(desk);
  assert_int_equal(first.app("000000") == Judged::rejected, true);
  assert_int_equal(desk.state().streak, 1);
  assert_int_equal(first.app(desk.code()), Judged::accepted);
  const State after = desk.state();
  assert_int_equal(after.streak, 0);
  assert_int_equal(after.find("app-1")->failures, 0);
  assert_int_equal(after.find("app-1")->last_success, desk.premises.clock.time);
  assert_int_equal(second.app(desk.code()), Judged::used);
  assert_int_equal(desk.state().streak, 0);
  assert_int_equal(second.app(desk.code(1)), Judged::accepted);
}

void recovery_codes_and_their_number(void**) {
  Desk desk;
  desk.add_sheet();
  SignIn taro(desk);
  assert_int_equal(taro.judge("recovery", "recovery", desk.codes[4])->judged, Judged::accepted);
  assert_int_equal(taro.judge("recovery", "recovery", desk.codes[4])->judged, Judged::used);
  assert_int_equal(taro.judge("recovery", "recovery", "wrong-codes")->judged, Judged::rejected);
  assert_int_equal(SignIn(desk).account->find("recovery")->left, 9);
}

void throttled_without_being_looked_at(void**) {
  Desk desk;
  desk.add_sheet();
  SignIn taro(desk);
  desk.throttle.free = 2;
  std::uint32_t wrong = 0;
  for (Time locked = 0; locked == 0; ++wrong) {
    const Result<Verdict> each = taro.judge("app-1", "totp", "wrong");
    assert_int_equal(each->judged, Judged::rejected);
    assert_int_equal(each->failures, wrong + 1);
    locked = each->locked_until;
  }
  assert_in_range(wrong, 2, 3);
  const Result<Verdict> verdict = taro.judge("app-1", "totp", desk.code());
  assert_int_equal(verdict->judged, Judged::throttled);
  assert_int_equal(verdict->locked_until, desk.premises.clock.time + 30);
  assert_int_equal(desk.state().streak, wrong);
  assert_int_equal(SignIn(desk).account->locked_until, desk.premises.clock.time + 30);
  assert_int_equal(taro.judge("recovery", "recovery", desk.codes[0])->judged, Judged::throttled);
  desk.premises.clock.time += 30;
  assert_int_equal(taro.app(desk.code()), Judged::accepted);
}

void disabled_after_its_bound(void**) {
  Desk desk;
  desk.add_sheet();
  desk.throttle = {100, 0, 0, 3};
  SignIn taro(desk);
  for (int i = 0; i < 3; ++i) assert_int_equal(taro.app("wrong"), Judged::rejected);
  assert_int_equal(taro.app(desk.code()), Judged::disabled);
  assert_false(SignIn(desk).account->find("app-1")->unusable.empty());
  assert_int_equal(taro.judge("recovery", "recovery", desk.codes[0])->judged, Judged::accepted);
  assert_int_equal(taro.app(desk.code()), Judged::disabled);  // another method's success does not help it
}

void the_place_is_remembered_only_on_success(void**) {
  Desk desk;
  SignIn taro(desk);
  Attempt attempt;
  attempt.method = "app-1";
  attempt.kind = "totp";
  attempt.remember_place = 77;
  attempt.remember_until = desk.premises.clock.time + 3600;
  attempt.answer = "wrong";
  assert_int_equal(taro.vault->judge(attempt)->judged, Judged::rejected);
  assert_int_equal(desk.state().remembered[0].place, 0);
  for (std::int64_t i = 0; i < 6; ++i) {
    const std::string code = desk.code();
    attempt.answer = code;
    attempt.remember_place = static_cast<std::uint64_t>(70 + i);
    attempt.remember_until = desk.premises.clock.time + 3600;
    assert_int_equal(taro.vault->judge(attempt)->judged, Judged::accepted);
    desk.premises.clock.time += 30;
  }
  std::uint64_t places = 0;
  for (const Remembered& each : desk.state().remembered) places += each.place;
  assert_int_equal(places, 72 + 73 + 74 + 75);  // the latest four
}

void a_decoy_costs_and_is_never_right(void**) {
  Desk desk;
  assert_int_equal(desk.record("nobody").error().code, Code::corrupt);
  for (int times = 0; times < 2; ++times)
    assert_true(static_cast<bool>(make_decoys(desk.premises.directories.data, *desk.premises.ring)));
  for (const char* nobody : {"nobody", "../x", "0123456789", "a\\b@c"}) {
    SignIn sign_in(desk, nobody);
    assert_true(static_cast<bool>(sign_in.account));
    assert_int_equal(sign_in.account->status, Registration::none);
    assert_true(sign_in.account->methods.empty());
    for (const Factor& factor : factors()) {
      const Result<Account> before = sign_in.vault->account();
      const Result<Verdict> verdict = sign_in.judge("", factor.kind, "123456");
      if (factor.decoy == nullptr) {  // never asked of somebody who has none
        assert_false(static_cast<bool>(verdict));
        continue;
      }
      assert_int_equal(verdict->judged, before->locked_until == 0 ? Judged::rejected : Judged::throttled);
      assert_int_equal(verdict->failures, before->state.streak + (before->locked_until == 0 ? 1 : 0));
    }
    assert_false(static_cast<bool>(sign_in.judge("app-1", "totp", desk.code())));
  }
  SignIn taro(desk);
  assert_int_equal(taro.judge("", "hotp", "123456")->judged, Judged::rejected);  // enrolled, but without such a token
  assert_int_equal(desk.state().streak, 1);
  assert_int_equal(desk.state().methods.size(), 1);
}

void a_decoy_that_matches_is_rejected(void**) {
  Desk desk;
  class Zeros final : public Random {
    Result<Secret> bytes(std::size_t count) override { return Secret(count); }
  } zeros;
  Result<Record> record = desk.record();
  FileVault vault(*record, desk.rules, desk.throttle, desk.premises.clock, zeros);
  assert_true(static_cast<bool>(vault.account()));
  const Result<Made> decoy = factor_for("totp")->decoy(zeros, desk.premises.clock.time);
  const Result<Secret> code =
      totp_code(decoy->method, decoy->secrets.find("secret")->second, desk.premises.clock.time / 30);
  Attempt attempt;
  attempt.kind = "totp";
  attempt.answer = code->view();
  assert_int_equal(vault.judge(attempt)->judged, Judged::rejected);
  assert_int_equal(desk.state().streak, 1);
}

void methods_that_are_not_ones_own(void**) {
  Desk desk;
  SignIn taro(desk);
  for (const auto& [method, kind] : std::vector<std::pair<const char*, const char*>>{
           {"app-2", "totp"}, {"app-1", "hotp"}, {"app-1", "sms"}, {"", "sms"}, {"", ""}, {"../app-1", "totp"}})
    assert_false(static_cast<bool>(taro.judge(method, kind, desk.code())));
  assert_int_equal(taro.app(desk.code()), Judged::accepted);
}

void a_method_not_proven_is_not_judged_at_a_sign_in(void**) {
  Desk desk;
  Secret second;
  const Status added = desk.premises.registry->change("taro", [&](Registered& registered) -> Status {
    Result<Made> made = factor_for("totp")->make({}, desk.premises.random, 1);
    second = made->secrets.begin()->second.clone();
    const Result<std::string> id = add_method(registered, std::move(*made), desk.premises.ring->keys_for("taro"),
                                              desk.premises.random, desk.premises.clock.time);
    return id ? Status(Done{}) : Status(id.error());
  });
  assert_true(static_cast<bool>(added));
  SignIn taro(desk);
  assert_int_equal(taro.account->methods.size(), 1);
  Attempt attempt;
  attempt.method = "app-2";
  attempt.kind = "totp";
  const Method shape = *desk.premises.registry->read("taro")->file.find("app-2");
  const Result<Secret> code = totp_code(shape, second, desk.premises.clock.time / 30);
  attempt.answer = code->view();
  assert_int_equal(taro.vault->judge(attempt).error().code, Code::refused);
  assert_int_equal(desk.premises.registry->judge("taro", desk.rules, desk.throttle, attempt)->judged, Judged::accepted);
}

void changed_while_he_was_thinking(void**) {
  Desk desk;
  SignIn taro(desk);
  const auto rename = [](Registered& registered) { return rename_method(registered, "app-1", "old phone"); };
  assert_true(static_cast<bool>(desk.premises.registry->change("taro", rename)));
  const Result<Verdict> verdict = taro.judge("app-1", "totp", desk.code());
  assert_false(static_cast<bool>(verdict));
  assert_int_equal(verdict.error().code, Code::conflict);
  assert_int_equal(desk.state().streak, 0);
  assert_int_equal(SignIn(desk).app(desk.code()), Judged::accepted);
}

// The record was opened before the change and read after it: the revision alone would not tell.
void changed_between_opening_and_reading(void**) {
  Desk desk;
  Result<Record> record = desk.record();
  assert_true(static_cast<bool>(desk.premises.registry->change(
      "taro", [](Registered& registered) { return reset_registration(registered, 1700000000); })));
  FileVault vault(*record, desk.rules, desk.throttle, desk.premises.clock, desk.premises.random);
  assert_true(static_cast<bool>(vault.account()));
  const std::string code = "123456";
  Attempt attempt;
  attempt.method = "app-1";
  attempt.kind = "totp";
  attempt.answer = code;
  assert_int_equal(vault.judge(attempt).error().code, Code::conflict);
}

void judged_before_asking(void**) {
  Desk desk;
  Result<Record> record = desk.record();
  FileVault vault(*record, desk.rules, desk.throttle, desk.premises.clock, desk.premises.random);
  assert_int_equal(vault.judge(Attempt{}).error().code, Code::internal);
}

void another_persons_method_file(void**) {
  Desk desk;
  desk.premises.enrol("hanako", "totp");
  std::filesystem::copy_file(desk.premises.methods_path("taro"), desk.premises.methods_path("hanako"),
                             std::filesystem::copy_options::overwrite_existing);
  SignIn hanako(desk, "hanako");
  assert_int_equal(hanako.account.error().code, Code::corrupt);
  std::ifstream in(desk.premises.methods_path("taro"));
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t name = text.find("taro");
  std::ofstream(desk.premises.methods_path("hanako")) << text.replace(name, 4, "hanako");
  SignIn renamed(desk, "hanako");
  assert_true(static_cast<bool>(renamed.account));
  const Result<Verdict> verdict = renamed.judge("app-1", "totp", desk.code());
  assert_int_equal(verdict.error().code, Code::corrupt);  // sealed for taro
}

void a_secret_moved_to_another_method(void**) {
  Desk desk;
  desk.premises.enrol("taro", "totp");
  const auto move = [](Registered& registered) -> Status {
    registered.file.find("app-2")->fields["secret"] = registered.file.find("app-1")->fields["secret"];
    return Done{};
  };
  assert_true(static_cast<bool>(desk.premises.registry->change("taro", move)));
  SignIn taro(desk);
  assert_int_equal(taro.judge("app-2", "totp", desk.code()).error().code, Code::corrupt);
  assert_int_equal(taro.app(desk.code()), Judged::accepted);
}

void state_gone_or_put_back(void**) {
  Desk desk;
  const std::string path = desk.premises.state_path("taro");
  std::filesystem::copy_file(path, path + ".old");
  assert_int_equal(SignIn(desk).app(desk.code()), Judged::accepted);
  std::filesystem::rename(path + ".old", path);
  assert_int_equal(chmod(path.c_str(), 0600), 0);
  assert_int_equal(SignIn(desk).account.error().code, Code::corrupt);
  std::filesystem::remove(path);
  const Result<Record> gone = desk.record();
  assert_int_equal(gone.error().code, Code::corrupt);
  assert_true(gone.error().what.find("utmfa-admin state rebuild taro") != std::string::npos);
}

void files_that_are_not_private(void**) {
  Desk desk;
  assert_int_equal(chmod(desk.premises.methods_path("taro").c_str(), 0644), 0);
  assert_int_equal(desk.record().error().code, Code::refused);
  assert_int_equal(chmod(desk.premises.methods_path("taro").c_str(), 0600), 0);
  assert_int_equal(chmod(desk.premises.state_path("taro").c_str(), 0660), 0);
  assert_int_equal(desk.record().error().code, Code::refused);
  assert_int_equal(chmod(desk.premises.state_path("taro").c_str(), 0600), 0);
  assert_true(static_cast<bool>(desk.record()));
  std::filesystem::rename(desk.premises.directories.methods(), desk.premises.place + "/elsewhere");
  assert_int_equal(desk.record().error().code, Code::os);  // a house that is not there proves no absence
}

void no_call_that_fails_accepts(void**) {
  Desk desk;
  const std::string code = desk.code();
  for (const int call : {SYS_statx, SYS_flock, SYS_pread64, SYS_pwrite64, SYS_fdatasync, SYS_newfstatat}) {
    for (const int error : {EIO, ENOSPC, EROFS, EBADF}) {
      SignIn taro(desk);
      assert_int_equal(test::in_child([&] {
                         test::forbid(static_cast<unsigned>(call), error);
                         const Result<Verdict> verdict = taro.judge("app-1", "totp", code);
                         return verdict ? 1 : 0;
                       }),
                       0);
    }
  }
  assert_true(desk.state().find("app-1")->moving < desk.premises.clock.time / 30 + 2);
  assert_int_equal(SignIn(desk).app(desk.code(1)), Judged::accepted);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::account_without_secrets),
      cmocka_unit_test(utmfa::accepted_once),
      cmocka_unit_test(utmfa::recovery_codes_and_their_number),
      cmocka_unit_test(utmfa::throttled_without_being_looked_at),
      cmocka_unit_test(utmfa::disabled_after_its_bound),
      cmocka_unit_test(utmfa::the_place_is_remembered_only_on_success),
      cmocka_unit_test(utmfa::a_decoy_costs_and_is_never_right),
      cmocka_unit_test(utmfa::a_decoy_that_matches_is_rejected),
      cmocka_unit_test(utmfa::methods_that_are_not_ones_own),
      cmocka_unit_test(utmfa::a_method_not_proven_is_not_judged_at_a_sign_in),
      cmocka_unit_test(utmfa::changed_while_he_was_thinking),
      cmocka_unit_test(utmfa::changed_between_opening_and_reading),
      cmocka_unit_test(utmfa::judged_before_asking),
      cmocka_unit_test(utmfa::another_persons_method_file),
      cmocka_unit_test(utmfa::a_secret_moved_to_another_method),
      cmocka_unit_test(utmfa::state_gone_or_put_back),
      cmocka_unit_test(utmfa::files_that_are_not_private),
      cmocka_unit_test(utmfa::no_call_that_fails_accepts),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

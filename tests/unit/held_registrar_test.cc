// SPDX-License-Identifier: Apache-2.0
// A registration changed by a process that holds one person's state and keys only: the same lock and the same rules as
// root's registry, no change lost between the two, and nothing of a registration in force changed without proof.
#include "setup/held_registrar.h"

#include <fcntl.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "support/premises.h"

namespace utmfa {
namespace {

using test::Premises;

// As the broker does it, without the broker.
class OpenShelf final : public MethodShelf {
 public:
  OpenShelf(const Premises& premises, std::string user) : premises_(premises), user_(std::move(user)) {}
  Result<std::optional<std::string>> load() override {
    if (failing) return Error{Code::unavailable, "load: fault"};
    std::ifstream file(premises_.methods_path(user_));
    if (!file) return std::optional<std::string>();
    std::stringstream text;
    text << file.rdbuf();
    return std::optional(text.str());
  }
  Status save(std::string_view text, std::string_view kept_as) override {
    if (failing) return Error{Code::unavailable, "save: fault"};
    kept = kept_as;
    const Result<Descriptor> directory = open_directory(premises_.directories.methods(), Privacy::secret);
    if (text.empty()) return remove_file(directory->get(), user_ + ".yaml", user_);
    return replace_file(directory->get(), user_ + ".yaml", user_, text, 0600);
  }
  bool failing = false;
  std::string kept;

 private:
  const Premises& premises_;
  std::string user_;
};

// One set-up process.
struct Held {
  explicit Held(Premises& premises, const std::string& user = "taro") : shelf(premises, user) {
    record.user = record.state_user = user;
    record.keys = premises.ring->keys_for(user);
    record.methods_path = premises.methods_path(user);
    record.state_path = premises.state_path(user);
    if (access(record.state_path.c_str(), F_OK) != 0) {
      const Result<Descriptor> states = open_directory(premises.directories.state(), Privacy::secret);
      const Status made = create_state(states->get(), user, record.state_path, user, record.keys, State{});
      assert_true(static_cast<bool>(made));
    }
    record.state = Descriptor(open(record.state_path.c_str(), O_RDWR | O_CLOEXEC));
    registrar.emplace(record, shelf, config, premises.clock, premises.random);
  }
  Record record;
  OpenShelf shelf;
  Config config;
  std::optional<HeldRegistrar> registrar;
};

Status added(Held& held, Premises& premises, const std::string& kind = "totp") {
  return held.registrar->change([&](Registered& registered) -> Status {
    Result<Made> made = factor_for(kind)->make({}, premises.random, premises.clock.time);
    const Result<std::string> id =
        add_method(registered, std::move(*made), held.registrar->keys(), premises.random, premises.clock.time);
    return id ? confirm_method(registered, *id) : Status(id.error());
  });
}

void a_first_registration(void**) {
  Premises premises;
  Held held(premises);
  assert_int_equal(held.registrar->read()->file.status, Registration::none);
  assert_true(static_cast<bool>(added(held, premises)));
  assert_int_equal(held.registrar->read()->file.methods.size(), 1);
  assert_int_equal(premises.registry->read("taro")->file.status, Registration::setting_up);
  assert_int_equal(premises.registry->read("taro")->state.revision, 1);
}

void what_was_taken_back_leaves_no_file(void**) {
  Premises premises;
  Held held(premises);
  assert_true(static_cast<bool>(added(held, premises)));
  const auto away = [](Registered& registered) -> Status {
    registered.file.methods.clear();
    registered.file.status = Registration::none;
    return Done{};
  };
  assert_true(static_cast<bool>(held.registrar->change(away)));
  assert_int_not_equal(access(premises.methods_path("taro").c_str(), F_OK), 0);
  assert_true(static_cast<bool>(added(held, premises)));  // and it can begin again
}

void a_state_that_is_gone_takes_nothing(void**) {
  Premises premises;
  Held held(premises);
  assert_int_equal(unlink(premises.state_path("taro").c_str()), 0);
  const Status refused = added(held, premises);
  assert_int_equal(refused.error().code, Code::unavailable);
  assert_int_not_equal(access(premises.methods_path("taro").c_str(), F_OK), 0);
}

void what_an_edit_refuses_is_written_nowhere(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  Held held(premises);
  const auto refuse = [](Registered& registered) -> Status {
    registered.file.methods.clear();
    return Error{Code::refused, "no"};
  };
  assert_int_equal(held.registrar->change(refuse).error().code, Code::refused);
  const auto another = [](Registered& registered) -> Status {
    registered.file.user = "hanako";
    return Done{};
  };
  assert_int_equal(held.registrar->change(another).error().code, Code::internal);
  assert_int_equal(held.registrar->read()->file.methods.size(), 1);
}

void a_broker_that_does_not_answer(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  Held held(premises);
  held.shelf.failing = true;
  assert_int_equal(held.registrar->read().error().code, Code::unavailable);
  assert_int_equal(added(held, premises).error().code, Code::unavailable);
  held.shelf.failing = false;
  assert_true(static_cast<bool>(added(held, premises)));  // the lock was given back
}

void another_persons_file_is_refused(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  premises.enrol("hanako", "totp");
  std::filesystem::copy_file(premises.methods_path("hanako"), premises.methods_path("taro"),
                             std::filesystem::copy_options::overwrite_existing);
  Held held(premises);
  assert_int_equal(held.registrar->read().error().code, Code::corrupt);
  assert_int_equal(added(held, premises).error().code, Code::corrupt);
}

void the_word_for_keeping_is_passed_on(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  Held held(premises);
  const auto rename = [](Registered& registered) { return rename_method(registered, "app-1", "Tablet"); };
  assert_true(static_cast<bool>(held.registrar->write(rename, "remove")));
  assert_string_equal(held.shelf.kept.c_str(), "remove");
}

void in_force(Premises& premises) {
  premises.enrol("taro", "totp");
  premises.enrol("taro", "recovery");
  const auto apply_now = [](Registered& registered) { return apply(registered, RegistrationRules{}); };
  assert_true(static_cast<bool>(premises.registry->change("taro", apply_now)));
}

// Whatever is changed of a registration in force needs proof, but what a trial and a first code change.
void nothing_in_force_is_changed_without_proof(void**) {
  Premises premises;
  in_force(premises);
  Held held(premises);
  const std::function<Status(Registered&)> edits[] = {
      [](Registered& r) { return rename_method(r, "app-1", "mine"); },
      [](Registered& r) { return end_registration(r); },
      [](Registered& r) -> Status { return std::swap(r.file.methods[0], r.file.methods[1]), Done{}; },
      [](Registered& r) -> Status { return r.file.methods.pop_back(), Done{}; },
      [](Registered& r) -> Status { return r.file.methods[0].fields["secret"] = "x", Done{}; },
      [](Registered& r) -> Status { return r.file.language = "ja", Done{}; },
      [](Registered& r) -> Status {
        return r.file.contact = Contact{"a@b.example", 0}, Done{};
      },
      [](Registered& r) { return reset_registration(r, 1); },
  };
  for (const auto& edit : edits) assert_int_equal(held.registrar->change(edit).error().code, Code::refused);
  assert_int_equal(added(held, premises).error().code, Code::refused);
  const auto tried = [](Registered& r) { return mark_tested(r, "app-1", 5); };
  assert_true(static_cast<bool>(held.registrar->change(tried)));
  held.registrar->trust();
  assert_true(static_cast<bool>(added(held, premises)));
  assert_true(static_cast<bool>(held.registrar->change(edits[0])));
}

void a_sign_in_sees_the_methods_as_they_are_now(void**) {
  Premises premises;
  Held held(premises);
  const std::unique_ptr<FileVault> early = held.registrar->vault();
  assert_int_equal(early->account()->methods.size(), 0);
  assert_true(static_cast<bool>(added(held, premises)));
  assert_int_equal(held.registrar->vault()->account()->methods.size(), 1);
  Attempt attempt;
  attempt.method = "app-1";
  attempt.kind = "totp";
  attempt.answer = "000000";
  assert_int_equal(early->judge(attempt).error().code, Code::refused);  // it never saw this method
  assert_int_equal(held.registrar->judge(attempt)->judged, Judged::rejected);
  assert_int_equal(premises.registry->read("taro")->state.streak, 1);  // and it was counted
}

void no_change_is_lost_between_the_person_and_root(void**) {
  Premises premises;
  premises.enrol("taro", "totp");
  std::vector<std::thread> threads;
  for (int who = 0; who < 3; ++who) {
    threads.emplace_back([&premises, who] {
      SystemRandom random;
      test::SetClock clock;
      Registry registry(premises.directories, *premises.ring, clock, random);
      Held held(premises);
      for (int times = 0; times < 5; ++times) {
        const auto add = [&](Registered& registered) -> Status {
          Result<Made> made = factor_for("totp")->make({}, random, clock.time);
          const Result<std::string> id =
              add_method(registered, std::move(*made), held.registrar->keys(), random, clock.time);
          return id ? Status(Done{}) : Status(id.error());
        };
        if (!(who == 0 ? held.registrar->change(add) : registry.change("taro", add))) abort();
      }
    });
  }
  for (std::thread& each : threads) each.join();
  assert_int_equal(premises.registry->read("taro")->file.methods.size(), 16);
  assert_int_equal(premises.registry->read("taro")->state.revision, 16);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_first_registration),
      cmocka_unit_test(utmfa::what_was_taken_back_leaves_no_file),
      cmocka_unit_test(utmfa::a_state_that_is_gone_takes_nothing),
      cmocka_unit_test(utmfa::what_an_edit_refuses_is_written_nowhere),
      cmocka_unit_test(utmfa::a_broker_that_does_not_answer),
      cmocka_unit_test(utmfa::another_persons_file_is_refused),
      cmocka_unit_test(utmfa::the_word_for_keeping_is_passed_on),
      cmocka_unit_test(utmfa::nothing_in_force_is_changed_without_proof),
      cmocka_unit_test(utmfa::a_sign_in_sees_the_methods_as_they_are_now),
      cmocka_unit_test(utmfa::no_change_is_lost_between_the_person_and_root),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

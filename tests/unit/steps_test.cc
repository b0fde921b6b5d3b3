// SPDX-License-Identifier: Apache-2.0
// The four steps as pure edits: what each does, what each refuses and why.
#include "base/encoding.h"
#include "setup/setup.h"

#include "support/check.h"

namespace utmfa {
namespace {

constexpr Time now = 1'800'000'000;

UserKeys keys_of(std::string_view id, char fill) {
  UserKeys keys;
  keys.active = id;
  keys.keys.emplace(id, Secret(std::string(32, fill)));
  return keys;
}

// taro's registration, and the rules as they are by default.
struct Desk {
  Registered taro;
  RegistrationRules rules{2, TestRule::demanded, {"totp", "hotp"}};
  UserKeys keys = keys_of("k1", 'k');
  SystemRandom random;

  Desk() { taro.file.user = "taro"; }
  Result<std::string> add(std::string_view kind, const std::string& label = "") {
    Result<Made> made = factor_for(kind)->decoy(random, 1);  // as good as a real one here, and no slow hashes
    assert_true(static_cast<bool>(made));
    if (!label.empty()) made->method.label = label;
    return add_method(taro, std::move(*made), keys, random, now);
  }
  std::string add_tested(std::string_view kind) {
    const Result<std::string> id = add(kind);
    assert_true(static_cast<bool>(id));
    assert_true(static_cast<bool>(confirm_method(taro, *id)));
    assert_true(static_cast<bool>(mark_tested(taro, *id, now)));
    return *id;
  }
  void make_active() {
    add_tested("totp");
    add_tested("recovery");
    assert_true(static_cast<bool>(apply(taro, rules)));
  }
  std::string order() const {
    std::string ids;
    for (const Method& each : taro.file.methods) ids += each.id + " ";
    return ids;
  }
};

void refused(const Status& status, const std::string& words, Code code = Code::refused) {
  assert_false(static_cast<bool>(status));
  if (status.error().what.find(words) == std::string::npos) fail_msg("%s", status.error().what.c_str());
  assert_int_equal(status.error().code, code);
}

void adding_seals_and_begins(void**) {
  Desk desk;
  const Result<std::string> id = desk.add("totp", "iPhone");
  assert_string_equal(id->c_str(), "app-1");
  assert_int_equal(desk.taro.file.status, Registration::setting_up);
  const Method& method = *desk.taro.file.find("app-1");
  assert_true(method.label == "iPhone" && method.registered == now && method.proof == Proof::waiting);
  assert_int_equal(unseal(desk.keys, {"taro", "app-1", "totp", "secret"}, method.field("secret"))->size(), 20);
  assert_string_equal(desk.add("totp")->c_str(), "app-2");
  assert_string_equal(desk.add("hotp")->c_str(), "token-1");
}

void sheet_and_pass_stay_behind_and_are_replaced(void**) {
  Desk desk;
  assert_string_equal(desk.add("recovery")->c_str(), "recovery");
  desk.taro.state.of("recovery").used = 7;
  assert_string_equal(desk.add("pass")->c_str(), "pass");
  assert_true(static_cast<bool>(desk.add("totp")));
  assert_true(static_cast<bool>(desk.add("hotp")));
  assert_string_equal(desk.order().c_str(), "app-1 token-1 recovery pass ");
  const std::string before(desk.taro.file.find("recovery")->field("codes"));
  assert_string_equal(desk.add("recovery", "new sheet")->c_str(), "recovery");
  assert_string_equal(desk.order().c_str(), "app-1 token-1 recovery pass ");
  assert_true(desk.taro.file.find("recovery")->field("codes") != before);
  assert_int_equal(desk.taro.state.find("recovery")->used, 0);
}

void an_old_id_gets_a_fresh_state(void**) {
  Desk desk;
  desk.add_tested("totp");
  desk.taro.state.of("app-1") = {method_mark("app-1"), 99, 2, 100, 0, 5, 6};
  assert_true(static_cast<bool>(remove_method(desk.taro, "app-1", desk.rules)));
  assert_string_equal(desk.add("totp")->c_str(), "app-1");
  const MethodState& state = *desk.taro.state.find("app-1");
  assert_true(state.moving == -1 && state.failures == 0 && state.drift == 0 && state.last_success == 0);
}

void a_tokens_counter_begins_in_the_state(void**) {
  Desk desk;
  Wish wish;
  wish.options.emplace("counter", "42");
  Result<Made> made = factor_for("hotp")->make(wish, desk.random, 1);
  assert_true(static_cast<bool>(add_method(desk.taro, std::move(*made), desk.keys, desk.random, now)));
  assert_int_equal(desk.taro.state.find("token-1")->moving, 42);
}

void adding_that_is_refused(void**) {
  Desk desk;
  for (const std::string& label :
       {std::string(65, 'x'), std::string("a\nb"), std::string("\x1b[1m"), std::string(" x")}) {
    assert_false(static_cast<bool>(desk.add("totp", label)));
    assert_true(desk.taro.file.methods.empty() && desk.taro.state.methods.empty());
    assert_int_equal(desk.taro.file.status, Registration::none);
  }
  for (std::size_t i = 0; i < most_methods; ++i) assert_true(static_cast<bool>(desk.add("totp")));
  assert_int_equal(desk.add("totp").error().code, Code::refused);
  desk.taro.file.status = Registration::ended;
  assert_int_equal(desk.add("totp").error().code, Code::refused);
}

void tested_only_when_proven(void**) {
  Desk desk;
  assert_true(static_cast<bool>(desk.add("totp")));
  refused(mark_tested(desk.taro, "app-1", now), "not been proven");
  refused(confirm_method(desk.taro, "app-2"), "no such method", Code::not_found);
  assert_true(static_cast<bool>(confirm_method(desk.taro, "app-1")));
  assert_true(static_cast<bool>(mark_tested(desk.taro, "app-1", now)));
  assert_int_equal(desk.taro.file.find("app-1")->tested, now);
}

void applying_wants_everything_and_says_all(void**) {
  Desk desk;
  refused(apply(desk.taro, desk.rules), "0 methods registered and proven: 2 are needed");
  assert_true(static_cast<bool>(desk.add("recovery")));
  assert_true(static_cast<bool>(desk.add("totp")));
  const std::vector<std::string> reasons = missing_before_apply(desk.taro, desk.rules);
  assert_int_equal(reasons.size(), 3);
  refused(apply(desk.taro, desk.rules), "1 method registered and proven: 2 are needed");
  refused(apply(desk.taro, desk.rules), "app-1 has not been proven yet");
  refused(apply(desk.taro, desk.rules), "recovery has not been tried yet");
  (void)confirm_method(desk.taro, "app-1");
  refused(apply(desk.taro, desk.rules), "app-1 has not been tried yet");
  (void)mark_tested(desk.taro, "app-1", now);
  (void)mark_tested(desk.taro, "recovery", now);
  assert_true(missing_before_apply(desk.taro, desk.rules).empty());
  assert_true(static_cast<bool>(apply(desk.taro, desk.rules)));
  assert_int_equal(desk.taro.file.status, Registration::active);
  refused(apply(desk.taro, desk.rules), "in force already");
}

void rules_of_applying(void**) {
  Desk desk;
  desk.add_tested("totp");
  assert_true(static_cast<bool>(desk.add("pass")));
  refused(apply(desk.taro, desk.rules), "1 method registered");  // a pass is no method of one's own
  desk.rules.minimum = 1;
  assert_true(missing_before_apply(desk.taro, desk.rules).empty());
  desk.rules.default_kinds = {"hotp"};
  refused(apply(desk.taro, desk.rules), "app-1 cannot be the default method: expected one of hotp");
  desk.rules.default_kinds = {};
  desk.taro.file.find("app-1")->tested = 0;
  refused(apply(desk.taro, desk.rules), "not been tried");
  desk.rules.test = TestRule::optional;
  assert_true(static_cast<bool>(apply(desk.taro, desk.rules)));
}

void the_default_and_the_order(void**) {
  Desk desk;
  desk.make_active();
  assert_true(static_cast<bool>(desk.add("totp")));
  refused(make_default(desk.taro, "app-2", desk.rules), "not been proven");
  refused(make_default(desk.taro, "recovery", desk.rules), "cannot be the default");
  refused(make_default(desk.taro, "app-9", desk.rules), "no such method", Code::not_found);
  (void)confirm_method(desk.taro, "app-2");
  assert_true(static_cast<bool>(make_default(desk.taro, "app-2", desk.rules)));
  assert_string_equal(desk.order().c_str(), "app-2 app-1 recovery ");
  refused(reorder(desk.taro, {"app-1", "app-2"}, desk.rules), "every method once");
  refused(reorder(desk.taro, {"app-1", "app-1", "recovery"}, desk.rules), "twice");
  refused(reorder(desk.taro, {"app-1", "app-2", "recover"}, desk.rules), "no such method", Code::not_found);
  refused(reorder(desk.taro, {"recovery", "app-1", "app-2"}, desk.rules), "cannot be the default");
  assert_string_equal(desk.order().c_str(), "app-2 app-1 recovery ");
  assert_true(static_cast<bool>(reorder(desk.taro, {"app-1", "recovery", "app-2"}, desk.rules)));
  assert_string_equal(desk.order().c_str(), "app-1 recovery app-2 ");
}

void names_of_methods(void**) {
  Desk desk;
  assert_true(static_cast<bool>(desk.add("totp")));
  assert_true(static_cast<bool>(rename_method(desk.taro, "app-1", "携帯")));
  assert_true(desk.taro.file.find("app-1")->label == "携帯");
  refused(rename_method(desk.taro, "app-1", ""), "label", Code::invalid);
  refused(rename_method(desk.taro, "app-1", "a\tb"), "label", Code::invalid);
  refused(rename_method(desk.taro, "app-3", "x"), "no such method", Code::not_found);
}

void removing_never_goes_below_the_minimum(void**) {
  Desk desk;
  desk.make_active();
  refused(remove_method(desk.taro, "recovery", desk.rules), "at least 2 methods must stay");
  refused(remove_method(desk.taro, "app-1", desk.rules), "at least 2 methods must stay");
  assert_true(static_cast<bool>(desk.add("totp")));
  refused(remove_method(desk.taro, "recovery", desk.rules), "at least 2 methods must stay");  // not proven: no backup
  assert_true(static_cast<bool>(remove_method(desk.taro, "app-2", desk.rules)));
  desk.add_tested("totp");
  assert_true(static_cast<bool>(remove_method(desk.taro, "recovery", desk.rules)));
  assert_string_equal(desk.order().c_str(), "app-1 app-2 ");
}

void removing_leaves_a_default_that_may_be_one(void**) {
  Desk desk;
  desk.make_active();
  desk.rules.minimum = 1;
  refused(remove_method(desk.taro, "app-1", desk.rules), "recovery would become the default");
  assert_true(static_cast<bool>(remove_method(desk.taro, "recovery", desk.rules)));
  desk.taro.file.status = Registration::setting_up;
  assert_true(static_cast<bool>(remove_method(desk.taro, "app-1", desk.rules)));
  assert_true(desk.taro.file.methods.empty());
}

void reset_and_end(void**) {
  Desk desk;
  desk.make_active();
  assert_true(static_cast<bool>(end_registration(desk.taro)));
  assert_int_equal(desk.taro.file.status, Registration::ended);
  assert_int_equal(desk.taro.file.methods.size(), 2);
  refused(end_registration(desk.taro), "has ended");
  refused(apply(desk.taro, desk.rules), "has ended");
  refused(rename_method(desk.taro, "app-1", "x"), "has ended");
  refused(remove_method(desk.taro, "app-1", desk.rules), "has ended");
  refused(reorder(desk.taro, {"app-1", "recovery"}, desk.rules), "has ended");
  assert_true(static_cast<bool>(reset_registration(desk.taro, 1700000000)));
  assert_int_equal(desk.taro.file.status, Registration::none);
  assert_true(desk.taro.file.methods.empty());
  assert_true(static_cast<bool>(desk.add("totp")));
}

// The first of all is not of every kind; once one is proven, every kind is taken.
void the_first_is_of_a_kind_that_may_be_first(void**) {
  Desk desk;
  desk.rules.first_kinds = {"totp"};
  refused(may_be_added(desk.taro, "recovery", desk.rules), "cannot be the first method: expected one of totp");
  assert_true(static_cast<bool>(may_be_added(desk.taro, "totp", desk.rules)));
  assert_true(static_cast<bool>(may_be_added(desk.taro, "pass", desk.rules)));  // for the days before there is one
  assert_true(static_cast<bool>(desk.add("totp")));
  refused(may_be_added(desk.taro, "recovery", desk.rules), "cannot be the first method");
  assert_true(static_cast<bool>(confirm_method(desk.taro, "app-1")));
  assert_true(static_cast<bool>(may_be_added(desk.taro, "recovery", desk.rules)));
  desk.rules.first_kinds.clear();
  Desk another;
  assert_true(static_cast<bool>(may_be_added(another.taro, "hotp", desk.rules)));
}

void resealing_under_the_new_key(void**) {
  Desk desk;
  desk.make_active();
  UserKeys both = keys_of("k2", 'n');
  both.keys.emplace("k1", desk.keys.keys.find("k1")->second.clone());
  assert_true(static_cast<bool>(reseal(desk.taro, both, desk.random)));
  const UserKeys only_new = keys_of("k2", 'n');
  assert_int_equal(
      unseal(only_new, {"taro", "app-1", "totp", "secret"}, desk.taro.file.find("app-1")->field("secret"))->size(), 20);
  assert_true(sealed_key_id(desk.taro.file.find("recovery")->field("codes")) == "k2");
  const std::string same(desk.taro.file.find("app-1")->field("secret"));
  assert_true(static_cast<bool>(reseal(desk.taro, both, desk.random)));
  assert_true(desk.taro.file.find("app-1")->field("secret") == same);
  assert_false(static_cast<bool>(reseal(desk.taro, keys_of("k3", 'x'), desk.random)));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::adding_seals_and_begins),
      cmocka_unit_test(utmfa::sheet_and_pass_stay_behind_and_are_replaced),
      cmocka_unit_test(utmfa::an_old_id_gets_a_fresh_state),
      cmocka_unit_test(utmfa::a_tokens_counter_begins_in_the_state),
      cmocka_unit_test(utmfa::adding_that_is_refused),
      cmocka_unit_test(utmfa::tested_only_when_proven),
      cmocka_unit_test(utmfa::applying_wants_everything_and_says_all),
      cmocka_unit_test(utmfa::rules_of_applying),
      cmocka_unit_test(utmfa::the_default_and_the_order),
      cmocka_unit_test(utmfa::names_of_methods),
      cmocka_unit_test(utmfa::removing_never_goes_below_the_minimum),
      cmocka_unit_test(utmfa::removing_leaves_a_default_that_may_be_one),
      cmocka_unit_test(utmfa::reset_and_end),
      cmocka_unit_test(utmfa::the_first_is_of_a_kind_that_may_be_first),
      cmocka_unit_test(utmfa::resealing_under_the_new_key),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

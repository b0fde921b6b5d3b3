// SPDX-License-Identifier: Apache-2.0
// The stock of tokens on disk, and tokens that go out and come back: never two persons, never below the minimum, never
// a code twice, and never half a batch.
#include "tokens/lending.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "factors/oath.h"
#include "support/premises.h"
#include "tokens/reading.h"

namespace utmfa {
namespace {

constexpr std::string_view seed = "12345678901234567890";
const std::string batch =
    "H1,3132333435363738393031323334353637383930,hotp\n"
    "T1,3132333435363738393031323334353637383931,totp,6,60\n";

struct Shop : test::Premises {
  Shop() { import(batch); }
  StockPlace place_of_stock() const { return {directories.data + "/tokens"}; }
  LendingDesk desk() { return {place_of_stock(), *registry, *ring, clock, random, {}, {}}; }

  TakenIn import(const std::string& text) {
    Reading reading("file", {});
    read_tokens(text, TokenForm::csv, {}, reading);
    Result<HeldStock> stock = HeldStock::open(place_of_stock());
    assert_true(static_cast<bool>(stock));
    const Result<TakenIn> done = import_tokens(*stock, reading, *ring, random, clock.time);
    assert_true(done && reading.problems.empty() && stock->write());
    return *done;
  }
  Token token(const std::string& serial) const {
    const Result<std::vector<Token>> tokens = read_stock(place_of_stock());
    if (!tokens) print_error("%s\n", tokens.error().what.c_str());
    assert_true(static_cast<bool>(tokens));
    for (const Token& each : *tokens)
      if (each.serial == serial) return each;
    fail();
    return {};
  }
  Secret secret(const std::string& serial) { return std::move(*unseal_token(*ring, token(serial))); }
  Method method(const std::string& user, const std::string& serial) {
    const Result<Registered> person = registry->read(user);
    const Method* found = method_of(person->file, token(serial));
    assert_non_null(found);
    return *found;
  }
  std::string hotp(std::int64_t counter) {
    Method method;
    method.fields = {{"digits", "6"}};
    return std::string(hotp_code(method, secret("H1"), counter)->view());
  }
  std::string totp(std::int64_t off) {
    Method method;
    method.fields = {{"digits", "6"}, {"period", "60"}, {"algorithm", "sha1"}};
    return std::string(totp_code(method, secret("T1"), clock.time / 60 + off)->view());
  }
  Judged sign_in(const std::string& user, const std::string& serial, const std::string& code) {
    const Method used = method(user, serial);
    Attempt attempt;
    attempt.method = used.id;
    attempt.kind = used.kind;
    attempt.answer = code;
    const Result<Verdict> verdict = registry->judge(user, {}, {}, attempt);
    assert_true(static_cast<bool>(verdict));
    return verdict->judged;
  }
  void apply_with_two(const std::string& user) {
    enrol(user, "totp");
    enrol(user, "recovery");
    assert_true(static_cast<bool>(registry->change(user, [](Registered& person) { return apply(person, {}); })));
  }
  Result<Lent> give(const std::string& serial, const std::string& user, const std::string& code = {}) {
    return lend(desk(), {serial, user, "2027-03-31", "Token", code});
  }
};

template <typename T>
void refused(const Result<T>& result, const std::string& words) {
  assert_false(static_cast<bool>(result));
  if (result.error().what.find(words) == std::string::npos) print_error("%s\n", result.error().what.c_str());
  assert_true(result.error().code == Code::refused && result.error().what.find(words) != std::string::npos);
}

void written_and_read_back(void**) {
  Token token;
  token.serial = "0123456789";
  token.kind = "totp";
  token.fields = {{"digits", "6"}, {"period", "60"}, {"algorithm", "sha1"}, {"behind", "3"}};
  token.manufacturer = "Feitian \"Co\", \\Ltd";
  token.model = "日本";
  token.meant = "null";
  token.secret = "v1:k1:abc=";
  token.imported = 1'800'000'000;
  token.moving = 30000000;
  token.unknown = true;
  token.loan = Loan{"0123", 1'800'000'001, "2028-02-29", 0};
  token.past = {Loan{"a@b", 1, "", 2}, Loan{"yes", 3, "", 4}};
  Token gone;
  gone.serial = "9";
  gone.kind = "hotp";
  gone.fields = {{"digits", "8"}};
  gone.retired = 1'800'000'002;
  gone.reason = "lost: \"at sea\"";
  const std::string text = print_stock({token, gone});
  const Result<std::vector<Token>> back = parse_stock(text, "stock");
  assert_true(static_cast<bool>(back));
  assert_true(print_stock(*back) == text);
  assert_true((*back)[0].loan->due == "2028-02-29" && (*back)[0].past[1].user == "yes" && (*back)[0].model == "日本");
  assert_true((*back)[0].holding() == Holding::lent && (*back)[1].holding() == Holding::retired);
  assert_true((*back)[0].overdue("2028-03-01") && !(*back)[0].overdue("2028-02-29"));
  assert_true(parse_stock(print_stock({}), "stock")->empty());
}

void a_stock_that_is_not_one(void**) {
  const std::string start = "version: 1\ntokens:\n  - serial: \"1\"\n    kind: hotp\n    digits: 6\n";
  assert_true(static_cast<bool>(parse_stock(start + "    secret: \"x\"\n", "stock")));
  for (const std::string& text :
       {std::string(), std::string("tokens: []\n"), std::string("version: 2\ntokens: []\n"),
        std::string("version: 1\ntokens: 7\n"), start, start + "    secret: \"x\"\n    colour: \"red\"\n",
        start + "    secret: \"x\"\n    period: 30\n", start + "    secret: \"x\"\n    lent-to: \"taro\"\n",
        start + "    secret: \"x\"\n    retired: 2026-11-22T10:00:00+09:00\n",
        start + "    secret: \"x\"\n    moving: -4\n", start + "    secret: \"x\"\n    unknown: maybe\n",
        start + "    secret: \"x\"\n  - serial: \"1\"\n    kind: hotp\n    secret: \"x\"\n",
        start + "    secret: \"x\"\nloans:\n  - serial: \"2\"\n    user: \"taro\"\n",
        start +
            "    secret: \"x\"\n    lent-to: \"taro\"\n    lent: 2026-11-22T10:00:00+09:00\n    due: \"2026-02-30\"\n",
        std::string("version: 1\ntokens:\n  - serial: \"1\"\n    kind: recovery\n    secret: \"x\"\n")}) {
    const Result<std::vector<Token>> read = parse_stock(text, "stock");
    if (read) print_error("taken:\n%s\n", text.c_str());
    assert_false(static_cast<bool>(read));
    assert_true(read.error().what.rfind("stock:", 0) == 0);
  }
}

void serials_and_days(void**) {
  for (const char* right : {"1", "GALT-10012345", "a.b_c+d:e/f", "0"}) assert_true(valid_serial(right));
  for (const std::string& wrong : {std::string(), std::string("-1"), std::string("a b"), std::string("a\n"),
                                   std::string(65, '1'), std::string("é"), std::string("/x"), std::string("a\0b", 3)})
    assert_false(valid_serial(wrong));
  for (const char* right : {"2027-03-31", "2028-02-29", "2000-02-29", "9999-12-31"}) assert_true(valid_day(right));
  for (const char* wrong : {"", "2027-3-31", "2027-02-29", "2100-02-29", "2027-13-01", "2027-04-31", "2027-00-01",
                            "2027-01-00", "1999-01-01", "2027-03-31 ", "31.03.2027", "2027-03-+1"})
    assert_false(valid_day(wrong));
}

void taken_into_stock_once(void**) {
  Shop shop;
  struct stat about {};
  assert_int_equal(stat(shop.place_of_stock().file().c_str(), &about), 0);
  assert_int_equal(about.st_mode & 07777, 0600);
  assert_int_equal(stat(shop.place_of_stock().directory.c_str(), &about), 0);
  assert_int_equal(about.st_mode & 07777, 0700);
  assert_true(shop.secret("H1").view() == seed);
  const TakenIn again = shop.import(batch + "H2,3132333435363738393031323334353637383939,hotp,8,5\n");
  assert_true(again.added == 1 && again.there == 2 && shop.token("H2").moving == 5);
  Token moved = shop.token("H1");
  moved.serial = "H2";
  assert_false(static_cast<bool>(unseal_token(*shop.ring, moved)));
  Reading other("file", {});
  read_tokens("H1,3132333435363738393031323334353637383000,hotp\nH9," + hex(seed) + ",hotp\n", TokenForm::csv, {},
              other);
  Result<HeldStock> stock = HeldStock::open(shop.place_of_stock());
  assert_true(static_cast<bool>(import_tokens(*stock, other, *shop.ring, shop.random, 1)));
  assert_true(other.problems.size() == 1 && other.problems[0].find("file:1: serial number \"H1\" is in stock") == 0);
}

void another_key_seals_the_stock(void**) {
  Shop shop;
  shop.new_key();
  assert_int_equal(*reseal_stock(shop.place_of_stock(), *shop.ring, shop.random), 2);
  assert_int_equal(*reseal_stock(shop.place_of_stock(), *shop.ring, shop.random), 0);
  assert_true(sealed_key_id(shop.token("T1").secret) == shop.ring->active());
  assert_true(shop.secret("H1").view() == seed);
}

void one_holds_the_stock_at_a_time(void**) {
  Shop shop;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i) {
        Result<HeldStock> stock = HeldStock::open(shop.place_of_stock());
        if (!stock) abort();
        Token token = stock->tokens.front();
        token.serial = "N" + std::to_string(thread * 100 + i);
        stock->tokens.push_back(std::move(token));
        if (!stock->write()) abort();
      }
    });
  for (std::thread& each : threads) each.join();
  assert_int_equal(read_stock(shop.place_of_stock())->size(), 42);
}

void lent_to_one_person(void**) {
  Shop shop;
  const Result<Lent> lent = shop.give("H1", "taro");
  assert_true(lent && lent->method == "token-1" && lent->proof == Proof::waiting);
  assert_true(shop.token("H1").loan->user == "taro" && shop.token("H1").loan->due == "2027-03-31");
  assert_true(shop.method("taro", "H1").proof == Proof::waiting && shop.method("taro", "H1").field("serial") == "H1");
  refused(shop.give("H1", "taro"), "taro has this token already: token-1");
  refused(shop.give("H1", "hanako"), "H1 is lent to taro");
  refused(shop.give("H7", "taro"), "there is no token \"H7\" in stock");
  assert_true(shop.registry->read("hanako")->file.methods.empty());
  assert_int_equal(take_back(shop.desk(), "H1", Minimum::kept)->left, 0);
  refused(take_back(shop.desk(), "H1", Minimum::kept), "H1 is not lent: it is free");
  assert_true(shop.registry->read("taro")->file.methods.empty());
  assert_true(shop.registry->read("taro")->file.status == Registration::none);
  assert_true(shop.token("H1").past.size() == 1 && shop.token("H1").past[0].user == "taro");
}

void proven_at_the_desk(void**) {
  Shop shop;
  for (const std::string& wrong : {std::string("000000"), std::string("x"), shop.hotp(11), shop.hotp(3) + "1"})
    refused(shop.give("H1", "taro", wrong), "that is not a code of this token now");
  assert_true(shop.token("H1").holding() == Holding::free && shop.registry->read("taro")->file.methods.empty());
  assert_true(shop.give("H1", "taro", shop.hotp(3))->proof == Proof::confirmed);
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(3)), Judged::used);
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(4)), Judged::accepted);
  assert_true(shop.give("T1", "taro", shop.totp(1))->method == "app-1");
  assert_int_equal(shop.sign_in("taro", "T1", shop.totp(1)), Judged::used);
  shop.clock.time += 120;
  assert_int_equal(shop.sign_in("taro", "T1", shop.totp(2)), Judged::accepted);  // its drift was noticed
}

// What one person used is used for the next one.
void counters_travel(void**) {
  Shop shop;
  assert_true(static_cast<bool>(shop.give("H1", "taro", shop.hotp(0))));
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(8)), Judged::accepted);
  assert_true(static_cast<bool>(take_back(shop.desk(), "H1", Minimum::kept)));
  assert_int_equal(shop.token("H1").moving, 9);
  refused(shop.give("H1", "hanako", shop.hotp(8)), "that code was already used");
  assert_true(static_cast<bool>(shop.give("H1", "hanako", shop.hotp(9))));
  assert_int_equal(shop.sign_in("hanako", "H1", shop.hotp(8)), Judged::used);
  assert_true(static_cast<bool>(shop.give("T1", "taro", shop.totp(0))));
  assert_true(static_cast<bool>(take_back(shop.desk(), "T1", Minimum::kept)));
  refused(shop.give("T1", "hanako", shop.totp(0)), "that code was already used");
  assert_true(static_cast<bool>(shop.give("T1", "hanako", shop.totp(1))));
}

void the_minimum_is_kept(void**) {
  Shop shop;
  assert_true(static_cast<bool>(shop.give("H1", "taro", shop.hotp(0))));
  shop.enrol("taro", "recovery");
  assert_true(static_cast<bool>(shop.registry->change("taro", [](Registered& person) {
    (void)mark_tested(person, "token-1", 1);
    return apply(person, {});
  })));
  for (int times = 0; times < 2; ++times)
    refused(take_back(shop.desk(), "H1", Minimum::kept), "at least 2 methods must stay");
  refused(retire(shop.desk(), "H1", "lost", Minimum::kept), "--force");
  assert_true(shop.token("H1").holding() == Holding::lent);
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(1)), Judged::accepted);
  const Result<Back> back = take_back(shop.desk(), "H1", Minimum::waived);
  assert_true(back && back->method == "token-1" && back->left == 1 && back->short_of);
  assert_true(shop.token("H1").holding() == Holding::free && shop.token("H1").moving == 2);
  shop.apply_with_two("hanako");
  assert_true(static_cast<bool>(shop.give("H1", "hanako", shop.hotp(2))));
  const Result<Back> enough = take_back(shop.desk(), "H1", Minimum::kept);
  assert_true(enough && enough->left == 2 && !enough->short_of);
}

void gone_from_the_registration(void**) {
  Shop shop;
  shop.apply_with_two("taro");
  assert_true(shop.give("H1", "taro", shop.hotp(0)) && shop.give("T1", "taro", shop.totp(0)));
  assert_true(static_cast<bool>(
      shop.registry->change("taro", [&](Registered& person) { return reset_registration(person, shop.clock.time); })));
  refused(shop.give("H1", "taro"), "H1 is lent to taro, and not in the registration: utmfa-admin token return H1");
  refused(resync(shop.desk(), "H1", shop.hotp(4), shop.hotp(5)), "not in the registration");
  const Result<Back> back = take_back(shop.desk(), "H1", Minimum::kept);
  assert_true(back && back->method.empty() && back->unknown);
  refused(shop.give("H1", "hanako"), "utmfa-admin token resync H1 CODE CODE");
  assert_true(static_cast<bool>(resync(shop.desk(), "H1", shop.hotp(4), shop.hotp(5))));
  assert_true(static_cast<bool>(shop.give("H1", "hanako", shop.hotp(6))));
  assert_false(take_back(shop.desk(), "T1", Minimum::kept)->unknown);  // time goes on by itself
  refused(shop.give("T1", "hanako", shop.totp(1)), "already used");
  shop.clock.time += 600;
  assert_true(static_cast<bool>(shop.give("T1", "hanako", shop.totp(0))));
}

void an_old_registration_came_back(void**) {
  Shop shop;
  assert_true(static_cast<bool>(shop.give("H1", "taro")));
  const Registered before = *shop.registry->read("taro");
  assert_true(static_cast<bool>(take_back(shop.desk(), "H1", Minimum::kept)));
  assert_true(static_cast<bool>(shop.registry->change("taro", [&](Registered& person) -> Status {
    person.file.methods = before.file.methods;
    return Done{};
  })));
  refused(shop.give("H1", "hanako"), "taro has this token registered as token-1");
}

void an_ended_registration_gives_it_back(void**) {
  Shop shop;
  shop.apply_with_two("taro");
  assert_true(static_cast<bool>(shop.give("H1", "taro", shop.hotp(0))));
  assert_true(static_cast<bool>(shop.registry->change("taro", end_registration)));
  refused(shop.give("T1", "taro"), "has ended");
  assert_true(shop.token("T1").holding() == Holding::free);
  assert_true(take_back(shop.desk(), "H1", Minimum::kept)->method == "token-1");
}

void retired_for_good(void**) {
  Shop shop;
  shop.apply_with_two("taro");
  assert_true(static_cast<bool>(shop.give("H1", "taro", shop.hotp(0))));
  assert_true(retire(shop.desk(), "H1", "lost\nin the train", Minimum::kept)->method == "token-1");
  const Token token = shop.token("H1");
  assert_true(token.secret.empty() && token.reason == "lost?in the train" && token.holding() == Holding::retired);
  for (const Status& each :
       {retire(shop.desk(), "H1", "x", Minimum::kept) ? Status(Done{}) : Status(Error{Code::refused, "is retired"}),
        resync(shop.desk(), "H1", "123456", "123457")})
    refused(each, "is retired");
  refused(shop.give("H1", "hanako"), "H1 is retired");
  refused(take_back(shop.desk(), "H1", Minimum::kept), "H1 is not lent: it is retired");
  const TakenIn again = shop.import(batch);
  assert_true(again.retired == 1 && again.there == 1 && again.added == 0);
}

void set_right_by_two_codes(void**) {
  Shop shop;
  assert_true(static_cast<bool>(shop.give("H1", "taro", shop.hotp(0))));
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(500)), Judged::rejected);
  refused(resync(shop.desk(), "H1", shop.hotp(500), shop.hotp(502)), "not two codes of this token");
  refused(resync(shop.desk(), "H1", shop.hotp(501), shop.hotp(500)), "not two codes of this token");
  refused(resync(shop.desk(), "H1", shop.hotp(5000), shop.hotp(5001)), "not two codes of this token");
  refused(resync(shop.desk(), "H1", "", ""), "not two codes of this token");
  assert_true(static_cast<bool>(resync(shop.desk(), "H1", shop.hotp(500), shop.hotp(501))));
  refused(resync(shop.desk(), "H1", shop.hotp(500), shop.hotp(501)), "already used");
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(501)), Judged::used);
  assert_int_equal(shop.sign_in("taro", "H1", shop.hotp(502)), Judged::accepted);

  assert_true(static_cast<bool>(shop.give("T1", "taro")));
  refused(resync(shop.desk(), "T1", shop.totp(-300), shop.totp(-299)), "not two codes of this token");
  assert_true(static_cast<bool>(resync(shop.desk(), "T1", shop.totp(-101), shop.totp(-100))));
  assert_true(shop.method("taro", "T1").field("behind") == "100");
  refused(resync(shop.desk(), "T1", shop.totp(-101), shop.totp(-100)), "already used");
  shop.clock.time += 60;
  assert_true(static_cast<bool>(
      shop.registry->change("taro", [](Registered& person) { return confirm_method(person, "app-1"); })));
  assert_int_equal(shop.sign_in("taro", "T1", shop.totp(0)), Judged::rejected);
  assert_int_equal(shop.sign_in("taro", "T1", shop.totp(-100)), Judged::accepted);
  assert_true(static_cast<bool>(take_back(shop.desk(), "T1", Minimum::kept)));
  assert_true(shop.token("T1").fields.at("behind") == "100");
  shop.clock.time += 60;
  assert_true(static_cast<bool>(resync(shop.desk(), "T1", shop.totp(4), shop.totp(5))));
  assert_true(shop.token("T1").fields.count("behind") == 0 && shop.token("T1").fields.at("ahead") == "5");
}

// Each outside call fails in turn: what is on disk is the stock of before, and no person has half a token.
void a_disk_that_fails(void**) {
  Shop shop;
  for (const int call : {SYS_openat, SYS_write, SYS_fsync, SYS_renameat, SYS_flock}) {
    const pid_t child = fork();
    if (child == 0) {
      test::forbid(static_cast<unsigned>(call), ENOSPC);
      _exit(shop.give("H1", "taro") ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(shop.token("H1").holding() == Holding::free);
    assert_true(shop.registry->read("taro")->file.methods.empty());
  }
  assert_true(static_cast<bool>(shop.give("H1", "taro")));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::written_and_read_back),
      cmocka_unit_test(utmfa::a_stock_that_is_not_one),
      cmocka_unit_test(utmfa::serials_and_days),
      cmocka_unit_test(utmfa::taken_into_stock_once),
      cmocka_unit_test(utmfa::another_key_seals_the_stock),
      cmocka_unit_test(utmfa::one_holds_the_stock_at_a_time),
      cmocka_unit_test(utmfa::lent_to_one_person),
      cmocka_unit_test(utmfa::proven_at_the_desk),
      cmocka_unit_test(utmfa::counters_travel),
      cmocka_unit_test(utmfa::the_minimum_is_kept),
      cmocka_unit_test(utmfa::gone_from_the_registration),
      cmocka_unit_test(utmfa::an_old_registration_came_back),
      cmocka_unit_test(utmfa::an_ended_registration_gives_it_back),
      cmocka_unit_test(utmfa::retired_for_good),
      cmocka_unit_test(utmfa::set_right_by_two_codes),
      cmocka_unit_test(utmfa::a_disk_that_fails),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

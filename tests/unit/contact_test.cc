// SPDX-License-Identifier: Apache-2.0
// An address and its proof: what is an address, which code proves it, how often, how long.
#include "setup/contact.h"

#include <filesystem>

#include "base/text.h"
#include "support/check.h"
#include "support/premises.h"
#include "support/world.h"

namespace utmfa {
namespace {

constexpr Time now = 1'800'000'000;

void addresses_that_are_taken(void**) {
  const std::pair<std::string, const char*> rows[] = {
      {"taro@example.ac.jp", "taro@example.ac.jp"},
      {"  taro@EXAMPLE.ac.JP\n", "taro@example.ac.jp"},
      {"Taro.Yamada+lab@x-1.example", "Taro.Yamada+lab@x-1.example"},
      {"o'brien!#$%&*/=?^_`{|}~-@example.org", "o'brien!#$%&*/=?^_`{|}~-@example.org"},
      {"root@localhost", "root@localhost"},
      {std::string(64, 'a') + "@example.org", nullptr}};
  for (const auto& [text, expected] : rows) {
    const Result<std::string> address = mail_address(text);
    if (!address) fail_msg("%s", address.error().what.c_str());
    if (expected != nullptr) assert_string_equal(address->c_str(), expected);
  }
}

void what_is_no_address_is_refused(void**) {
  const std::string long_domain = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + ".";
  for (const std::string& text : {std::string(),
                                  std::string("@"),
                                  std::string("taro"),
                                  std::string("taro@"),
                                  std::string("@example.org"),
                                  std::string("taro@@example.org"),
                                  std::string("ta ro@example.org"),
                                  std::string("taro@example.org,x@y.org"),
                                  std::string("taro@example.org\nBcc: x@y.org"),
                                  std::string("taro@exa\rmple.org"),
                                  std::string("-t@example.org"),
                                  std::string("-oQ/tmp@example.org"),
                                  std::string(".taro@example.org"),
                                  std::string("taro.@example.org"),
                                  std::string("ta..ro@example.org"),
                                  std::string("taro@example..org"),
                                  std::string("taro@.example.org"),
                                  std::string("taro@example.org."),
                                  std::string("taro@-example.org"),
                                  std::string("taro@example-.org"),
                                  std::string("\"taro\"@example.org"),
                                  std::string("taro@[192.0.2.1]"),
                                  std::string("<taro@example.org>"),
                                  std::string("Taro <taro@example.org>"),
                                  std::string("太郎@example.org"),
                                  std::string("taro@例.jp"),
                                  std::string("taro\0@example.org", 17),
                                  std::string("taro@example.org\x1b"),
                                  std::string("|id@example.org;x"),
                                  std::string(65, 'a') + "@example.org",
                                  "t@" + std::string(64, 'a') + ".org",
                                  "taro@" + long_domain + std::string(60, 'd')}) {
    const Result<std::string> address = mail_address(text);
    if (address) fail_msg("%s was taken", text.c_str());
    assert_int_equal(address.error().code, Code::invalid);
    assert_true(address.error().what.find('\n') == std::string::npos);
  }
}

AddressProof proof_of(std::string_view code) {
  AddressProof proof;
  proof.code = Secret(code);
  proof.until = now + address_proof_seconds;
  return proof;
}

void the_right_code_is_right_once(void**) {
  for (const char* typed : {"123456", " 123456\n", "123 456", "123-456", "１２３４５６"}) {
    AddressProof proof = proof_of("123456");
    assert_true(judge_proof(proof, typed, now + address_proof_seconds) == Proven::yes);
    assert_true(judge_proof(proof, "123456", now) == Proven::over);
  }
}

void wrong_codes_are_counted(void**) {
  for (const char* typed : {"", "12345", "1234567", "123457", "abcdef", "12345\x00", "１２３４５", "-", "123456 1"}) {
    AddressProof proof = proof_of("123456");
    assert_true(judge_proof(proof, typed, now) == Proven::wrong);
    assert_true(judge_proof(proof, typed, now) == Proven::wrong);
    assert_true(judge_proof(proof, typed, now) == Proven::over);
    assert_true(judge_proof(proof, "123456", now) == Proven::over);
  }
  AddressProof late = proof_of("123456");
  assert_true(judge_proof(late, "123456", late.until + 1) == Proven::over);
  assert_true(judge_proof(late, "123456", now - 1) == Proven::over);  // the clock was set back
  assert_true(judge_proof(late, "123456", now) == Proven::yes);
}

void codes_are_six_digits_and_differ(void**) {
  SystemRandom random;
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const Result<AddressProof> one = begin_proof(random, now), other = begin_proof(random, now);
    assert_true(one->code.size() == 6 && ascii_digits(one->code.view()) && one->until == now + 600);
    same += equal(one->code.view(), other->code.view()) ? 1 : 0;
  }
  assert_true(same < 3);
}

class Postman final : public Gateway {
 public:
  Exchange deliver(const GatewayRequest& request) override {
    ++count;
    to = request.to;
    code = request.code.view();
    text = request.text.view();
    Exchange exchange;
    exchange.fault = fault;
    exchange.reply.result = Delivered::sent;
    return exchange;
  }
  int count = 0;
  std::string to, code, text, fault;
};

// Answers as scripted; {code} is what was mailed.
class Person final : public Conversation {
 public:
  Person(const Postman& postman, std::vector<std::string> answers) : postman_(postman), answers_(std::move(answers)) {}
  Result<Answer> ask(std::string_view prompt, Echo) override {
    asked += std::string(prompt) + "|";
    if (at_ == answers_.size()) return Error{Code::unavailable, "gone"};
    const std::string& said = answers_[at_++];
    return Answer{Said::text, Secret(said == "{code}" ? postman_.code : said)};
  }
  Status tell(std::string_view, Style) override { return Done{}; }
  Result<Answer> choose(std::string_view, const std::vector<std::string>&, std::string_view) override {
    return Error{Code::internal, "not expected"};
  }
  std::string asked;

 private:
  const Postman& postman_;
  std::vector<std::string> answers_;
  std::size_t at_ = 0;
};

Status proven(Postman& postman, const std::vector<std::string>& answers) {
  Person person(postman, answers);
  test::SetClock clock;
  SystemRandom random;
  const Status status = prove_address({"taro", "taro@example.ac.jp", "", "Example"}, postman, person, clock, random);
  assert_true(postman.code.empty() || person.asked.find(postman.code) == std::string::npos);
  return status;
}

void an_address_is_proven_by_what_was_mailed(void**) {
  Postman postman;
  assert_true(static_cast<bool>(proven(postman, {"{code}"})));
  assert_true(postman.to == "taro@example.ac.jp" && postman.text.find(postman.code) != std::string::npos);
  assert_true(static_cast<bool>(proven(postman, {"000000x", "", "{code}"})));
  assert_int_equal(proven(postman, {"x", "x", "x", "{code}"}).error().code, Code::refused);
  assert_int_equal(proven(postman, {}).error().code, Code::unavailable);
  assert_int_equal(postman.count, 4);  // one mail each, however often it was asked
  postman.fault = "it did not answer within 20s";
  const Status failed = proven(postman, {"{code}"});
  assert_int_equal(failed.error().code, Code::unavailable);
  assert_true(failed.error().what.find("did not answer") != std::string::npos);
}

void it_is_kept_in_the_method_file(void**) {
  test::Premises premises;
  const auto set = [](Registered& registered) { return set_contact(registered, "taro@Example.org", now); };
  const auto bad = [](Registered& registered) { return set_contact(registered, "taro", now); };
  assert_int_equal(premises.registry->change("taro", bad).error().code, Code::invalid);
  assert_int_equal(premises.registry->change("taro", remove_contact).error().code, Code::refused);
  assert_true(static_cast<bool>(premises.registry->change("taro", set)));
  const auto reset = [](Registered& registered) { return reset_registration(registered, now); };
  Result<Registered> read = premises.registry->read("taro");
  assert_string_equal(read->file.contact->email.c_str(), "taro@example.org");
  assert_true(read->file.contact->verified == now && read->file.status == Registration::none);
  premises.enrol("taro", "totp");
  assert_true(static_cast<bool>(premises.registry->change("taro", reset)));
  read = premises.registry->read("taro");
  assert_true(read->file.contact.has_value() && read->file.methods.empty());  // he is told of the reset
  assert_true(static_cast<bool>(premises.registry->change("taro", remove_contact)));
  assert_false(premises.registry->read("taro")->file.contact.has_value());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::addresses_that_are_taken),
      cmocka_unit_test(utmfa::what_is_no_address_is_refused),
      cmocka_unit_test(utmfa::the_right_code_is_right_once),
      cmocka_unit_test(utmfa::wrong_codes_are_counted),
      cmocka_unit_test(utmfa::codes_are_six_digits_and_differ),
      cmocka_unit_test(utmfa::an_address_is_proven_by_what_was_mailed),
      cmocka_unit_test(utmfa::it_is_kept_in_the_method_file),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

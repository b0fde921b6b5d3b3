// SPDX-License-Identifier: Apache-2.0
// The queue worked through with a gateway that says what the test wants: sent, waited, given up, and in whose words.
#include "notice/delivery.h"

#include <filesystem>
#include <map>

#include "notice/letter.h"
#include "signin/words.h"
#include "support/premises.h"
#include "support/world.h"

namespace utmfa {
namespace {

constexpr Time now = 1'800'000'000;

class ToldGateway final : public Gateway {
 public:
  Exchange deliver(const GatewayRequest& request) override {
    told.push_back(request.to + " " + std::string(request.text.view()));
    languages.push_back(request.language);
    Exchange exchange;
    exchange.reply = reply;
    exchange.fault = fault;
    return exchange;
  }
  GatewayReply reply{Delivered::sent, {}, {}, 0};
  std::string fault;
  std::vector<std::string> told, languages;
};

class ToldAddresses final : public AddressBook {
 public:
  Result<Address> address(const std::string& user) override {
    const auto found = known.find(user);
    if (found == known.end()) return Error{Code::not_found, "none"};
    return found->second;
  }
  std::map<std::string, Address> known;
};

struct House {
  House() : place(test::made_place(test::quick_place())) {
    clock.time = now;
    addresses.known["taro"] = {"taro@example.ac.jp", "en"};
  }
  ~House() { std::filesystem::remove_all(place); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void put(std::string_view what, const std::string& user = "taro") {
    Event event;
    event.what = what;
    event.user = user;
    event.method = "app-1";
    event.kind = "totp";
    event.by = "hanako";
    assert_true(static_cast<bool>(outbox.put(notices_of(event, clock.time).at(0), Durability::lazy)));
  }
  Waiting round() {
    Delivery delivery{outbox, gateway, addresses, clock, random, audit, "Example University", "lab1", "en"};
    const Result<Waiting> waiting = deliver_due(delivery);
    if (!waiting) fail_msg("%s", waiting.error().what.c_str());
    return *waiting;
  }
  std::string last_line() const { return audit.lines.empty() ? "" : audit.lines.back(); }

  std::string place;
  test::SetClock clock;
  SystemRandom random;
  test::Faults faults;
  test::MemoryAudit audit{faults};
  Outbox outbox{place, random};
  ToldGateway gateway;
  ToldAddresses addresses;
};

bool has(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

void sent_and_gone(void**) {
  House house;
  house.put("enrolled");
  assert_int_equal(house.round().count, 0);
  assert_int_equal(house.gateway.told.size(), 1);
  const std::string& text = house.gateway.told[0];
  assert_true(has(text, "taro@example.ac.jp") &&
              has(text, "A method was registered for you: Authenticator app (app-1)"));
  assert_true(has(text, "User name: taro") && has(text, "Machine: lab1") && has(text, "By: hanako"));
  assert_string_equal(house.last_line().c_str(), "notice-sent user=taro reason=enrolled");
  assert_int_equal(house.round().count, 0);
  assert_int_equal(house.gateway.told.size(), 1);
}

void who_has_no_address_is_not_told(void**) {
  House house;
  house.put("reset", "jiro");
  assert_int_equal(house.round().count, 0);
  assert_true(house.gateway.told.empty() && house.audit.lines.empty());
}

void the_next_try_waits_longer(void**) {
  House house;
  house.gateway.reply = {Delivered::failed, {}, "mailbox full", 0};
  house.put("reset");
  const Waiting first = house.round();
  assert_true(first.count == 1 && first.next == now + 60);
  assert_true(has(house.last_line(), "notice-delayed user=taro") && has(house.last_line(), "reset: mailbox full"));
  house.clock.time = now + 59;
  assert_int_equal(house.round().next, now + 60);
  assert_int_equal(house.gateway.told.size(), 1);
  house.clock.time = now + 60;
  assert_int_equal(house.round().next, now + 60 + 120);
  house.gateway.reply = {Delivered::busy, {}, {}, 7000};
  house.clock.time = now + 180;
  assert_int_equal(house.round().next, now + 180 + 7000);
  house.gateway.reply = {Delivered::sent, {}, {}, 0};
  house.clock.time = now + 7180;
  assert_int_equal(house.round().count, 0);
  assert_int_equal(house.gateway.told.size(), 4);
}

void waits_are_bounded(void**) {
  assert_int_equal(wait_after(1, 0), 60);
  assert_int_equal(wait_after(4, 0), 480);
  assert_int_equal(wait_after(9, 0), 4 * 3600);
  assert_int_equal(wait_after(1000000, 0), 4 * 3600);
  assert_int_equal(wait_after(1, 59), 60);
  assert_int_equal(wait_after(1, 3600), 3600);
  assert_int_equal(wait_after(1, 1 << 30), 86400);
}

void given_up_after_three_days(void**) {
  House house;
  house.gateway.reply = {Delivered::failed, {}, "no such mailbox", 0};
  house.put("reset");
  int rounds = 0;
  for (Waiting waiting = house.round(); waiting.count > 0; waiting = house.round()) {
    house.clock.time = waiting.next;
    assert_true(++rounds < 100);
  }
  assert_true(house.clock.time > now + 2 * 86400 && house.clock.time <= now + 3 * 86400);
  assert_true(has(house.last_line(), "notice-given-up user=taro") && has(house.last_line(), "no such mailbox"));
  // One that nobody looked at for as long is not sent any more either.
  house.clock.time = now;
  house.put("reset");
  house.clock.time = now + longest_queued + 1;
  const std::size_t told = house.gateway.told.size();
  assert_int_equal(house.round().count, 0);
  assert_int_equal(house.gateway.told.size(), told);
  assert_true(has(house.last_line(), "not delivered in time"));
}

void a_gateway_that_is_down_is_not_tried_for_each(void**) {
  House house;
  house.gateway.fault = "it did not answer within 20s";
  for (int i = 0; i < 10; ++i) house.put("reset");
  const Waiting waiting = house.round();
  assert_int_equal(waiting.count, 10);
  assert_int_equal(house.gateway.told.size(), 3);
  assert_int_equal(waiting.next, now + 60);
  house.gateway.fault.clear();
  house.clock.time = now + 60;
  assert_int_equal(house.round().count, 0);
  assert_int_equal(house.gateway.told.size(), 13);
}

void a_clock_that_was_set_back_keeps_nothing(void**) {
  House house;
  house.gateway.reply = {Delivered::failed, {}, {}, 0};
  house.put("reset");
  (void)house.round();
  house.gateway.reply = {Delivered::sent, {}, {}, 0};
  house.clock.time = now - 10 * 86400;
  assert_int_equal(house.round().count, 0);
}

void without_a_gateway_all_is_given_up(void**) {
  House house;
  house.put("reset");
  house.put("applied");
  Delivery delivery{house.outbox, house.gateway, house.addresses, house.clock, house.random, house.audit, "", "", ""};
  assert_true(static_cast<bool>(give_all_up(delivery, "there is no gateway for mail")));
  assert_true(has(house.last_line(), "2 notices: there is no gateway for mail"));
  assert_int_equal(house.round().count, 0);
  assert_true(house.gateway.told.empty());
}

void the_address_is_in_the_method_file(void**) {
  test::Premises premises;
  MethodFileAddresses addresses(premises.directories.methods());
  assert_int_equal(addresses.address("taro").error().code, Code::not_found);
  premises.enrol("taro", "totp");
  assert_int_equal(addresses.address("taro").error().code, Code::not_found);
  const auto edit = [](Registered& registered) -> Status {
    registered.file.contact = Contact{"taro@example.ac.jp", now};
    registered.file.language = "ja";
    return Done{};
  };
  assert_true(static_cast<bool>(premises.registry->change("taro", edit)));
  assert_string_equal(addresses.address("taro")->email.c_str(), "taro@example.ac.jp");
  assert_string_equal(addresses.address("taro")->language.c_str(), "ja");
  std::filesystem::copy(premises.methods_path("taro"), premises.methods_path("jiro"));
  assert_int_equal(addresses.address("jiro").error().code, Code::corrupt);
  assert_int_equal(chmod(premises.methods_path("taro").c_str(), 0644), 0);
  assert_int_equal(addresses.address("taro").error().code, Code::refused);
}

// Every notice that is made has a sentence of its own.
void every_notice_has_words(void**) {
  Notice notice;
  notice.user = "taro";
  notice.made = now;
  const std::string unknown = letter_of(notice, "x", "y").text;
  for (const char* what : {"enrolled", "removed", "reordered", "renamed", "applied", "reset", "terminated", "restored",
                           "unlocked", "state-rebuilt", "contact", "pass-issued", "pass-used", "lock"}) {
    notice.what = what;
    assert_true(letter_of(notice, "x", "y").text != unknown);
  }
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::sent_and_gone),
      cmocka_unit_test(utmfa::who_has_no_address_is_not_told),
      cmocka_unit_test(utmfa::the_next_try_waits_longer),
      cmocka_unit_test(utmfa::waits_are_bounded),
      cmocka_unit_test(utmfa::given_up_after_three_days),
      cmocka_unit_test(utmfa::a_gateway_that_is_down_is_not_tried_for_each),
      cmocka_unit_test(utmfa::a_clock_that_was_set_back_keeps_nothing),
      cmocka_unit_test(utmfa::without_a_gateway_all_is_given_up),
      cmocka_unit_test(utmfa::the_address_is_in_the_method_file),
      cmocka_unit_test(utmfa::every_notice_has_words),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

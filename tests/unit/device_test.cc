// SPDX-License-Identifier: Apache-2.0
// What goes between a sign-in process and utmfa-key, and what the kernel's list of devices says: read as written, and
// everything else is no answer.
#include "device/frames.h"
#include "device/presence.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support/check.h"

namespace {

using utmfa::Confirm;
using utmfa::KeyEnd;
using utmfa::KeyNews;
using utmfa::KeyVerb;
using utmfa::KeyWish;

KeyWish wish(KeyVerb verb) {
  KeyWish made;
  made.verb = verb;
  made.credentials = {{"utmfa", "one"}, {"utmfa", ""}, {"pam://lab1", std::string(1023, 'c')}};
  made.hash = std::string(32, 'h');
  made.rp = "utmfa";
  made.user = "taro";
  return made;
}

utmfa::Result<KeyWish> sent(const KeyWish& made) {
  utmfa::wire::Writer frame(utmfa::key_wish_verb);
  write_wish(frame, made);
  assert_true(frame.fits());
  return utmfa::read_wish(utmfa::wire::Reader(frame.frame()));
}

void wishes(void**) {
  for (const KeyVerb verb : {KeyVerb::look, KeyVerb::sign, KeyVerb::make}) {
    KeyWish made = wish(verb);
    made.confirm = Confirm::pin;
    made.pin = utmfa::Secret("1234");
    made.seconds = 7;
    const utmfa::Result<KeyWish> read = sent(made);
    assert_true(static_cast<bool>(read));
    assert_true(read->verb == verb && read->confirm == Confirm::pin && read->pin.view() == "1234");
    assert_true(read->seconds == 7 && read->hash == made.hash && read->rp == "utmfa" && read->user == "taro");
    assert_int_equal(read->credentials.size(), 3);
    assert_true(read->credentials[1].rp == "utmfa" && read->credentials[1].id.empty());
    assert_true(read->credentials[2].rp == "pam://lab1" && read->credentials[2].id == made.credentials[2].id);
  }
}

void bad_wishes(void**) {
  const auto refused = [](KeyVerb verb, auto change) {
    KeyWish made = wish(verb);
    change(made);
    assert_false(static_cast<bool>(sent(made)));
  };
  refused(KeyVerb::look, [](KeyWish& w) { w.credentials.clear(); });
  refused(KeyVerb::sign, [](KeyWish& w) { w.hash.pop_back(); });
  refused(KeyVerb::make, [](KeyWish& w) { w.rp.clear(); });
  refused(KeyVerb::make, [](KeyWish& w) { w.user.clear(); });
  refused(KeyVerb::sign, [](KeyWish& w) { w.seconds = 0; });
  refused(KeyVerb::sign, [](KeyWish& w) { w.seconds = 121; });
  refused(KeyVerb::sign, [](KeyWish& w) { w.credentials[0].rp = "a\nb"; });
  refused(KeyVerb::sign, [](KeyWish& w) { w.credentials[0].id = std::string(1024, 'c'); });
  refused(KeyVerb::sign, [](KeyWish& w) { w.credentials.resize(17, {"utmfa", "x"}); });
  // A PIN is empty, too long or has a zero in it; or is there and not used.
  refused(KeyVerb::sign, [](KeyWish& w) { w.confirm = Confirm::pin; });
  for (const std::string& pin : {std::string(64, '1'), std::string("12\0"
                                                                   "4",
                                                                   4)})
    refused(KeyVerb::sign, [&](KeyWish& w) {
      w.confirm = Confirm::pin;
      w.pin = utmfa::Secret(pin);
    });
  refused(KeyVerb::sign, [](KeyWish& w) { w.pin = utmfa::Secret("1234"); });
  for (const char* text : {"", "1 key\n", "1 keyed\ndo=4:look\n", "1 key\ndo=4:walk\nconfirm=5:touch\nseconds=1:5\n"})
    assert_false(static_cast<bool>(utmfa::read_wish(utmfa::wire::Reader(text))));
}

KeyNews told(const KeyNews& news, KeyVerb asked) {
  utmfa::wire::Writer frame(utmfa::key_news_verb);
  write_news(frame, news);
  assert_true(frame.fits());
  return utmfa::read_news(utmfa::wire::Reader(frame.frame()), wish(asked));
}

KeyNews good() {
  KeyNews news;
  news.end = KeyEnd::done;
  news.auth_data = std::string(37, 'a');
  news.signature = "s";
  news.public_key = std::string(64, 'k');
  news.id = "id";
  return news;
}

void news(void**) {
  for (int end = 0; end <= static_cast<int>(KeyEnd::unable); ++end) {
    KeyNews made = good();
    made.end = static_cast<KeyEnd>(end);
    made.retries = 3;
    made.pin = KeyNews::Pin::set;
    made.built_in = KeyNews::BuiltIn::ready;
    made.credential = 2;
    made.detail = "why";
    const KeyNews read = told(made, KeyVerb::sign);
    assert_true(read.end == made.end && read.retries == 3 && read.detail == "why" && read.credential == 2);
    assert_true(read.pin == KeyNews::Pin::set && read.built_in == KeyNews::BuiltIn::ready);
    assert_true(read.auth_data == made.auth_data && read.signature == "s" && read.id == "id");
  }
}

void bad_news(void**) {
  const auto refused = [](KeyVerb verb, auto change) {
    KeyNews made = good();
    change(made);
    assert_true(told(made, verb).end == KeyEnd::unable);
  };
  KeyNews made_by_somebody = good();
  made_by_somebody.format = "packed";
  made_by_somebody.certificate = std::string(4096, 'c');
  const KeyNews read = told(made_by_somebody, KeyVerb::make);
  assert_true(read.end == KeyEnd::done && read.format == "packed" && read.certificate == made_by_somebody.certificate);
  for (const KeyVerb verb : {KeyVerb::look, KeyVerb::sign}) refused(verb, [](KeyNews& n) { n.credential = 3; });
  refused(KeyVerb::sign, [](KeyNews& n) { n.auth_data.pop_back(); });
  refused(KeyVerb::sign, [](KeyNews& n) { n.auth_data.resize(257); });
  refused(KeyVerb::sign, [](KeyNews& n) { n.signature.clear(); });
  refused(KeyVerb::sign, [](KeyNews& n) { n.signature.resize(513); });
  refused(KeyVerb::make, [](KeyNews& n) { n.public_key.clear(); });
  refused(KeyVerb::make, [](KeyNews& n) { n.public_key.resize(260); });
  refused(KeyVerb::make, [](KeyNews& n) { n.id.clear(); });
  refused(KeyVerb::make, [](KeyNews& n) { n.aaguid = "short"; });
  refused(KeyVerb::make, [](KeyNews& n) { n.certificate.resize(4097); });
  refused(KeyVerb::make, [](KeyNews& n) { n.auth_data.resize(2049); });
  for (const char* text : {"", "1 keyed\n", "1 key\nend=4:done\n", "1 keyed\nend=5:ready\n", "2 keyed\nend=4:done\n"})
    assert_true(utmfa::read_news(utmfa::wire::Reader(text), wish(KeyVerb::look)).end == KeyEnd::unable);
}

// A keyboard, a key, a device whose descriptor cannot be read, and a reader by radio.
void presence(void**) {
  char directory[] = "/tmp/utmfa-presence-XXXXXX";
  assert_non_null(mkdtemp(directory));
  const std::string classes = directory;
  const auto device = [&](const std::string& name, const std::string& descriptor) {
    for (const std::string& each :
         {classes + "/hidraw", classes + "/hidraw/" + name, classes + "/hidraw/" + name + "/device"})
      (void)mkdir(each.c_str(), 0700);
    if (descriptor.empty()) return;
    std::ofstream(classes + "/hidraw/" + name + "/device/report_descriptor", std::ios::binary) << descriptor;
  };
  assert_true(utmfa::key_presence(classes) == utmfa::Presence::none);
  device("hidraw0", std::string("\x05\x01\x09\x06\xa1\x01", 6));
  assert_true(utmfa::key_presence(classes) == utmfa::Presence::none);
  device("hidraw1", std::string("\x06\xd0\xf1\x09\x01\xa1\x01", 7));
  assert_true(utmfa::key_presence(classes) == utmfa::Presence::possible);
  assert_int_equal(unlink((classes + "/hidraw/hidraw1/device/report_descriptor").c_str()), 0);
  assert_true(utmfa::key_presence(classes) == utmfa::Presence::possible);  // what cannot be read could be one
  const std::string radio = classes + "-radio";
  for (const std::string& each : {radio, radio + "/nfc", radio + "/nfc/nfc0"}) (void)mkdir(each.c_str(), 0700);
  assert_true(utmfa::key_presence(radio) == utmfa::Presence::possible);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(wishes),   cmocka_unit_test(bad_wishes), cmocka_unit_test(news),
      cmocka_unit_test(bad_news), cmocka_unit_test(presence),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

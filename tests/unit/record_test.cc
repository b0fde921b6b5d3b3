// SPDX-License-Identifier: Apache-2.0
// The broker's hand on the state of who has no method file yet: made, made anew, taken away, and left alone where it could
// still say something.
#include "../../utmfad/record.h"

#include <sys/file.h>
#include <sys/syscall.h>

#include <fstream>

#include "support/premises.h"

namespace utmfa {
namespace {

struct Desk {
  test::Premises premises;
  std::string path = premises.state_path("taro");
  std::optional<Records> records;

  Desk() {
    Settings settings;
    settings.data_dir = premises.directories.data;
    settings.keys_dir = premises.directories.keys;
    Result<Records> opened = Records::open(settings);
    if (!opened) fail_msg("%s", opened.error().what.c_str());
    records.emplace(std::move(*opened));
  }
  bool there() const { return std::filesystem::exists(path); }
  std::string bytes() const {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void put(const std::string& bytes) const {
    std::ofstream(path, std::ios::binary) << bytes;
    assert_int_equal(chmod(path.c_str(), 0600), 0);
  }
  void begin() const {
    const Result<Record> record = records->record_for_change("taro");
    if (!record) fail_msg("%s", record.error().what.c_str());
    assert_true(there() && bytes().size() == state_file_size);
  }
};

void a_state_to_which_no_method_came_goes(void**) {
  Desk desk;
  desk.records->forget_unused("taro");  // nothing is there
  desk.begin();
  desk.records->forget_unused("taro");
  assert_false(desk.there());
  desk.put("half a sta");
  desk.records->forget_unused("taro");
  assert_false(desk.there());
}

void a_state_that_is_in_use_stays(void**) {
  Desk desk;
  desk.premises.enrol("taro", "totp");
  desk.records->forget_unused("taro");
  assert_true(desk.there());
  std::filesystem::remove(desk.premises.methods_path("taro"));
  const Descriptor held(open(desk.path.c_str(), O_RDWR | O_CLOEXEC));
  assert_int_equal(flock(held.get(), LOCK_EX), 0);
  desk.records->forget_unused("taro");
  assert_true(desk.there());
  assert_int_equal(flock(held.get(), LOCK_UN), 0);
  desk.records->forget_unused("taro");
  assert_false(desk.there());
}

void a_damaged_one_is_made_anew_and_a_newer_one_is_not(void**) {
  Desk desk;
  desk.put("half a sta");
  desk.begin();
  const std::string good = desk.bytes();
  desk.begin();
  assert_true(desk.bytes() == good);
  const std::string newer = "UTMFAST2" + good.substr(8);
  desk.put(newer);
  assert_int_equal(desk.records->record_for_change("taro").error().code, Code::invalid);
  desk.records->forget_unused("taro");
  assert_true(desk.there() && desk.bytes() == newer);
}

// Whole or damaged: who cannot look does not know which.
void one_that_cannot_be_read_stays_as_it_is(void**) {
  Desk desk;
  desk.begin();
  const std::string good = desk.bytes();
  for (const std::string& now : {good, std::string("half a sta")}) {
    desk.put(now);
    for (const unsigned call : {static_cast<unsigned>(SYS_pread64), static_cast<unsigned>(SYS_statx)})
      assert_int_equal(test::in_child([&] {
                         test::forbid(call, EIO);
                         const Result<Record> record = desk.records->record_for_change("taro");
                         desk.records->forget_unused("taro");
                         return !record && record.error().code == Code::os ? 0 : 1;
                       }),
                       0);
    assert_true(desk.there() && desk.bytes() == now);
  }
  desk.records->forget_unused("taro");
  assert_false(desk.there());
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_state_to_which_no_method_came_goes),
      cmocka_unit_test(utmfa::a_state_that_is_in_use_stays),
      cmocka_unit_test(utmfa::a_damaged_one_is_made_anew_and_a_newer_one_is_not),
      cmocka_unit_test(utmfa::one_that_cannot_be_read_stays_as_it_is),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

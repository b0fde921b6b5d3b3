// SPDX-License-Identifier: Apache-2.0
// What a newer utmfa wrote is refused by name, with what to do, and stays as it was; beside each refusal the same thing in
// the version that is known.
#include "base/formats.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "assertion/lines.h"
#include "audit/counters.h"
#include "notice/outbox.h"
#include "support/premises.h"
#include "vault/state_file.h"

namespace utmfa {
namespace {

constexpr std::string_view remedy = "upgrade this machine, or restore the copy from before its upgrade";

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// In place: the inode is part of what makes a state this state.
void put(const std::string& path, std::string_view bytes, std::size_t at = 0) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT, 0600));
  assert_int_equal(pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)), bytes.size());
}

template <typename T>
void too_new(const Result<T>& result, std::string_view words) {
  assert_false(static_cast<bool>(result));
  const std::string& what = result.error().what;
  assert_int_equal(result.error().code, Code::invalid);
  for (const std::string_view each : {words, std::string_view("newer utmfa"), remedy})
    if (what.find(each) == std::string::npos) fail_msg("%s", what.c_str());
}

void of_other_versions(void**) {
  const FormatVersion known{"thing", 3};
  assert_string_equal(
      other_version("/x:1:2", known, "4").what.c_str(),
      ("/x:1:2: thing: version is \"4\", written by a newer utmfa: 3 is expected: " + std::string(remedy)).c_str());
  assert_string_equal(
      other_version("/x", known, "2").what.c_str(),
      "/x: thing: version is \"2\", written by an older utmfa: 3 is expected: run `utmfa-admin migrate`");
  for (const char* neither : {"", "three", "-1", "3.1", "99999999999999999999", "3"}) {
    assert_false(newer(known, neither));
    const std::string what = other_version("/x", known, neither).what;
    assert_true(what.find("utmfa:") == std::string::npos && what.ends_with(": 3 is expected"));
  }
  assert_true(newer(known, "4"));
}

void records_of_one_person(void**) {
  test::Premises premises;
  const auto nothing = [](Registered&) -> Status { return Done{}; };
  const auto add = [](Registered& registered) -> Status {
    registered.file.status = Registration::active;
    return Done{};
  };
  assert_true(static_cast<bool>(premises.registry->change("taro", add)));
  assert_true(static_cast<bool>(premises.registry->change("hanako", add)));
  const std::string path = premises.methods_path("taro"), good = text_of(path);
  std::string newer_text = good;
  newer_text.replace(newer_text.find("version: 1"), 10, "version: 2");
  put(path, newer_text);
  too_new(premises.registry->read("taro"), path + ":2:10: method file: version is \"2\"");
  too_new(premises.registry->change("taro", nothing), "method file");
  too_new(premises.registry->rebuild_state("taro", {}), "method file");
  assert_string_equal(text_of(path).c_str(), newer_text.c_str());
  assert_true(static_cast<bool>(premises.registry->read("hanako")));
  put(path, good);
  assert_true(static_cast<bool>(premises.registry->read("taro")));
}

void of_sealed_values(void**) {
  const test::Premises premises;
  const std::string head = "version: 1\nuser: taro\nstatus: active\nmethods: [{id: a, kind: totp, label: a, secret: \"";
  const std::string seal = std::string(39, 'A') + "=\"}]";
  assert_true(static_cast<bool>(parse_method_file(head + "v1:k1:" + seal, "/f", kind_rules())));
  too_new(parse_method_file(head + "v2:k1:" + seal, "/f", kind_rules()), "/f:4:49: sealed value: version is \"2\"");
  const UserKeys keys = premises.ring->keys_for("taro");
  SystemRandom random;
  const SealedPlace place{"taro", "a", "totp", "secret"};
  Result<std::string> sealed = utmfa::seal(keys, place, "secret", random);
  assert_true(sealed && unseal(keys, place, *sealed));
  (*sealed)[1] = '2';
  too_new(unseal(keys, place, *sealed), "sealed value");
}

// As a newer utmfa would write it: with a digest that is right.
void raise_record(const test::Premises& premises, const std::string& path, std::size_t slot, char version) {
  std::string bytes = text_of(path).substr(slot, 4096);
  const std::size_t length = static_cast<unsigned char>(bytes[26]) + 256u * static_cast<unsigned char>(bytes[27]);
  bytes[28] = version;
  struct statx about {};
  assert_int_equal(statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &about), 0);
  const bool birth = (bytes[25] & 1) != 0;
  std::string data;
  const auto number = [&data](std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i, value >>= 8) data += static_cast<char>(value & 0xff);
  };
  number(4, 4);
  data += "taro";
  number(about.stx_ino, 8);
  number(birth ? static_cast<std::uint64_t>(about.stx_btime.tv_sec) : 0, 8);
  number(birth ? about.stx_btime.tv_nsec : 0, 4);
  data += bytes.substr(0, 28 + length);
  const UserKeys keys = premises.ring->keys_for("taro");
  const Result<std::string> digest = keyed_digest(keys.keys.at(keys.active), "state", data);
  assert_true(static_cast<bool>(digest));
  bytes.replace(28 + length, 32, *digest);
  put(path, bytes, slot);
}

// Whatever of the two slots is newer, and with and without a method file: nobody is anybody's fresh start.
void states_are_neither_made_anew_nor_removed(void**) {
  for (const char* what : {"file", "record", "other slot", "alone", "alone record"}) {
    test::Premises premises;
    const std::string path = premises.state_path("taro"), how = what;
    const auto nothing = [](Registered&) -> Status { return Done{}; };
    const auto add = [](Registered& registered) -> Status {
      registered.file.status = Registration::active;
      return Done{};
    };
    assert_true(static_cast<bool>(premises.registry->change("taro", add)));
    assert_true(static_cast<bool>(premises.registry->change("taro", nothing)));
    const std::size_t slot = how == "other slot" ? 4096 : 0;
    if (how.find("record") != std::string::npos)
      raise_record(premises, path, slot, 3);
    else
      put(path, "UTMFAST2", slot);
    if (how.starts_with("alone")) assert_int_equal(unlink(premises.methods_path("taro").c_str()), 0);
    const std::string before = text_of(path);
    if (!how.starts_with("alone")) too_new(premises.registry->read("taro"), path + ": state ");
    too_new(premises.registry->change("taro", add), path + ": state ");
    if (!how.starts_with("alone")) too_new(premises.registry->rebuild_state("taro", {}), "state ");
    assert_true(text_of(path) == before);
    assert_int_equal(access(premises.methods_path("taro").c_str(), F_OK), how.starts_with("alone") ? -1 : 0);
  }
}

// The same bytes with the number that is known: what the refusals above are not owed to anything else.
void a_record_that_was_signed_here_is_read(void**) {
  test::Premises premises;
  const auto add = [](Registered& registered) -> Status {
    registered.file.status = Registration::active;
    return Done{};
  };
  assert_true(static_cast<bool>(premises.registry->change("taro", add)));
  raise_record(premises, premises.state_path("taro"), 0, 1);
  assert_true(static_cast<bool>(premises.registry->read("taro")));
}

void copies_of_states(void**) {
  std::string record = print_state(State{});
  assert_true(static_cast<bool>(parse_state(record, "/s")));
  record[0] = 3;
  too_new(parse_state(record, "/s"), "/s: state record: version is \"3\"");
}

void directories_in_another_layout(void**) {
  test::Premises premises;
  const std::string data = premises.directories.data + "/version", keys = premises.directories.keys + "/version";
  for (const char* known : {"1\n", "1"}) {
    put(data, known);
    put(keys, known);
    assert_true(open_house(premises.directories.data) && KeyRing::open(premises.directories.keys));
    std::filesystem::remove(data);
    std::filesystem::remove(keys);
  }
  put(data, "2\n");
  put(keys, "2\n");
  too_new(open_house(premises.directories.data), data + ": data directory: version is \"2\"");
  too_new(open_record(premises.directories.data, *premises.ring, "nobody-registered"), "data directory");
  too_new(make_decoys(premises.directories.data, *premises.ring), "data directory");
  too_new(KeyRing::open(premises.directories.keys), keys + ": key ring: version is \"2\"");
  too_new(make_key(premises.directories.keys, premises.random), "key ring");
  too_new(activate_key(premises.directories.keys, "k1"), "key ring");
  put(data, "x\n");
  assert_false(static_cast<bool>(open_house(premises.directories.data)));
}

void notices_wait_for_who_wrote_them(void**) {
  const std::string place = test::made_place(test::quick_place());
  SystemRandom random;
  Outbox outbox(place, random);
  Notice notice;
  notice.what = "enrolled";
  notice.user = "taro";
  notice.made = 1'800'000'000;
  assert_true(static_cast<bool>(outbox.put(notice, Durability::lazy)));
  const std::string from_the_future = place + "/outbox/new/000000000001-aa",
                    damaged = place + "/outbox/new/000000000002-aa";
  put(from_the_future, "utmfa-notice 2\ncolour=red\n");
  put(damaged, "utmfa-notice 1\ncolour=red\n");
  std::vector<std::string> broken;
  const Result<std::vector<Outbox::Entry>> found = outbox.entries(broken);
  assert_true(found && found->size() == 1 && broken.size() == 2);
  assert_true(broken[0].find("notice: version is \"2\", written by a newer utmfa") != std::string::npos);
  assert_int_equal(access(from_the_future.c_str(), F_OK), 0);
  assert_int_equal(access(damaged.c_str(), F_OK), -1);
  std::filesystem::remove_all(place);
}

void numbers_are_not_begun_anew(void**) {
  const test::Premises premises;
  const std::string path = premises.directories.data + "/counters";
  assert_true(static_cast<bool>(Counters::open(premises.directories.data)));
  assert_true(static_cast<bool>(counted(premises.directories.data)));
  put(path, std::string_view("\x02\x00", 2));
  const std::string before = text_of(path);
  too_new(Counters::open(premises.directories.data), path + ": counters: version is \"2\"");
  too_new(counted(premises.directories.data), "counters");
  assert_true(text_of(path) == before);
}

void lines_of_a_newer_program(void**) {
  too_new(parse_answer("u2:QQ"), "this line: assertion line: version is \"2\"");
  assert_false(static_cast<bool>(parse_answer("u1:QQ")));
  assert_true(parse_answer("u1:QQ").error().what.find("newer") == std::string::npos);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(utmfa::of_other_versions),
                              cmocka_unit_test(utmfa::records_of_one_person),
                              cmocka_unit_test(utmfa::of_sealed_values),
                              cmocka_unit_test(utmfa::states_are_neither_made_anew_nor_removed),
                              cmocka_unit_test(utmfa::a_record_that_was_signed_here_is_read),
                              cmocka_unit_test(utmfa::copies_of_states),
                              cmocka_unit_test(utmfa::directories_in_another_layout),
                              cmocka_unit_test(utmfa::notices_wait_for_who_wrote_them),
                              cmocka_unit_test(utmfa::numbers_are_not_begun_anew),
                              cmocka_unit_test(utmfa::lines_of_a_newer_program)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

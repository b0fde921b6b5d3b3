// SPDX-License-Identifier: Apache-2.0
// The ring of keys on disk: made, activated, rotated, and refused where somebody else had a hand in it.
#include "vault/key_ring.h"

#include <fcntl.h>

#include <fstream>
#include <thread>

#include "support/premises.h"

namespace utmfa {
namespace {

using test::Premises;

void write_file(const std::string& path, const std::string& bytes, mode_t mode) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
  assert_int_equal(chmod(path.c_str(), mode), 0);
}

void refused(const std::string& directory, Code code) {
  const Result<KeyRing> ring = KeyRing::open(directory);
  assert_false(static_cast<bool>(ring));
  assert_int_equal(ring.error().code, code);
}

void made_and_activated(void**) {
  Premises premises;
  assert_string_equal(premises.ring->active().c_str(), "k1");
  const Result<std::string> next = make_key(premises.directories.keys, premises.random);
  assert_string_equal(next->c_str(), "k2");
  assert_string_equal(KeyRing::open(premises.directories.keys)->active().c_str(), "k1");
  assert_true(static_cast<bool>(activate_key(premises.directories.keys, "k2")));
  const Result<KeyRing> ring = KeyRing::open(premises.directories.keys);
  assert_string_equal(ring->active().c_str(), "k2");
  assert_true(ring->ids() == (std::vector<std::string>{"k1", "k2"}));
  const UserKeys keys = ring->keys_for("taro");
  assert_int_equal(keys.keys.size(), 2);
  assert_false(equal(keys.keys.find("k1")->second.view(), keys.keys.find("k2")->second.view()));
  assert_false(equal(keys.keys.find("k1")->second.view(), ring->keys_for("hanako").keys.find("k1")->second.view()));
  struct stat about {};
  assert_int_equal(stat((premises.directories.keys + "/k2.key").c_str(), &about), 0);
  assert_int_equal(about.st_mode & 07777, 0400);
  assert_int_equal(about.st_size, 32);
}

void what_cannot_be_activated(void**) {
  Premises premises;
  for (const char* id : {"k9", "", "../k1", "K1", "k1.key", "an-id-that-is-too-long"})
    assert_false(static_cast<bool>(activate_key(premises.directories.keys, id)));
  assert_string_equal(KeyRing::open(premises.directories.keys)->active().c_str(), "k1");
}

void a_ring_that_is_not_right(void**) {
  Premises premises;
  const std::string directory = premises.directories.keys;
  assert_true(static_cast<bool>(KeyRing::open(directory)));
  write_file(directory + "/k2.key", std::string(31, 'x'), 0400);
  refused(directory, Code::corrupt);
  write_file(directory + "/k2.key", std::string(33, 'x'), 0400);
  refused(directory, Code::corrupt);
  write_file(directory + "/k2.key", std::string(32, 'x'), 0440);
  refused(directory, Code::refused);
  write_file(directory + "/k2.key", std::string(32, 'x'), 0400);
  assert_true(static_cast<bool>(KeyRing::open(directory)));
  write_file(directory + "/Bad Name.key", std::string(32, 'x'), 0400);
  refused(directory, Code::invalid);
  std::filesystem::remove(directory + "/Bad Name.key");
  write_file(directory + "/active", "k7\n", 0400);
  refused(directory, Code::corrupt);
  std::filesystem::remove(directory + "/active");
  refused(directory, Code::not_found);
  write_file(directory + "/active", "k2\n", 0400);
  assert_true(static_cast<bool>(KeyRing::open(directory)));
  assert_int_equal(chmod(directory.c_str(), 0755), 0);
  refused(directory, Code::refused);
}

void a_key_behind_a_link(void**) {
  Premises premises;
  const std::string directory = premises.directories.keys;
  write_file(premises.place + "/elsewhere", std::string(32, 'x'), 0400);
  assert_int_equal(symlink((premises.place + "/elsewhere").c_str(), (directory + "/k2.key").c_str()), 0);
  refused(directory, Code::refused);
}

void two_at_once_get_two_keys(void**) {
  Premises premises;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      SystemRandom random;
      if (!make_key(premises.directories.keys, random)) abort();
    });
  for (std::thread& each : threads) each.join();
  assert_int_equal(KeyRing::open(premises.directories.keys)->ids().size(), 9);
}

void nothing_there(void**) {
  Premises premises;
  refused(premises.place + "/nowhere", Code::not_found);
  assert_false(static_cast<bool>(make_key(premises.place + "/nowhere", premises.random)));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::made_and_activated),       cmocka_unit_test(utmfa::what_cannot_be_activated),
      cmocka_unit_test(utmfa::a_ring_that_is_not_right), cmocka_unit_test(utmfa::a_key_behind_a_link),
      cmocka_unit_test(utmfa::two_at_once_get_two_keys), cmocka_unit_test(utmfa::nothing_there),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

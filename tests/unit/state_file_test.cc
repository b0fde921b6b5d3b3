// SPDX-License-Identifier: Apache-2.0
// The two slots: what is read after every kind of cut, copy and exchange, and what is refused.
#include "vault/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <csignal>

#include <fstream>
#include <thread>

#include "support/premises.h"

namespace utmfa {
namespace {

constexpr std::size_t slot = 4096;

// One state file of taro's in a directory of its own.
struct Desk {
  test::Premises premises{"/tmp"};  // a disk: numbers of files are given out again there
  UserKeys keys = premises.ring->keys_for("taro");
  std::string path = premises.state_path("taro");
  Descriptor directory = Descriptor(open(premises.directories.state().c_str(), O_RDONLY | O_DIRECTORY));

  Desk() { make(State{}); }
  void make(const State& state) {
    assert_true(static_cast<bool>(create_state(directory.get(), "taro", path, "taro", keys, state)));
  }
  Descriptor opened(int how = O_RDWR) const { return Descriptor(open(path.c_str(), how, 0600)); }
  StateFile file(const Descriptor& descriptor) const { return StateFile(descriptor.get(), "taro", keys, path); }

  Result<State> read() const {
    const Descriptor descriptor = opened();
    return file(descriptor).read();
  }
  // One whole change: both writes and the sync.
  Status change(std::uint32_t streak) const {
    const Descriptor descriptor = opened();
    StateFile state_file = file(descriptor);
    if (Status locked = state_file.lock(); !locked) return locked;
    Result<State> state = state_file.read();
    if (!state) return state.error();
    state->streak = streak + 100;
    if (Status charged = state_file.write(*state, Stage::charged); !charged) return charged;
    state->streak = streak;
    if (Status decided = state_file.write(*state, Stage::decided); !decided) return decided;
    return state_file.sync();
  }
  // The first half of a change, then the end of the process: nothing synced, the lock gone.
  void killed_after_charge(std::uint32_t streak) const {
    const Descriptor descriptor = opened();
    StateFile state_file = file(descriptor);
    assert_true(static_cast<bool>(state_file.lock()));
    Result<State> state = state_file.read();
    state->streak = streak;
    assert_true(static_cast<bool>(state_file.write(*state, Stage::charged)));
  }
  std::string bytes() const {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // In place, and nothing else about the file changed.
  void put(const std::string& bytes) const {
    const Descriptor descriptor = opened(O_WRONLY);
    assert_int_equal(pwrite(descriptor.get(), bytes.data(), bytes.size(), 0), bytes.size());
    if (bytes.size() < state_file_size)
      assert_int_equal(ftruncate(descriptor.get(), static_cast<off_t>(bytes.size())), 0);
  }
};

void refused(const Result<State>& state, Code code, const char* words) {
  assert_false(static_cast<bool>(state));
  assert_int_equal(state.error().code, code);
  if (state.error().what.find(words) == std::string::npos) fail_msg("%s", state.error().what.c_str());
}

void a_new_file_is_private_and_whole(void**) {
  Desk desk;
  struct stat about {};
  assert_int_equal(stat(desk.path.c_str(), &about), 0);
  assert_int_equal(about.st_mode & 07777, 0600);
  assert_int_equal(about.st_size, state_file_size);
  assert_true(about.st_blocks * 512 >= static_cast<long>(state_file_size));
  assert_true(static_cast<bool>(desk.read()));
}

void everything_comes_back(void**) {
  Desk desk;
  State state;
  state.revision = 5;
  state.streak = 7;
  state.last_failure = -1;
  state.remembered[3] = {0xfedcba9876543210, 1'800'000'000};
  for (const char* id : {"app-1", "recovery"}) state.of(id) = {method_mark(id), 60'000'000, -2, 3, 1u << 9, 17, -18};
  desk.make(state);
  const Result<State> read = desk.read();
  assert_true(static_cast<bool>(read));
  state.generation = read->generation;
  assert_true(print_state(*read) == print_state(state));
  assert_int_equal(read->find("recovery")->drift, -2);
}

void the_fullest_state_fits(void**) {
  Desk desk;
  State state;
  for (std::size_t i = 0; i < most_method_states; ++i) state.of("m" + std::to_string(i)).moving = 1;
  desk.make(state);
  assert_int_equal(desk.read()->methods.size(), most_method_states);
  state.of("one too many");
  assert_false(static_cast<bool>(create_state(desk.directory.get(), "x", "x", "x", desk.keys, state)));
}

void generations_go_up_by_one_a_change(void**) {
  Desk desk;
  const std::uint64_t first = desk.read()->generation;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    assert_true(static_cast<bool>(desk.change(i)));
    assert_int_equal(desk.read()->generation, first + i);
    assert_int_equal(desk.read()->streak, i);
  }
}

void a_torn_write_leaves_the_one_before(void**) {
  Desk desk;
  assert_true(static_cast<bool>(desk.change(1)));
  const std::string before = desk.bytes();
  assert_true(static_cast<bool>(desk.change(2)));
  const std::string after = desk.bytes();
  const std::size_t changed = before.substr(0, slot) == after.substr(0, slot) ? slot : 0;
  for (std::size_t cut = 0; cut < 200; ++cut) {  // the first bytes of the write have reached the disk
    std::string torn = before;
    torn.replace(changed, cut, after, changed, cut);
    desk.put(torn);
    const Result<State> state = desk.read();
    assert_true(static_cast<bool>(state));
    assert_true(state->streak == 1 || (state->streak == 2 && cut > 100));
  }
}

void a_charge_that_was_cut_off_counts(void**) {
  Desk desk;
  assert_true(static_cast<bool>(desk.change(1)));
  const std::string before = desk.bytes();
  for (std::uint32_t i = 2; i < 6; ++i) {
    desk.killed_after_charge(i);
    assert_int_equal(desk.read()->streak, i);
  }
  // Every one of them went into the one spare slot: the slot last synced is as it was.
  const std::string now = desk.bytes();
  assert_true((now.substr(0, slot) == before.substr(0, slot)) != (now.substr(slot) == before.substr(slot)));
  assert_true(static_cast<bool>(desk.change(9)));
  assert_int_equal(desk.read()->streak, 9);
}

void one_bad_slot_is_survived_two_are_not(void**) {
  Desk desk;
  assert_true(static_cast<bool>(desk.change(1)));
  assert_true(static_cast<bool>(desk.change(2)));
  const std::string good = desk.bytes();
  for (std::size_t at : {std::size_t{0}, slot}) {
    std::string bad = good;
    bad[at + 40] ^= 1;
    desk.put(bad);
    assert_true(static_cast<bool>(desk.read()));
  }
  std::string bad = good;
  bad[40] ^= 1;
  bad[slot + 40] ^= 1;
  desk.put(bad);
  refused(desk.read(), Code::corrupt, "utmfa-admin state rebuild taro");
  desk.put(good.substr(slot) + good.substr(0, slot));  // exchanged: the same two, and the newer one counts
  assert_int_equal(desk.read()->streak, 2);
}

void cut_zeroed_or_grown(void**) {
  Desk desk;
  const std::string good = desk.bytes();
  for (const std::string& wrong :
       {std::string(), good.substr(0, 100), good.substr(0, slot), good.substr(0, 2 * slot - 1)}) {
    desk.put(wrong);
    refused(desk.read(), Code::corrupt, "expected 8192");
  }
  desk.put(std::string(2 * slot, '\0'));
  refused(desk.read(), Code::corrupt, "never written");
  desk.put(std::string(2 * slot, '\xff'));
  refused(desk.read(), Code::corrupt, "damaged");
  desk.make(State{});
  assert_true(static_cast<bool>(desk.read()));
}

// cp keeps the file that it writes to, and so its number and time of birth.
void copied_over_in_place(void**) {
  Desk desk;
  struct stat about {};
  assert_int_equal(stat(desk.path.c_str(), &about), 0);
  if (about.st_blocks * 512 < 4 * static_cast<long>(slot)) skip();  // this file system reserves nothing
  const std::string copy = desk.premises.place + "/copy";
  std::filesystem::copy_file(desk.path, copy);
  assert_true(static_cast<bool>(desk.change(1)));
  assert_true(static_cast<bool>(desk.read()));
  std::filesystem::copy_file(copy, desk.path, std::filesystem::copy_options::overwrite_existing);
  refused(desk.read(), Code::corrupt, "put back from a copy");
  assert_false(static_cast<bool>(desk.change(2)));
  desk.make(State{});
  assert_true(static_cast<bool>(desk.change(3)));
}

void put_back_from_a_copy(void**) {
  Desk desk;
  std::filesystem::copy(desk.path, desk.path + ".copy");
  std::filesystem::rename(desk.path + ".copy", desk.path);
  refused(desk.read(), Code::corrupt, "put back from a copy");
}

// The number of a file that is gone is given out again by many file systems.
void put_back_under_the_same_number(void**) {
  Desk desk;
  const std::string good = desk.bytes();
  struct stat before {
  }, after{};
  assert_int_equal(stat(desk.path.c_str(), &before), 0);
  for (int times = 0; times < 20; ++times) {
    assert_int_equal(unlink(desk.path.c_str()), 0);
    desk.make(State{});
    desk.put(good);
    assert_int_equal(stat(desk.path.c_str(), &after), 0);
    refused(desk.read(), Code::corrupt, "put back from a copy");
    if (before.st_ino == after.st_ino) return;
  }
}

void anothers_state(void**) {
  Desk desk;
  const Descriptor descriptor = desk.opened();
  const UserKeys hers = desk.premises.ring->keys_for("hanako");
  refused(StateFile(descriptor.get(), "hanako", hers, desk.path).read(), Code::corrupt, "damaged");
  refused(StateFile(descriptor.get(), "hanako", desk.keys, desk.path).read(), Code::corrupt, "damaged");
  assert_true(static_cast<bool>(desk.read()));
}

void rotation_of_keys(void**) {
  Desk desk;
  desk.premises.new_key();
  UserKeys both = desk.premises.ring->keys_for("taro");
  UserKeys only_new;
  only_new.active = "k2";
  only_new.keys.emplace("k2", both.keys.find("k2")->second.clone());
  const Descriptor descriptor = desk.opened();
  refused(StateFile(descriptor.get(), "taro", only_new, desk.path).read(), Code::corrupt, "restore its .key file");
  desk.keys = std::move(both);
  assert_true(static_cast<bool>(desk.change(1)));  // one slot by the new key
  assert_int_equal(StateFile(descriptor.get(), "taro", only_new, desk.path).read()->streak, 1);
}

void removed_while_open(void**) {
  Desk desk;
  const Descriptor descriptor = desk.opened();
  assert_true(static_cast<bool>(desk.file(descriptor).read()));
  assert_int_equal(unlink(desk.path.c_str()), 0);
  refused(desk.file(descriptor).read(), Code::conflict, "replaced");
}

void the_lock_is_waited_for_and_given_up(void**) {
  Desk desk;
  const Descriptor mine = desk.opened(), other = desk.opened();
  StateFile held = desk.file(mine), waiting = desk.file(other);
  assert_true(static_cast<bool>(held.lock()));
  const Status refused_lock = waiting.lock();
  assert_false(static_cast<bool>(refused_lock));
  assert_int_equal(refused_lock.error().code, Code::unavailable);
  held.unlock();
  assert_true(static_cast<bool>(waiting.lock()));
}

void nothing_is_written_without_lock_and_reading(void**) {
  Desk desk;
  const Descriptor descriptor = desk.opened();
  StateFile file = desk.file(descriptor);
  State state;
  assert_false(static_cast<bool>(file.write(state, Stage::charged)));
  assert_true(static_cast<bool>(file.lock()));
  assert_false(static_cast<bool>(file.write(state, Stage::charged)));
  assert_true(static_cast<bool>(file.read()));
  assert_true(static_cast<bool>(file.write(state, Stage::charged)));
}

void a_descriptor_for_reading_only(void**) {
  Desk desk;
  const Descriptor descriptor = desk.opened(O_RDONLY);
  StateFile file = desk.file(descriptor);
  assert_true(static_cast<bool>(file.lock()));
  Result<State> state = file.read();
  assert_true(static_cast<bool>(state));
  const Status written = file.write(*state, Stage::charged);
  assert_false(static_cast<bool>(written));
  assert_int_equal(written.error().code, Code::os);
}

void writes_that_fail(void**) {
  Desk desk;
  assert_int_equal(test::in_child([&] {
                     const rlimit nothing{100, 100};
                     (void)std::signal(SIGXFSZ, SIG_IGN);
                     if (setrlimit(RLIMIT_FSIZE, &nothing) != 0) return 9;
                     return desk.change(3) ? 1 : 0;
                   }),
                   0);
  for (const unsigned call :
       {static_cast<unsigned>(SYS_fdatasync), static_cast<unsigned>(SYS_pwrite64), static_cast<unsigned>(SYS_pread64),
        static_cast<unsigned>(SYS_statx), static_cast<unsigned>(SYS_flock)}) {
    assert_int_equal(test::in_child([&] {
                       test::forbid(call, EIO);
                       return desk.change(3) ? 1 : 0;
                     }),
                     0);
  }
  assert_int_equal(test::in_child([&] { return desk.change(3) ? 1 : 0; }), 1);
}

void many_processes_lose_nothing(void**) {
  Desk desk;
  std::vector<pid_t> children;
  for (int i = 0; i < 24; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    const Descriptor descriptor = desk.opened();
    StateFile file = desk.file(descriptor);
    if (!file.lock()) _exit(1);
    Result<State> state = file.read();
    if (!state) _exit(2);
    ++state->streak;
    if (!file.write(*state, Stage::charged) || !file.write(*state, Stage::decided) || !file.sync()) _exit(3);
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
  assert_int_equal(desk.read()->streak, 24);
}

// A reader without the lock beside a writer: never an error, never a step back.
void reading_beside_a_writer(void**) {
  Desk desk;
  std::thread writer([&] {
    for (std::uint32_t i = 1; i <= 200; ++i)
      if (!desk.change(i)) abort();
  });
  std::uint64_t last = 0;
  for (int i = 0; i < 2000; ++i) {
    const Result<State> state = desk.read();
    assert_true(static_cast<bool>(state));
    assert_true(state->generation >= last);
    last = state->generation;
  }
  writer.join();
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_new_file_is_private_and_whole),
      cmocka_unit_test(utmfa::everything_comes_back),
      cmocka_unit_test(utmfa::the_fullest_state_fits),
      cmocka_unit_test(utmfa::generations_go_up_by_one_a_change),
      cmocka_unit_test(utmfa::a_torn_write_leaves_the_one_before),
      cmocka_unit_test(utmfa::a_charge_that_was_cut_off_counts),
      cmocka_unit_test(utmfa::one_bad_slot_is_survived_two_are_not),
      cmocka_unit_test(utmfa::cut_zeroed_or_grown),
      cmocka_unit_test(utmfa::copied_over_in_place),
      cmocka_unit_test(utmfa::put_back_from_a_copy),
      cmocka_unit_test(utmfa::put_back_under_the_same_number),
      cmocka_unit_test(utmfa::anothers_state),
      cmocka_unit_test(utmfa::rotation_of_keys),
      cmocka_unit_test(utmfa::removed_while_open),
      cmocka_unit_test(utmfa::the_lock_is_waited_for_and_given_up),
      cmocka_unit_test(utmfa::nothing_is_written_without_lock_and_reading),
      cmocka_unit_test(utmfa::a_descriptor_for_reading_only),
      cmocka_unit_test(utmfa::writes_that_fail),
      cmocka_unit_test(utmfa::many_processes_lose_nothing),
      cmocka_unit_test(utmfa::reading_beside_a_writer),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

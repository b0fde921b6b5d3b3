// SPDX-License-Identifier: Apache-2.0
// The numbers of sign-ins: counted by several at a time, kept over restarts, and never a reason to fail.
#include "audit/counters.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "signin/sign_in.h"

#include "support/check.h"

namespace utmfa {
namespace {

class Data {
 public:
  Data() : path_("/tmp/utmfa-counters-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) fail_msg("mkdtemp");
  }
  ~Data() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::uint64_t of(std::string_view word) const {
    const auto numbers = counted(path_);
    if (!numbers) fail_msg("%s", numbers.error().what.c_str());
    const auto at = std::find(counted_words.begin(), counted_words.end(), word);
    assert_true(at != counted_words.end());
    return (*numbers)[static_cast<std::size_t>(at - counted_words.begin())];
  }

 private:
  std::string path_;
};

void every_outcome_has_a_number(void**) {
  for (int i = 0; i <= static_cast<int>(Outcome::aborted); ++i) {
    const std::string_view word = name(static_cast<Outcome>(i));
    if (std::find(counted_words.begin(), counted_words.end(), word) == counted_words.end())
      fail_msg("%s is not counted", std::string(word).c_str());
  }
}

void counts_and_keeps(void**) {
  const Data data;
  assert_true(!counted(data.path()) && counted(data.path()).error().code == Code::not_found);
  for (int round = 0; round < 2; ++round) {
    Result<Counters> counters = Counters::open(data.path());
    assert_true(static_cast<bool>(counters));
    counters->count("granted");
    counters->count("refused");  // the last of the table
    counters->count("nonsense");
    counters->count("");
  }
  assert_int_equal(data.of("granted"), 2);
  assert_int_equal(data.of("refused"), 2);
  assert_int_equal(data.of("denied"), 0);
}

void several_at_a_time(void**) {
  const Data data;
  constexpr int each = 5000;
  const auto work = [&data] {
    Result<Counters> counters = Counters::open(data.path());
    for (int i = 0; counters && i < each; ++i) counters->count("denied");
  };
  std::thread one(work), two(work);
  one.join();
  two.join();
  assert_int_equal(data.of("denied"), 2 * each);
}

void what_is_not_ours(void**) {
  const Data data;
  const std::string file = data.path() + "/counters";
  std::ofstream(file) << "short";
  assert_int_equal(chmod(file.c_str(), 0600), 0);
  assert_true(counted(data.path()).error().code == Code::corrupt);
  { assert_true(static_cast<bool>(Counters::open(data.path()))); }  // begins anew
  assert_int_equal(data.of("granted"), 0);
  assert_int_equal(unlink(file.c_str()), 0);
  assert_int_equal(symlink("/dev/null", file.c_str()), 0);
  assert_false(static_cast<bool>(Counters::open(data.path())));
  Counters none;
  none.count("granted");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(utmfa::every_outcome_has_a_number),
                              cmocka_unit_test(utmfa::counts_and_keeps), cmocka_unit_test(utmfa::several_at_a_time),
                              cmocka_unit_test(utmfa::what_is_not_ours)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

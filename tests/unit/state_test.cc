// SPDX-License-Identifier: Apache-2.0
// The marks under which a state keeps methods, and finding them again.
#include "methods/state.h"

#include "support/check.h"

namespace utmfa {
namespace {

// printf %s ID | sha256sum
void mark_is_the_beginning_of_sha256(void**) {
  assert_true(method_mark("") == 0xe3b0c44298fc1c14);
  assert_true(method_mark("abc") == 0xba7816bf8f01cfea);
  assert_true(method_mark("app-1") != method_mark("app-2"));
  assert_true(method_mark(std::string_view("a\0b", 3)) != method_mark("a"));
}

void found_by_id_and_made_once(void**) {
  State state;
  assert_null(state.find("app-1"));
  state.of("app-1").failures = 3;
  state.of("recovery").used = 5;
  assert_int_equal(state.methods.size(), 2);
  assert_int_equal(state.of("app-1").failures, 3);
  assert_int_equal(state.methods.size(), 2);
  const State& read = state;
  assert_int_equal(read.find("recovery")->used, 5);
  assert_null(read.find("app-2"));
  assert_int_equal(state.find("app-1")->moving, -1);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::mark_is_the_beginning_of_sha256),
      cmocka_unit_test(utmfa::found_by_id_and_made_once),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

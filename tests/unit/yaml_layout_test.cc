// SPDX-License-Identifier: Apache-2.0
// The quick reading of our own layout: what it takes, it reads exactly as the YAML parser does; what is not our layout
// it leaves alone.
#include <string>

#include "base/yaml.h"
#include "factors/factor.h"
#include "methods/method.h"
#include "support/check.h"

namespace utmfa {
namespace {

// Every call, with its place, as text.
class Recorder final : public YamlReader {
 public:
  std::string calls;
  Status key(Place at, std::string_view name) override { return note("key", at, name); }
  Status value(Place at, std::string_view text, Form form) override {
    return note(form == Form::plain ? "plain" : form == Form::quoted ? "quoted" : "nothing", at, text);
  }
  Status begin_map(Place at) override { return note("map", at, {}); }
  Status begin_list(Place at) override { return note("list", at, {}); }
  Status end() override { return note("end", {}, {}); }

 private:
  Status note(const char* what, Place at, std::string_view text) {
    calls += std::string(what) + " " + shown_place("", at) + " " + std::string(text) + "\n";
    return Done{};
  }
};

constexpr const char* ours[] = {
    "version: 1\n",
    "# a comment\n# and another\nversion: 1\nuser: \"0123456789\"\n",
    "user: \"null\"\nlabel: \"a \\\"b\\\" \\\\ c: # d\"\n",
    "contact:\n  email: \"taro@example.ac.jp\"\n  verified: 2026-11-22T10:00:00+09:00\nlanguage: ja\n",
    "methods:\n  - id: app-1\n    kind: totp\n  - id: recovery\n    count: 10\n",
    "methods:\n  - id: app-1\nuser: taro\n",
    "label: \"\xe8\x87\xaa\xe5\x88\x86\xe3\x81\xae\xe9\x9b\xbb\xe8\xa9\xb1\"\n",
    "a: x:y\nb: 1.5\nc: no\n",
};

void ours_is_read_as_yaml_reads_it(void**) {
  for (const char* text : ours) {
    Recorder quick, parser;
    assert_true(read_own_layout(text, 65536, quick));
    assert_true(static_cast<bool>(read_yaml(text, "", 65536, parser)));
    assert_string_equal(quick.calls.c_str(), parser.calls.c_str());
  }
}

constexpr const char* not_ours[] = {
    "",
    "\n",
    "version: 1",
    "version:1\n",
    "version:  1\n",
    "version: 1 \n",
    " version: 1\n",
    "version: 1\r\n",
    "version:\t1\n",
    "version: 1\n\n",
    "version: 1\nversion: 1\n",
    "version: 1 # why\n",
    "version: 1\n# late\n",
    "a: {b: 1}\n",
    "a: [1]\n",
    "a: []\n",
    "a: &x 1\n",
    "a: *x\n",
    "a: !t 1\n",
    "a: |\n  b\n",
    "a: null\n",
    "a: ~\n",
    "a:\n",
    "a:\nb: 1\n",
    "a: 'b'\n",
    "a: \"b\\n\"\n",
    "a: \"b\n",
    "a: \"b\" c\n",
    "a: \"b\"c\"\n",
    "a: \"b\\\"\n",
    "a:\n    b: 1\n",
    "a:\n   b: 1\n",
    "a:\n  - b\n",
    "a:\n  -  b: 1\n",
    "a:\n  - b: 1\n   c: 2\n",
    "a:\n  b: 1\n  - c: 2\n",
    "a:\n  - b: 1\n  c: 2\n",
    "a:\n  b:\n    c: 1\n",
    "a: 1\n  b: 2\n",
    "a: 1\n    b: 2\n",
    "- a: 1\n",
    "---\na: 1\n",
    "a: b: c\n",
    "a: b:\n",
    "A: 1\n",
    "a: \x01\n",
    "a: \xff\n",
    ("\xef\xbb\xbf"
     "a: 1\n"),
    "a: @b\n",
    "a: %b\n",
    "null: 1\n",
    "a: -1\n",
    "a: \"b\xc2\n",
    "#only\n",
};

void the_rest_is_left_alone(void**) {
  for (const char* text : not_ours) {
    Recorder quick;
    if (read_own_layout(text, 65536, quick)) fail_msg("taken: %s", text);
  }
  Recorder quick;
  assert_false(read_own_layout("version: 1\n", 10, quick));
  assert_true(read_own_layout("version: 1\n", 11, quick));
  const std::string_view zero("a: \"b\0\"\n", 9);
  assert_false(read_own_layout(zero, 65536, quick));
}

// A refusal of the reader ends the reading: its words come from the parser's road.
class Refuser final : public YamlReader {
 public:
  Status key(Place, std::string_view) override { return Done{}; }
  Status value(Place, std::string_view, Form) override { return Error{Code::invalid, "no"}; }
  Status begin_map(Place) override { return Done{}; }
  Status begin_list(Place) override { return Done{}; }
  Status end() override { return Done{}; }
};

void a_refusal_ends_it(void**) {
  Refuser refuser;
  assert_false(read_own_layout("a: 1\n", 65536, refuser));
}

// The point of it all: a file that we print is read the quick way.
void what_we_print_is_ours(void**) {
  MethodFile file;
  file.user = "o'neil \"x\" \\ #1: \xe5\xa4\xaa\xe9\x83\x8e";
  file.status = Registration::active;
  file.language = "ja";
  file.contact = Contact{"taro@example.ac.jp", 1800000000};
  const std::string seal = "v1:k1:" + std::string(40, 'A');
  Method app{"app-1", "totp", "my: phone # 2", 1800000000, 1800000001, Proof::waiting, {}};
  app.fields = {{"secret", seal}, {"digits", "6"}, {"period", "30"}, {"algorithm", "sha1"}, {"serial", "A 1"}};
  Method pass{"pass", "pass", "null", 1800000000, 0, Proof::confirmed, {}};
  pass.fields = {{"hash", seal}, {"expires", "2027-01-01T00:00:00+09:00"}, {"uses", "once"}};
  file.methods = {app, pass};
  Recorder quick;
  assert_true(read_own_layout(print_method_file(file, kind_rules()), longest_method_file, quick));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::ours_is_read_as_yaml_reads_it),
      cmocka_unit_test(utmfa::the_rest_is_left_alone),
      cmocka_unit_test(utmfa::a_refusal_ends_it),
      cmocka_unit_test(utmfa::what_we_print_is_ours),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

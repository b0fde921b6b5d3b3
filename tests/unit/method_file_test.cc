// SPDX-License-Identifier: Apache-2.0
// The method file: what a person may write, what each mistake is told as, and that what is printed is read back.
#include <fstream>
#include <iterator>

#include "factors/factor.h"
#include "methods/method.h"
#include "support/check.h"

namespace utmfa {
namespace {

const std::string sealed = "v1:k1:" + std::string(39, 'A') + "=";

constexpr FieldRule totp_fields[] = {{"secret", FieldType::sealed, "", ""},
                                     {"digits", FieldType::number, "6|7|8", "6"},
                                     {"algorithm", FieldType::choice, "sha1|sha256", "sha1"},
                                     {"serial", FieldType::text, "", "-"}};
constexpr FieldRule pass_fields[] = {{"expires", FieldType::time, "", ""},
                                     {"count", FieldType::number, "0..1000", "10"},
                                     {"note", FieldType::text, "", "none"}};
constexpr KindRule kinds[] = {{"totp", totp_fields}, {"pass", pass_fields}};

Result<MethodFile> parsed(std::string_view text) { return parse_method_file(text, "f", kinds); }

MethodFile accepted(std::string_view text) {
  Result<MethodFile> file = parsed(text);
  if (!file) fail_msg("%s\nwas refused: %s", std::string(text).c_str(), file.error().what.c_str());
  return std::move(*file);
}

void refused(std::string_view text, std::string_view expected) {
  const Result<MethodFile> file = parsed(text);
  if (file) fail_msg("%s\nwas accepted", std::string(text).c_str());
  assert_int_equal(file.error().code, Code::invalid);
  assert_string_equal(file.error().what.c_str(), std::string(expected).c_str());
}

constexpr std::string_view head = "version: 1\nuser: taro\nstatus: active\n";  // three lines

std::string totp(std::string_view lines) {
  return std::string(head) + "methods:\n  - id: app-1\n    kind: totp\n    label: iPhone\n    secret: " + sealed +
         "\n" + std::string(lines);  // the lines begin at line 9
}

std::string pass(std::string_view lines) {
  return std::string(head) + "methods:\n  - id: pass\n    kind: pass\n    label: Pass\n" +
         std::string(lines);  // line 8
}

void same(const MethodFile& a, const MethodFile& b) {
  assert_true(a.user == b.user && a.language == b.language);
  assert_int_equal(a.status, b.status);
  assert_int_equal(a.contact.has_value(), b.contact.has_value());
  if (a.contact) assert_true(a.contact->email == b.contact->email && a.contact->verified == b.contact->verified);
  assert_true(a.reset == b.reset && a.reminded == b.reminded);
  assert_int_equal(a.methods.size(), b.methods.size());
  for (std::size_t i = 0; i < a.methods.size(); ++i) {
    const Method &one = a.methods[i], &other = b.methods[i];
    assert_true(one.id == other.id && one.kind == other.kind && one.label == other.label);
    assert_true(one.registered == other.registered && one.tested == other.tested && one.proof == other.proof);
    assert_true(one.fields == other.fields);
  }
}

void every_key_is_read(void**) {
  const MethodFile file = accepted(R"(# a person's hand
version: 1
user: "0123456789"
status: setting-up
language: ja
contact: {email: taro@example.ac.jp, verified: 2026-11-22T10:00:00+09:00}
reset: 2026-11-22T01:00:00Z
reminded: 3
methods:
  - secret: )" + sealed + R"(
    kind: totp
    id: app-1
    label: あなたの iPhone
    registered: 2026-11-22T01:00:00Z
    tested: 2026-11-22T10:05:00+09:00
    digits: 8
    algorithm: sha256
  - {id: app-2, kind: totp, label: second, secret: ")" +
                                   sealed + R"(", confirmed: no}
  - {id: pass, kind: pass, label: "yes", expires: 2026-11-23T00:00:00Z, confirmed: yes}
)");
  assert_string_equal(file.user.c_str(), "0123456789");
  assert_int_equal(file.status, Registration::setting_up);
  assert_string_equal(file.language.c_str(), "ja");
  assert_string_equal(file.contact->email.c_str(), "taro@example.ac.jp");
  assert_int_equal(file.contact->verified, 1795309200);
  assert_int_equal(file.reset, 1795309200);
  assert_int_equal(file.reminded, 3);
  assert_int_equal(file.methods.size(), 3);
  const Method& first = file.methods[0];
  assert_true(first.id == "app-1" && first.label == "あなたの iPhone" && first.field("secret") == sealed);
  assert_int_equal(first.registered, 1795309200);
  assert_int_equal(first.tested, 1795309500);
  assert_int_equal(first.number("digits"), 8);
  assert_int_equal(first.proof, Proof::confirmed);
  const Method& second = file.methods[1];
  assert_int_equal(second.proof, Proof::waiting);
  assert_int_equal(second.number("digits"), 6);  // defaults are filled in
  assert_true(second.field("algorithm") == "sha1" && second.fields.count("serial") == 0);
  assert_int_equal(second.registered, 0);
  assert_int_equal(second.tested, 0);
  assert_true(file.find("pass")->label == "yes" && file.find("pass")->number("count") == 10);
  assert_null(file.find("app-3"));
}

void short_files_are_enough(void**) {
  assert_int_equal(accepted(head).methods.size(), 0);
  assert_int_equal(accepted(std::string(head) + "methods: []\n").methods.size(), 0);
  assert_int_equal(accepted("{status: ended, user: x, version: 1}").status, Registration::ended);
  assert_int_equal(accepted("version: 1\r\nuser: x\r\nstatus: none\r\n").status, Registration::none);
}

void wrong_files_name_the_place(void**) {
  constexpr std::string_view rows[][2] = {
      {"", "f:1:1: the file is empty: a map that begins with version: 1 is expected"},
      {"# only words\n", "f:1:1: the file is empty: a map that begins with version: 1 is expected"},
      {"---\n", "f:2:1: this is not a method file: a map that begins with version: 1 is expected"},
      {"text", "f:1:1: this is not a method file: a map that begins with version: 1 is expected"},
      {"[1]", "f:1:1: this is not a method file: a map that begins with version: 1 is expected"},
      {"{}", "f:1:1: version is missing: version is a key of every method file"},
      {"user: taro\nstatus: active", "f:1:1: version is missing: version is a key of every method file"},
      {"version: 1\nstatus: active", "f:1:1: user is missing: user is a key of every method file"},
      {"version: 1\nuser: taro", "f:1:1: status is missing: status is a key of every method file"},
      {"version: 2",
       "f:1:10: method file: version is \"2\", written by a newer utmfa: 1 is expected: upgrade this machine, or "
       "restore the copy from before its upgrade"},
      {"version: 0",
       "f:1:10: method file: version is \"0\", written by an older utmfa: 1 is expected: run `utmfa-admin migrate`"},
      {"version: \"1\"", "f:1:10: version is \"1\": 1 is expected"},
      {"version:", "f:1:1: version has no value: 1 is expected"},
      {"version: [1]", "f:1:10: version is not a single value: a single value is expected"},
      {"user: \"\"", "f:1:7: user is \"\": text of 1 to 255 bytes without control characters is expected"},
      {"user: ~", "f:1:1: user has no value: text of 1 to 255 bytes without control characters is expected"},
      {"user: \"a\\0b\"", "f:1:7: user is \"a?b\": text of 1 to 255 bytes without control characters is expected"},
      {"user: \"a\\nb\"", "f:1:7: user is \"a?b\": text of 1 to 255 bytes without control characters is expected"},
      {"user: {a: b}", "f:1:7: user is not a single value: a single value is expected"},
      {"status: Active", "f:1:9: status is \"Active\": none, setting-up, active or ended is expected"},
      {"language: auto", "f:1:11: language is \"auto\": en or ja is expected"},
      {"language: fr", "f:1:11: language is \"fr\": en or ja is expected"},
      {"contact: x", "f:1:10: contact is not a map: email and verified are expected"},
      {"contact: [x]", "f:1:10: contact is not a map: email and verified are expected"},
      {"contact: {phone: x}", "f:1:11: unknown key \"phone\": email or verified is expected"},
      {"contact: {verified: 2026-11-22T01:00:00Z}", "f:1:11: email is missing: email is a key of every contact"},
      {"contact: {email: [x]}", "f:1:18: email is not a single value: a single value is expected"},
      {"contact: {email: x, verified: yesterday}",
       "f:1:31: verified is \"yesterday\": a time like 2026-11-22T10:00:00+09:00 is expected"},
      {"methods: x", "f:1:10: methods is not a list: a list of methods is expected"},
      {"methods: {a: b}", "f:1:10: methods is not a list: a list of methods is expected"},
      {"methods:", "f:1:1: methods is not a list: a list of methods is expected"},
      {"methods: [x]", "f:1:11: this is not a method: a map with id, kind and label is expected"},
      {"methods: [[]]", "f:1:11: this is not a method: a map with id, kind and label is expected"},
      {"methods: [{}]", "f:1:11: id is missing: id is a key of every method"},
      {"methods: [{id: a}]", "f:1:11: kind is missing: kind is a key of every method"},
      {"methods: [{id: a, kind: totp}]", "f:1:11: label is missing: label is a key of every method"},
      {"methods: [{id: a, kind: sms, label: x}]", "f:1:25: kind is \"sms\": one of the kinds totp, pass is expected"},
      {"methods: [{id: a, kind: totp, label: x}]", "f:1:11: secret is missing: secret is a key of every totp"},
      {"methods: [{id: {a: b}}]", "f:1:16: id is not a single value: a single value is expected"},
      {"unknown: 1",
       "f:1:1: unknown key \"unknown\": version, user, status, language, contact, reset, reminded or "
       "methods is expected"},
      {"reset: yesterday", "f:1:8: reset is \"yesterday\": a time like 2026-11-22T10:00:00+09:00 is expected"},
      {"reminded: 0", "f:1:11: reminded is \"0\": a number without quotes, 1..1000, is expected"},
      {"reminded: 1001", "f:1:11: reminded is \"1001\": a number without quotes, 1..1000, is expected"},
      {"reminded: \"3\"", "f:1:11: reminded is \"3\": a number without quotes, 1..1000, is expected"},
      {"reminded:", "f:1:1: reminded has no value: a number without quotes, 1..1000, is expected"},
      {"version: 1\nversion: 1", "f:2:1: the key \"version\" stands here a second time: each key once is expected"},
      {"user: &a taro", "f:1:7: an anchor stands here: a value without one is expected"},
      {"user: !!str taro", "f:1:7: a tag stands here: a value without one is expected"},
      {"a\xff: 1", "f:1:2: this is not UTF-8: UTF-8 text is expected"},
  };
  for (const auto& row : rows) refused(row[0], row[1]);
}

void wrong_methods_name_the_place(void**) {
  struct Row {
    std::string text;
    std::string_view error;
  };
  const Row rows[] = {
      {totp("    digits: 5"), "f:9:13: digits is \"5\": a number without quotes, 6|7|8, is expected"},
      {totp("    digits: \"6\""), "f:9:13: digits is \"6\": a number without quotes, 6|7|8, is expected"},
      {totp("    digits: 6|7"), "f:9:13: digits is \"6|7\": a number without quotes, 6|7|8, is expected"},
      {totp("    digits:"), "f:9:5: digits has no value: a number without quotes, 6|7|8, is expected"},
      {totp("    digits: [6]"), "f:9:13: digits is not a single value: a single value is expected"},
      {totp("    algorithm: md5"), "f:9:16: algorithm is \"md5\": one of sha1|sha256 is expected"},
      {totp("    serial: \"\""),
       "f:9:13: serial is \"\": text of 1 to 1024 bytes without control characters is expected"},
      {totp("    digit: 6"), "f:9:5: unknown key \"digit\": a key of this kind of method is expected"},
      {totp("    expires: x"), "f:9:5: unknown key \"expires\": a key of this kind of method is expected"},
      {totp("    digits: 6\n    digits: 6"),
       "f:10:5: the key \"digits\" stands here a second time: each key once is expected"},
      {totp("    tested: 2026-13-01T00:00:00Z"),
       "f:9:13: tested is \"2026-13-01T00:00:00Z\": a time like 2026-11-22T10:00:00+09:00 is expected"},
      {totp("    registered: 2026-11-22"),
       "f:9:17: registered is \"2026-11-22\": a time like 2026-11-22T10:00:00+09:00 is expected"},
      {totp("    confirmed: true"), "f:9:16: confirmed is \"true\": yes or no is expected"},
      {totp("  - {id: app-1, kind: pass, label: x, expires: 2026-11-22T00:00:00Z}"),
       "f:9:10: id is \"app-1\": an id that no other method in the file has is expected"},
      {pass("    count: 10"), "f:5:5: expires is missing: expires is a key of every pass"},
      {pass("    expires: never"), "f:8:14: expires is \"never\": a time like 2026-11-22T10:00:00+09:00 is expected"},
      {pass("    expires: 2026-11-22T00:00:00Z\n    count: 1001"),
       "f:9:12: count is \"1001\": a number without quotes, 0..1000, is expected"},
      {pass("    expires: 2026-11-22T00:00:00Z\n    count: -1"),
       "f:9:12: count is \"-1\": a number without quotes, 0..1000, is expected"},
  };
  for (const Row& row : rows) refused(row.text, row.error);
  accepted(totp("    digits: 7\n    algorithm: sha1\n    serial: \"123\"\n    confirmed: no"));
  accepted(pass("    expires: \"2026-11-22T00:00:00Z\"\n    count: 0\n    note: n"));
  accepted(pass("    expires: 2026-11-22T00:00:00-11:30\n    count: 1000"));
}

void sealed_secrets_are_checked_and_never_shown(void**) {
  const std::string text = std::string(head) + "methods: [{id: a, kind: totp, label: x, secret: ";
  for (const std::string& right :
       {sealed, "v1:2026-a_b:" + std::string(40, '+'), "v1:k:" + std::string(42, '/') + "=="})
    accepted(text + '"' + right + "\"}]");
  for (const std::string& wrong :
       {std::string("JBSWY3DPEHPK3PXP"), std::string(), "v1::" + std::string(40, 'A'), "v1:k1:" + std::string(36, 'A'),
        "v1:k1:" + std::string(41, 'A'), "v1:k1:" + std::string(37, 'A') + "===", "v1:k1:" + std::string(39, 'A') + "-",
        "v1:k1:" + std::string(38, 'A') + "=A", "v1:k/1:" + std::string(40, 'A'), "v1:k1:" + std::string(40, 'A') + ":",
        "v1:k1:" + std::string(10000, 'A')})
    refused(text + '"' + wrong + "\"}]", "f:4:49: secret is not a sealed secret: v1:KEYID:BASE64 is expected");
}

void ids_and_labels(void**) {
  for (const std::string_view id :
       {"a", "app-1", "recovery", "1", "00", "null", "no", "a--", "abcdefghijklmnopqrstuvwxyz012345"})
    assert_true(valid_method_id(id));
  for (const std::string_view id :
       {"", "-", "-a", "A", "a_b", "a b", "a.b", "a/b", "é", "abcdefghijklmnopqrstuvwxyz0123456"})
    assert_false(valid_method_id(id));
  assert_false(valid_method_id(std::string_view("a\0", 2)));
  for (const std::string& label :
       {std::string("iPhone"), std::string("私の鍵"), std::string("\"quoted\" \\ #: {}"), std::string(64, 'x')})
    assert_true(valid_label(label));
  for (const std::string& label :
       {std::string(), std::string(" "), std::string(" x"), std::string("x "), std::string("a\nb"), std::string("a\tb"),
        std::string("a\x1b[31m"), std::string("a\0b", 3), std::string("a\xff"), std::string("a\xc2\x85"),
        std::string("a\xe2\x80\xa8"),
        std::string("a\xe2\x80\xae"
                    "b"),
        std::string("\xef\xbb\xbfx"), std::string(65, 'x')})
    assert_false(valid_label(label));
}

void labels_that_would_deceive_are_refused(void**) {
  for (const std::string_view label :
       {"\"a\\x1b[2J\"", "\"a\\u202eb\"", "\"a\\nb\"", "\"a\\u0085\"", "\" a\"", "\"\"", "~", "null"})
    assert_true(!parsed(std::string(head) + "methods: [{id: a, kind: totp, label: " + std::string(label) +
                        ", secret: \"" + sealed + "\"}]"));
}

void counts_and_sizes_are_bounded(void**) {
  std::string many = std::string(head) + "methods:\n";
  for (std::size_t i = 1; i <= most_methods; ++i)
    many += "  - {id: a-" + std::to_string(i) + ", kind: totp, label: x, secret: \"" + sealed + "\"}\n";
  assert_int_equal(accepted(many).methods.size(), most_methods);
  refused(many + "  - {id: b, kind: totp, label: x}\n", "f:29:5: too many methods: at most 24 are expected");
  const std::string full = std::string(head) + "#" + std::string(longest_method_file - head.size() - 1, 'x');
  accepted(full);
  refused(full + "x", "f:1:1: the file is too long: at most 65536 bytes are expected");
  for (const std::string_view open : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string deep = open == "- " || open == "? " ? "" : "contact: ";
    while (deep.size() < longest_method_file - 8) deep += open;
    assert_true(!parsed(deep));
  }
  accepted("version: 1\nstatus: active\nuser: " + std::string(255, 'u'));
  assert_true(!parsed("version: 1\nstatus: active\nuser: " + std::string(256, 'u')));
}

void what_is_printed_is_read_back(void**) {
  MethodFile file;
  file.status = Registration::active;
  for (const std::string& name :
       {std::string("taro"),       std::string("0123456789"), std::string("null"),
        std::string("~"),          std::string("1e3"),        std::string("yes"),
        std::string("a: b"),       std::string("#"),          std::string("- x"),
        std::string("\"\\\"\\\\"), std::string("'"),          std::string("%YAML"),
        std::string("&a"),         std::string("*a"),         std::string("!t"),
        std::string("|"),          std::string("{}"),         std::string("DOMAIN\\user@host"),
        std::string("日本 太郎"),  std::string(" x "),        std::string("\\n\\x41"),
        std::string("---"),        std::string("..."),        std::string(255, '"')}) {
    file.user = name;
    same(accepted(print_method_file(file, kinds)), file);
  }
  file.language = "ja";
  file.contact = Contact{"\"taro\"@example.ac.jp", 1795309200};
  for (const std::string_view id : {"app-1", "recovery", "null", "true", "no", "123", "1e3", "0x1", "a-"}) {
    Method method;
    method.id = id;
    method.kind = "totp";
    method.label = "a\\b \"c\" #: 私";
    method.fields = {{"secret", sealed}, {"digits", "8"}, {"algorithm", "sha256"}, {"serial", "0123"}};
    file.methods.push_back(method);
    method.id += "2";
    method.registered = 1795309200;
    method.tested = 1795309300;
    method.proof = Proof::waiting;
    method.fields = {{"secret", sealed}, {"digits", "6"}, {"algorithm", "sha1"}};
    file.methods.push_back(method);
  }
  same(accepted(print_method_file(file, kinds)), file);
  file.contact->verified = 0;
  const std::string printed = print_method_file(file, kinds);
  same(accepted(printed), file);
  assert_string_equal(print_method_file(accepted(printed), kinds).c_str(), printed.c_str());
}

void print_is_pleasant(void**) {
  const MethodFile file = accepted(totp("    serial: \"42\"\n    confirmed: no\n"));
  const std::string expected =
      "# How one person signs in, kept by utmfa-enroll(1); see utmfa-methods(5). The first method is the default.\n"
      "version: 1\nuser: \"taro\"\nstatus: active\nmethods:\n  - id: app-1\n    kind: totp\n    label: \"iPhone\"\n"
      "    confirmed: no\n    secret: \"" +
      sealed + "\"\n    digits: 6\n    algorithm: sha1\n    serial: \"42\"\n";
  assert_string_equal(print_method_file(file, kinds).c_str(), expected.c_str());
  assert_true(print_method_file(accepted(head), kinds).find("methods: []\n") != std::string::npos);
}

void manual_names_every_key_and_its_example_is_read(void**) {
  std::ifstream in(UTMFA_SOURCE "docs/man/utmfa-methods.5", std::ios::binary);
  const std::string manual(std::istreambuf_iterator<char>(in), {});
  for (const KindRule& kind : kind_rules()) {
    const std::size_t section = manual.find("\n.Ss " + std::string(kind.kind) + ":");
    if (section == std::string::npos) fail_msg("the manual lacks the kind %s", std::string(kind.kind).c_str());
    const std::string text = manual.substr(section, manual.find("\n.S", section + 1) - section);
    for (const FieldRule& field : kind.fields) {
      if (text.find("\n.It Cm " + std::string(field.key) + " :") == std::string::npos)
        fail_msg("the manual lacks %s of %s", std::string(field.key).c_str(), std::string(kind.kind).c_str());
    }
  }
  const std::size_t begin = manual.find(".Bd -literal\n") + 13;
  const std::string example = manual.substr(begin, manual.find(".Ed\n", begin) - begin);
  const Result<MethodFile> file = parse_method_file(example, "example", kind_rules());
  if (!file) fail_msg("%s", file.error().what.c_str());
  assert_int_equal(file->methods.size(), 2);
}

void free_ids(void**) {
  MethodFile file;
  assert_string_equal(free_id(file, "app").c_str(), "app-1");
  file.methods.resize(2);
  file.methods[0].id = "app-1";
  file.methods[1].id = "app-3";
  assert_string_equal(free_id(file, "app").c_str(), "app-2");
  assert_string_equal(free_id(file, "token").c_str(), "token-1");
  assert_string_equal(free_id(file, "recovery!").c_str(), "recovery");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::every_key_is_read),
      cmocka_unit_test(utmfa::short_files_are_enough),
      cmocka_unit_test(utmfa::wrong_files_name_the_place),
      cmocka_unit_test(utmfa::wrong_methods_name_the_place),
      cmocka_unit_test(utmfa::sealed_secrets_are_checked_and_never_shown),
      cmocka_unit_test(utmfa::ids_and_labels),
      cmocka_unit_test(utmfa::labels_that_would_deceive_are_refused),
      cmocka_unit_test(utmfa::counts_and_sizes_are_bounded),
      cmocka_unit_test(utmfa::what_is_printed_is_read_back),
      cmocka_unit_test(utmfa::print_is_pleasant),
      cmocka_unit_test(utmfa::manual_names_every_key_and_its_example_is_read),
      cmocka_unit_test(utmfa::free_ids),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

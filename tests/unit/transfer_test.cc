// SPDX-License-Identifier: Apache-2.0
// What other programs wrote, read as rows: each form with what it may hold, and beside it what is refused, with its line.
#include "transfer/row.h"

#include "base/encoding.h"
#include "support/check.h"
#include "transfer/csv.h"
#include "transfer/parcel.h"

namespace utmfa {
namespace {

constexpr const char* seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
constexpr const char* seed_hex = "3132333435363738393031323334353637383930";

std::string error_of(const Result<ImportRows>& rows) { return rows ? "no error" : rows.error().what; }

void assert_said(const std::string& said, const std::string& wanted) {
  if (said.find(wanted) == said.npos) fail_msg("\"%s\" is not in \"%s\"", wanted.c_str(), said.c_str());
}

void csv_cells(void**) {
  const std::string text =
      "\xEF\xBB\xBF"
      "a,\"b, \"\"c\"\"\"\r\n\r\n\"two\nlines\",\nlast,";
  CsvReader reader(text, "f");
  Result<std::optional<CsvRow>> row = reader.next();
  assert_true(row && *row);
  assert_int_equal((*row)->line, 1);
  assert_string_equal(std::string((*row)->cells[1].view()).c_str(), "b, \"c\"");
  row = reader.next();
  assert_int_equal((*row)->line, 3);
  assert_string_equal(std::string((*row)->cells[0].view()).c_str(), "two\nlines");
  assert_int_equal((*row)->cells.size(), 2);
  row = reader.next();
  assert_int_equal((*row)->line, 5);
  assert_true((*row)->cells[1].empty());
  row = reader.next();
  assert_true(row && !*row);
  assert_string_equal(csv_cell("a\"b,c").c_str(), "\"a\"\"b,c\"");
  assert_string_equal(csv_cell("plain").c_str(), "plain");
}

void csv_refused(void**) {
  const std::pair<std::string, const char*> bad[] = {
      {"a\n\"never closed\nb\n", "f:2: a quote is opened"},
      {"a\n\"b\"c\n", "f:2: text behind a closing quote"},
      {"a\nb\"c\"\n", "f:2: a quote inside a cell"},
      {"a\nb\rc\n", "f:2: a carriage return"},
      {"a\n\xff\xfe\n", "f:2: not UTF-8"},
      {"a\n" + std::string("b\0c", 3) + "\n", "f:2: not UTF-8"},
      {"a\n" + std::string(longest_csv_cell + 1, 'x') + "\n", "f:2: a cell is longer"},
      {"a\n\"" + std::string(longest_csv_cell + 1, 'x') + "\"\n", "f:2: a cell is longer"},
      {"a\n" + std::string(most_csv_cells, ',') + "\n", "f:2: more than 64 cells"}};
  for (const auto& [text, wanted] : bad) {
    CsvReader reader(text, "f");
    assert_true(static_cast<bool>(reader.next()));
    const Result<std::optional<CsvRow>> row = reader.next();
    assert_false(static_cast<bool>(row));
    assert_said(row.error().what, wanted);
  }
  const std::string longest(longest_csv_cell, 'x');
  CsvReader reader(longest, "f");
  assert_int_equal((*reader.next())->cells[0].size(), longest_csv_cell);
}

void our_csv(void**) {
  const std::string text = std::string(
                               "User,kind,secret,codes,label,digits,period,algorithm,serial,counter,status,"
                               "language,proven\r\n") +
                           "taro,totp," + seed + ",,\"Taro's, phone\",8,60,sha256,,,active,ja,\r\n" + "hanako,hotp," +
                           seed + ",,,,,,A-1,7,,,no\r\n" + "taro,recovery,,\"12345678 87654321\",,,,,,,,,\r\n" +
                           ",totp," + seed + ",,,,,,,,,,\r\n" + "jiro,fax," + seed + ",,,,,,,,,,\r\n" + "jiro,pass," +
                           seed + ",,,,,,,,,,\r\n" + "jiro,,not base32!,,,,,,,,,,\r\n" + "jiro,,,,,,,,,,,,\r\n" +
                           "jiro,," + seed + ",12345678,,,,,,,,,\r\n" + "jiro,," + seed + ",,,,,,,,ended,,\r\n" +
                           "jiro,," + seed + ",,,,,,,,,fr,\r\n" + "jiro,," + seed + ",,,,,,,,,,maybe\r\n";
  const Result<ImportRows> read = parse_csv_rows(text, "f");
  assert_string_equal(error_of(read).c_str(), "no error");
  assert_int_equal(read->rows.size(), 3);
  const ImportRow& taro = read->rows[0];
  assert_string_equal(taro.wish.label.c_str(), "Taro's, phone");
  assert_true(taro.status == Registration::active && taro.language == "ja" && taro.proof == Proof::confirmed);
  assert_string_equal(taro.wish.options.at("period").c_str(), "60");
  assert_string_equal(std::string(taro.wish.secret.view()).c_str(), "12345678901234567890");
  assert_true(read->rows[1].proof == Proof::waiting && read->rows[1].wish.options.at("counter") == "7");
  assert_string_equal(std::string(read->rows[2].wish.secret.view()).c_str(), "12345678 87654321");
  const std::pair<int, const char*> rejected[] = {{5, "user: missing"},   {6, "kind: "},
                                                  {7, "kind: pass"},      {8, "secret: expected base32"},
                                                  {9, "secret: missing"}, {10, "codes: a method has a secret or codes"},
                                                  {11, "status: "},       {12, "language: "},
                                                  {13, "proven: "}};
  assert_int_equal(read->rejected.size(), std::size(rejected));
  for (std::size_t i = 0; i < std::size(rejected); ++i) {
    assert_int_equal(read->rejected[i].line, rejected[i].first);
    assert_said(read->rejected[i].reason, rejected[i].second);
  }
}

void our_csv_refused(void**) {
  const std::pair<std::string, const char*> bad[] = {
      {"", "f:1: empty"},
      {"kind,secret\n", "f:1: no column user"},
      {"user,colour\n", "f:1: \"colour\" is no column"},
      {std::string("taro,") + seed + "\n", "f:1: \"taro\" is no column"},
      {std::string("user,") + seed + "\n", "f:1: a word of 32 characters is no column"},
      {"user,user\n", "f:1: the column user stands twice"},
      {"user,secret\ntaro\n", "f:2: 1 cells: expected 2"},
      {std::string("user,secret\ntaro,") + seed + "\n\"taro\n", "f:3: a quote is opened"}};
  for (const auto& [text, wanted] : bad) assert_said(error_of(parse_csv_rows(text, "f")), wanted);
}

void our_json(void**) {
  const std::string text = std::string("[\n {\"user\": \"taro\", \"secret\": \"") + seed +
                           "\", \"digits\": 8, \"proven\": true},\n {\"user\": \"hanako\",\n  \"secret\": null},\n\n"
                           " {\"user\": \"ji\\u00e9\", \"kind\": \"hotp\", \"secret\": \"" +
                           seed + "\"}\n]\n";
  const Result<ImportRows> read = parse_json_rows(text, "f");
  assert_string_equal(error_of(read).c_str(), "no error");
  assert_int_equal(read->rows.size(), 2);
  assert_int_equal(read->rows[0].line, 2);
  assert_string_equal(read->rows[0].wish.options.at("digits").c_str(), "8");
  assert_int_equal(read->rows[1].line, 6);
  assert_int_equal(read->rejected.size(), 1);
  assert_int_equal(read->rejected[0].line, 3);
  assert_string_equal(read->rejected[0].user.c_str(), "hanako");
  assert_int_equal(parse_json_rows("[]", "f")->rows.size(), 0);
  const std::pair<std::string, const char*> bad[] = {
      {"", "f:1: not JSON"},
      {"[\n{\"user\":\n", "f:"},
      {"{}", "f:1: an object in this place"},
      {"[[]]", "f:1: a list in this place"},
      {"[1]", "f:1: a value in this place"},
      {"[{\"user\": {}}]", "f:1: an object in this place"},
      {"[{\"user\": []}]", "f:1: a list in this place"},
      {"[\n{\"users\": 1}]", "f:2: \"users\" is no key"},
      {std::string("[{\"") + seed + "\": 1}]", "f:1: a word of 32 characters is no key"},
      {"[\n{\"user\": \"a\", \"user\": \"b\"}]", "f:2: the key user stands twice"},
      {"[{\"user\": \"" + std::string(5000, 'a') + "\"}]", "f:1: a value longer"},
      {"[{\"user\": \"\xff\"}]", "f:1: not JSON"},
      {"[{}] []", "f:1: "},
      {std::string(100000, '['), "f:1: "}};
  for (const auto& [json, wanted] : bad) assert_said(error_of(parse_json_rows(json, "f")), wanted);
}

std::string google(const std::string& rest) { return std::string(seed) + "\n" + rest; }

void google_authenticator(void**) {
  const Result<std::vector<ImportRow>> read = parse_google_authenticator(
      google(
          "\" RATE_LIMIT 3 30 1764000000 1764000001\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE 58800000 58800002 58800001\n"
          "\" TOTP_AUTH\n\" STEP_SIZE 60\n\" TIME_SKEW -4\n\" RESETTING_TIME_SKEW 58800000+4 58800001-4\n"
          "\" LAST0 192.0.2.1 1764000000\n\" LAST9 lab1 1764000000\n12345678\n87654321\n"),
      "f", "taro");
  assert_true(static_cast<bool>(read));
  assert_int_equal(read->size(), 2);
  const ImportRow& key = (*read)[0];
  assert_string_equal(key.kind.c_str(), "totp");
  assert_string_equal(key.user.c_str(), "taro");
  assert_int_equal(key.moving, 58800002);
  assert_int_equal(key.drift, -4);
  assert_string_equal(key.wish.options.at("period").c_str(), "60");
  assert_int_equal(key.notes.size(), 3);
  assert_string_equal(std::string((*read)[1].wish.secret.view()).c_str(), "12345678 87654321");
  const auto counting = parse_google_authenticator(google("\" HOTP_COUNTER 42\r\n"), "f", "taro");
  assert_true(counting && counting->size() == 1);
  assert_string_equal((*counting)[0].kind.c_str(), "hotp");
  assert_string_equal((*counting)[0].wish.options.at("counter").c_str(), "42");
}

void google_authenticator_refused(void**) {
  const std::pair<std::string, const char*> bad[] = {
      {"", "f:1: no secret"},
      {"not base32!\n\" TOTP_AUTH\n", "f:1: no secret"},
      {google(""), "f:1: neither TOTP_AUTH nor HOTP_COUNTER"},
      {google("\" TOTP_AUTH\n\" HOTP_COUNTER 1\n"), "f:1: both"},
      {google("\" TOTP_AUTH\n\" DIGITS 8\n"), "f:3: unknown option \"DIGITS\""},
      {google("\" TOTP_AUTH\n\" TOTP_AUTH\n"), "f:3: TOTP_AUTH stands twice"},
      {google("\" TOTP_AUTH\n\" WINDOW_SIZE 0\n"), "f:3: WINDOW_SIZE: expected"},
      {google("\" TOTP_AUTH\n\" WINDOW_SIZE 101\n"), "f:3: WINDOW_SIZE: expected"},
      {google("\" TOTP_AUTH\n\" STEP_SIZE 61\n"), "f:3: STEP_SIZE: expected"},
      {google("\" TOTP_AUTH\n\" TIME_SKEW x\n"), "f:3: TIME_SKEW: expected"},
      {google("\" HOTP_COUNTER 0\n"), "f:2: HOTP_COUNTER: expected"},
      {google("\" HOTP_COUNTER -1\n"), "f:2: HOTP_COUNTER: expected"},
      {google("\" HOTP_COUNTER 9223372036854775808\n"), "f:2: HOTP_COUNTER: expected"},
      {google("\" TOTP_AUTH\n\" RATE_LIMIT 3\n"), "f:3: RATE_LIMIT: expected"},
      {google("\" TOTP_AUTH\n\" DISALLOW_REUSE x\n"), "f:3: DISALLOW_REUSE: expected"},
      {google("\" TOTP_AUTH\n\" RESETTING_TIME_SKEW 1\n"), "f:3: RESETTING_TIME_SKEW: expected"},
      {google("\" TOTP_AUTH\n\"\n"), "f:3: a quote without an option"},
      {google("\" TOTP_AUTH\n1234567\n"), "f:3: neither an option nor a scratch code"},
      {google("\" TOTP_AUTH\n01234567\n"), "f:3: neither"},
      {google("\" TOTP_AUTH\n" + std::string(5000, '1') + "\n"), "f:3: longer"}};
  for (const auto& [text, wanted] : bad) {
    const Result<std::vector<ImportRow>> read = parse_google_authenticator(text, "f", "taro");
    assert_false(static_cast<bool>(read));
    assert_said(read.error().what, wanted);
    assert_true(read.error().what.find("GEZDGNBV") == std::string::npos);
  }
}

void users_oath(void**) {
  // 94287082 is the code of RFC 6238 at 59 seconds; its last six digits are those of step 1.
  setenv("TZ", "UTC", 1);
  const std::string key(seed_hex);
  const std::string text = "# comment\n\nHOTP taro - " + key + "\nHOTP/E/8\thanako\t-\t" + key +
                           "\t7\t12345678\t2026-11-22T10:00:00L\nHOTP/T30 jiro - " + key +
                           " 0 287082 1970-01-01T00:00:59L\nHOTP/T60/7 saburo 1234 " + key + "\nHOTP/E shiro + " + key +
                           " 5\n";
  const Result<ImportRows> read = parse_users_oath(text, "f");
  assert_string_equal(error_of(read).c_str(), "no error");
  assert_int_equal(read->rejected.size(), 0);
  assert_int_equal(read->rows.size(), 5);
  assert_int_equal(read->rows[0].line, 3);
  assert_string_equal(read->rows[0].wish.options.at("counter").c_str(), "0");
  assert_string_equal(read->rows[1].wish.options.at("counter").c_str(), "8");  // the last code is used
  assert_string_equal(read->rows[1].wish.options.at("digits").c_str(), "8");
  assert_string_equal(read->rows[2].kind.c_str(), "totp");
  assert_int_equal(read->rows[2].moving, 1);
  assert_string_equal(read->rows[3].wish.options.at("period").c_str(), "60");
  assert_int_equal(read->rows[3].notes.size(), 1);
  assert_string_equal(read->rows[4].wish.options.at("counter").c_str(), "5");
  assert_string_equal(std::string(read->rows[4].wish.secret.view()).c_str(), "12345678901234567890");
}

void users_oath_refused(void**) {
  const std::string key(seed_hex);
  const std::pair<std::string, const char*> rows[] = {
      {"HOTP taro -", "3 fields"},
      {"HOTP taro - " + key + " 1 2 3 4", "8 fields"},
      {"OCRA taro - " + key, "no type of token"},
      {"HOTP/X taro - " + key, "no type of token"},
      {"HOTP/T0 taro - " + key, "no type of token"},
      {"HOTP/E/6/7 taro - " + key, "no type of token"},
      {"HOTP taro - 313", "secret: expected hexadecimal"},
      {"HOTP taro - xyzw", "secret: expected hexadecimal"},
      {"HOTP taro - " + key + " -1", "moving factor"},
      {"HOTP taro - " + key + " 1 abc", "last code"},
      {"HOTP taro - " + key + " 1 123456 yesterday", "time of the last sign-in"}};
  for (const auto& [text, wanted] : rows) {
    const Result<ImportRows> read = parse_users_oath("\n" + text + "\n", "f");
    assert_string_equal(error_of(read).c_str(), "no error");
    assert_int_equal(read->rows.size(), 0);
    assert_int_equal(read->rejected.size(), 1);
    assert_int_equal(read->rejected[0].line, 2);
    assert_said(read->rejected[0].reason, wanted);
  }
  assert_said(error_of(parse_users_oath(std::string("a\0b", 3), "f")), "f:1: a byte 0");
  assert_said(error_of(parse_users_oath(std::string(5000, 'x'), "f")), "f:1: longer");
}

void u2f_mappings(void**) {
  const std::string point = base64(std::string(64, 'p')), edwards = base64(std::string(32, 'e')),
                    old = "04" + hex(std::string(64, 'o'));
  const std::string text = "# mapped\ntaro:aGFuZGxl," + point + ",es256,+presence:*," + edwards +
                           ",eddsa,+presence+verification+pin\nhanako:aGFu_-GxlZQ," + old +
                           "\n:aGFuZGxl,a2V5,es256,\njiro\njiro:,a2V5,es256,\njiro:aGFuZGxl,a2V5,es512,\n"
                           "jiro:aGFuZGxl,a2V5,es256,+nothing\njiro:aGFu*Gxl,a2V5,es256,\njiro:a\n"
                           "jiro:aGFuZGxl,04ff\njiro:aGFuZGxl===," +
                           point + ",es256,\n";
  const Result<ImportRows> read = parse_u2f_mappings(text, "f", "pam://lab1");
  assert_true(static_cast<bool>(read));
  assert_int_equal(read->rows.size(), 3);
  const auto is = [&](std::size_t row, const char* key, const std::string& value) {
    const auto& options = read->rows[row].wish.options;
    assert_true(options.contains(key) ? options.find(key)->second == value : value.empty());
  };
  is(0, "credential", base64url("handle"));
  is(0, "public-key", base64url(std::string(64, 'p')));
  is(0, "rp", "pam://lab1");
  is(0, "verification", "");
  is(1, "credential", "");
  is(1, "algorithm", "eddsa");
  is(1, "verification", "required");
  is(2, "public-key", base64url(std::string(64, 'o')));
  is(2, "algorithm", "es256");
  assert_int_equal(read->rows[2].line, 3);
  assert_int_equal(read->rejected.size(), 9);
  for (std::size_t i = 0; i < 9; ++i) assert_int_equal(read->rejected[i].line, 4 + i);
  assert_false(static_cast<bool>(parse_u2f_mappings("-----BEGIN OPENSSH PRIVATE KEY-----\n", "f", "r")));
  assert_false(static_cast<bool>(parse_u2f_mappings(std::string("a\0", 2), "f", "r")));
  std::string many = "taro";
  for (int i = 0; i < 25; ++i) many += ":aGFuZGxl,a2V5,es256,";
  assert_int_equal(parse_u2f_mappings(many, "f", "r")->rejected.size(), 1);
}

Packed packed(const std::string& user, const UserKeys& keys, Random& random) {
  Packed each;
  each.file.user = user;
  each.file.status = Registration::active;
  Method method;
  method.id = "app-1";
  method.kind = "totp";
  method.label = "iPhone";
  method.registered = 1'800'000'000;
  method.fields = {{"digits", "6"}, {"period", "30"}, {"algorithm", "sha1"}};
  method.fields["secret"] = *seal(keys, {user, "app-1", "totp", "secret"}, "12345678901234567890", random);
  each.file.methods.push_back(method);
  each.state.of("app-1").moving = 7;
  return each;
}

UserKeys some_keys(char of) {
  UserKeys keys;
  keys.active = "k1";
  keys.keys.emplace("k1", Secret(std::string(32, of)));
  return keys;
}

void parcels(void**) {
  SystemRandom random;
  assert_false(static_cast<bool>(Parcel::empty("too short", random)));
  Result<Parcel> parcel = Parcel::empty("a long passphrase", random);
  assert_true(static_cast<bool>(parcel));
  for (const std::string user : {"taro", "hanako"}) {
    const UserKeys keys = some_keys(user[0]);
    const Packed each = packed(user, keys, random);
    assert_true(static_cast<bool>(parcel->add(each.file, each.state, keys, random)));
    assert_false(static_cast<bool>(parcel->add(each.file, each.state, some_keys('x'), random)));
  }
  const Result<std::string> bytes = parcel->bytes(random);
  assert_true(static_cast<bool>(bytes));
  assert_true(bytes->find("iPhone") == std::string::npos && bytes->substr(0, 14) == "utmfa-parcel 1");
  const Result<Parcel> opened = Parcel::open(*bytes, "a long passphrase", "f");
  assert_true(static_cast<bool>(opened));
  assert_int_equal(opened->people().size(), 2);
  Packed first = opened->people()[0];
  assert_int_equal(first.state.find("app-1")->moving, 7);
  const UserKeys here = some_keys('h');
  assert_true(static_cast<bool>(seal_over(first.file, *opened->keys_for("taro"), here, random)));
  const Result<Secret> secret =
      unseal(here, {"taro", "app-1", "totp", "secret"}, first.file.methods[0].field("secret"));
  assert_true(secret && secret->view() == "12345678901234567890");
  Packed other = opened->people()[1];  // one person's keys open nobody else's
  assert_false(static_cast<bool>(seal_over(other.file, *opened->keys_for("taro"), here, random)));

  const auto refused = [](const std::string& changed, const char* words, const char* wanted) {
    const Result<Parcel> read = Parcel::open(changed, words, "f");
    assert_false(static_cast<bool>(read));
    assert_said(read.error().what, wanted);
  };
  refused(*bytes, "another passphrase", "the passphrase is not right");
  refused("", "a long passphrase", "not a parcel");
  refused("utmfa-parcel 2 x\n", "a long passphrase", "version is \"2\"");
  refused("utmfa-parcel 1 scrypt 40 AAAA\n", "a long passphrase", "not a parcel");
  const std::size_t line = bytes->find('\n');
  refused(bytes->substr(0, line + 1), "a long passphrase", "cut short");
  std::string changed = *bytes;
  changed[line + 100] = static_cast<char>(changed[line + 100] ^ 1);
  refused(changed, "a long passphrase", "the passphrase is not right");
  refused(bytes->substr(0, bytes->size() - 1), "a long passphrase", "the passphrase is not right");
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::csv_cells),
      cmocka_unit_test(utmfa::csv_refused),
      cmocka_unit_test(utmfa::our_csv),
      cmocka_unit_test(utmfa::our_csv_refused),
      cmocka_unit_test(utmfa::our_json),
      cmocka_unit_test(utmfa::google_authenticator),
      cmocka_unit_test(utmfa::google_authenticator_refused),
      cmocka_unit_test(utmfa::users_oath),
      cmocka_unit_test(utmfa::users_oath_refused),
      cmocka_unit_test(utmfa::u2f_mappings),
      cmocka_unit_test(utmfa::parcels),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// Who made a key: what the key in software said of itself, right and with every part of it changed.
#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "factor_checks.h"
#include "factors/attestation.h"

namespace {

using utmfa::Attestation;

constexpr utmfa::Time in_2027 = 1800000000, in_2100 = 4102444800, in_2020 = 1577836800;

struct Row {
  std::string expected, algorithm, format;
  std::string credential, public_key, aaguid, auth_data, signature, certificate;
};

std::map<std::string, std::string> makers;
std::vector<Row> rows;

std::string bytes(const std::string& digits) {
  return digits == "-" ? std::string() : std::string(utmfa::test::bytes_of(digits).view());
}

void read_rows() {
  for (const std::vector<std::string>& row : utmfa::test::vectors("attestation.txt")) {
    if (row.size() == 2) makers[row[0]] = bytes(row[1]);
    if (row.size() == 9)
      rows.push_back({row[0], row[1], row[2], bytes(row[3]), bytes(row[4]), bytes(row[5]), bytes(row[6]), bytes(row[7]),
                      bytes(row[8])});
  }
}

std::string challenge() {
  const auto hash = utmfa::sha256("a challenge");
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string judged(const Row& row, std::string_view roots, utmfa::Time now = in_2027, std::string_view rp = "utmfa",
                   const std::string& hash = challenge()) {
  Attestation said{row.format, row.certificate, row.auth_data,  row.signature, hash,
                   rp,         row.credential,  row.public_key, row.aaguid,    {}};
  for (const auto each : {utmfa::KeyAlgorithm::es256, utmfa::KeyAlgorithm::eddsa, utmfa::KeyAlgorithm::rs256})
    if (name(each) == row.algorithm) said.algorithm = each;
  const auto fault = attestation_fault(said, roots, now);
  if (!fault) return "error";
  const std::map<std::string_view, std::string> words = {
      {"", "right"},
      {"it does not prove who made it", "unproven"},
      {"its proof of who made it is not right", "wrong"},
      {"its proof of who made it is that of another model", "other-model"},
      {"it was made by nobody whose keys are taken", "other-maker"}};
  return words.at(*fault);
}

void each_row(void**) {
  assert_int_equal(makers.size(), 2);
  assert_true(rows.size() >= 12);
  for (const Row& row : rows) assert_string_equal(judged(row, makers["roots"]).c_str(), row.expected.c_str());
}

void whose(void**) {
  const std::string both = makers["others"] + makers["roots"];
  for (const Row& row : rows) {
    if (row.expected != "right") continue;
    assert_string_equal(judged(row, makers["others"]).c_str(), "other-maker");
    assert_string_equal(judged(row, both).c_str(), "right");
    for (const utmfa::Time never : {in_2020, in_2100})
      assert_string_equal(judged(row, makers["roots"], never).c_str(), "other-maker");
  }
}

void for_whom(void**) {
  for (const Row& row : rows) {
    if (row.expected != "right") continue;
    assert_string_equal(judged(row, makers["roots"], in_2027, "utmfb").c_str(), "wrong");
    assert_string_equal(judged(row, makers["roots"], in_2027, "utmfa", std::string(32, 'h')).c_str(), "wrong");
  }
}

// Nothing can be changed, cut off or put behind without a refusal.
void changed(void**) {
  for (const Row& row : rows) {
    if (row.expected != "right" || row.algorithm == "rs256") continue;
    for (std::string Row::*const part :
         {&Row::credential, &Row::public_key, &Row::aaguid, &Row::auth_data, &Row::signature, &Row::certificate}) {
      const std::string whole = row.*part;
      for (std::size_t at = 0; at < whole.size(); ++at) {
        Row other = row;
        (other.*part)[at] = static_cast<char>((other.*part)[at] ^ 0x10);
        assert_true(judged(other, makers["roots"]) != "right");
      }
      for (const std::string& other :
           {std::string(), whole.substr(1), whole.substr(0, whole.size() - 1), whole + "x"}) {
        Row cut = row;
        cut.*part = other;
        assert_true(judged(cut, makers["roots"]) != "right");
      }
    }
  }
}

void damaged_makers(void**) {
  const std::string& roots = makers["roots"];
  for (const std::string& damaged :
       {std::string(), std::string("-----BEGIN CERTIFICATE-----\n"), roots.substr(0, 200),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), roots + roots.substr(0, 200)})
    assert_string_equal(judged(rows[0], damaged).c_str(), "error");
  assert_string_equal(judged(rows[0], "# Example Ltd.\n" + roots).c_str(), "right");
}

}  // namespace

int main() {
  read_rows();
  const CMUnitTest tests[] = {cmocka_unit_test(each_row), cmocka_unit_test(whose), cmocka_unit_test(for_whom),
                              cmocka_unit_test(changed), cmocka_unit_test(damaged_makers)};
  return cmocka_run_group_tests_name("attestation", tests, nullptr, nullptr);
}

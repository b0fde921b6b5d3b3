// SPDX-License-Identifier: Apache-2.0
// The lines of a security key at another machine: each is read back as it was written, and everything else is refused.
#include "assertion/lines.h"

#include "base/encoding.h"
#include "support/check.h"

namespace {

using utmfa::KeyAlgorithm;
using utmfa::Verification;

std::string bytes(std::size_t count, char first) {
  std::string made;
  for (std::size_t i = 0; i < count; ++i) made += static_cast<char>(first + static_cast<char>(i));
  return made;
}

utmfa::KeyChallenge challenge() {
  return {"lab1",
          "taro",
          "sshd",
          bytes(16, 'a'),
          Verification::required,
          {{"utmfa", bytes(64, 'b')}, {"utmfa", ""}, {"pam://lab1", bytes(1023, 'c')}}};
}

utmfa::KeyLine registration() {
  return {"utmfa", KeyAlgorithm::es256, bytes(64, 'k'), bytes(64, 'c'), bytes(16, 1), bytes(37, 'd'), bytes(72, 's')};
}

std::string line(char kind, const std::string& fields) { return "u1:" + utmfa::base64url(kind + fields); }
std::string field(char letter, const std::string& value) {
  return std::string(1, letter) + static_cast<char>(value.size() >> 8) + static_cast<char>(value.size() & 0xFF) + value;
}

void challenges(void**) {
  const utmfa::KeyChallenge made = challenge();
  const utmfa::Result<std::string> text = print_challenge(made);
  assert_true(static_cast<bool>(text));
  const std::string broken = "  " + text->substr(0, 40) + "\r\n " + text->substr(40) + "\n";
  for (const std::string& each : {*text, broken}) {
    const utmfa::Result<utmfa::KeyChallenge> read = utmfa::parse_challenge(each);
    assert_true(static_cast<bool>(read));
    assert_true(read->host == "lab1" && read->user == "taro" && read->service == "sshd" && read->nonce == made.nonce);
    assert_true(read->verification == Verification::required && read->credentials.size() == 3);
    assert_true(read->credentials[1].rp == "utmfa" && read->credentials[1].id.empty());
    assert_true(read->credentials[2].rp == "pam://lab1" && read->credentials[2].id == made.credentials[2].id);
    assert_true(client_data_hash(*read) == client_data_hash(made));
  }
}

// Whatever is asked differently is signed differently.
void hashes(void**) {
  const utmfa::KeyChallenge made = challenge();
  const std::string hash = client_data_hash(made);
  assert_int_equal(hash.size(), 32);
  utmfa::KeyChallenge others[6] = {made, made, made, made, made, made};
  others[0].host = "lab2";
  others[1].user = "ann";
  others[2].service = "sudo";
  others[3].nonce[0] ^= 1;
  others[4].verification = Verification::preferred;
  others[5].credentials.pop_back();
  for (const utmfa::KeyChallenge& each : others) assert_true(client_data_hash(each) != hash);
}

void bad_challenges(void**) {
  utmfa::KeyChallenge wrong[8] = {challenge(), challenge(), challenge(), challenge(),
                                  challenge(), challenge(), challenge(), challenge()};
  wrong[0].host = "";
  wrong[1].user = std::string(256, 'x');
  wrong[2].service = "ss\nhd";
  wrong[3].nonce.pop_back();
  wrong[4].credentials.clear();
  wrong[5].credentials.resize(17, {"utmfa", "c"});
  wrong[6].credentials[0].id = std::string(1024, 'c');
  wrong[7].credentials[0].rp = "";
  for (const utmfa::KeyChallenge& each : wrong) assert_false(static_cast<bool>(print_challenge(each)));

  const std::string start = field('h', "lab1") + field('u', "taro") + field('s', "sshd");
  const std::string nonce = field('n', bytes(16, 'a'));
  const std::string end = field('r', "utmfa") + field('c', "id");
  assert_true(static_cast<bool>(utmfa::parse_challenge(line('C', start + nonce + field('v', "r") + end))));
  const std::string refused[] = {
      "",
      "u1:",
      "u2:" + line('C', start + nonce + field('v', "r") + end).substr(3),
      line('A', start + nonce + field('v', "r") + end),
      line('C', start + nonce + field('v', "x") + end),
      line('C', start + nonce + field('v', "rr") + end),
      line('C', start + field('v', "r") + nonce + end),
      line('C', start + field('n', "short") + field('v', "r") + end),
      line('C', start + nonce + field('v', "r")),
      line('C', start + nonce + field('v', "r") + field('c', "id")),
      line('C', start + nonce + field('v', "r") + end + field('r', "utmfa") + field('c', "i")),
      line('C', start + nonce + field('v', "r") + field('r', "other") + end),
      line('C', start + nonce + field('v', "r") + end + field('z', "")),
      line('C', start + nonce + field('v', "r") + end) + "=",
      line('C', start + nonce + field('v', "r") + end) + "A",
      line('C', field('h', std::string("l\0b", 3)) + start.substr(7) + nonce + end),
      std::string(70000, 'u')};
  for (const std::string& each : refused) assert_false(static_cast<bool>(utmfa::parse_challenge(each)));
  const std::string whole = line('C', start + nonce + field('v', "r") + end);
  for (std::size_t i = 0; i < whole.size(); ++i)
    assert_false(static_cast<bool>(utmfa::parse_challenge(whole.substr(0, i))));
}

void answers(void**) {
  const utmfa::KeyAnswer made{utmfa::credential_mark("id"), bytes(37, 'd'), bytes(256, 's')};
  const utmfa::Result<std::string> text = print_answer(made);
  assert_true(text && text->size() <= utmfa::longest_key_answer);
  const utmfa::Result<utmfa::KeyAnswer> read = utmfa::parse_answer(*text);
  assert_true(read && read->credential == made.credential && read->auth_data == made.auth_data);
  assert_true(read->signature == made.signature);
  assert_false(static_cast<bool>(utmfa::print_answer({{}, bytes(256, 'd'), bytes(512, 's')})));

  const std::string mark = field('c', bytes(8, 'm'));
  const std::string refused[] = {"",
                                 "123456",
                                 line('C', mark + field('a', bytes(37, 'd')) + field('s', "s")),
                                 line('A', mark + field('a', bytes(36, 'd')) + field('s', "s")),
                                 line('A', mark + field('a', bytes(257, 'd')) + field('s', "s")),
                                 line('A', mark + field('a', bytes(37, 'd')) + field('s', "")),
                                 line('A', mark + field('a', bytes(37, 'd'))),
                                 line('A', field('c', "short") + field('a', bytes(37, 'd')) + field('s', "s")),
                                 line('A', mark + field('a', bytes(37, 'd')) + field('s', "s") + field('s', "s")),
                                 *text + std::string(1000, 'A')};
  for (const std::string& each : refused) assert_false(static_cast<bool>(utmfa::parse_answer(each)));
  for (std::size_t i = 0; i < text->size(); ++i)
    assert_false(static_cast<bool>(utmfa::parse_answer(text->substr(0, i))));
}

void registrations(void**) {
  utmfa::KeyLine made = registration();
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::es256, KeyAlgorithm::eddsa, KeyAlgorithm::rs256}) {
    made.algorithm = algorithm;
    made.public_key = bytes(algorithm == KeyAlgorithm::es256 ? 64 : algorithm == KeyAlgorithm::eddsa ? 32 : 259, 'k');
    const utmfa::Result<std::string> text = print_registration(made);
    assert_true(static_cast<bool>(text));
    const utmfa::Result<utmfa::KeyLine> read = utmfa::parse_registration(*text);
    assert_true(read && read->rp == "utmfa" && read->algorithm == algorithm && read->public_key == made.public_key);
    assert_true(read->credential == made.credential && read->aaguid == made.aaguid);
    assert_true(read->auth_data == made.auth_data && read->signature == made.signature);
    assert_true(registration_hash(*read) == registration_hash(made));
    for (std::size_t i = 0; i < text->size(); ++i)
      assert_false(static_cast<bool>(utmfa::parse_registration(text->substr(0, i))));
  }
  utmfa::KeyLine wrong[6] = {registration(), registration(), registration(),
                             registration(), registration(), registration()};
  wrong[0].rp = "";
  wrong[1].public_key.pop_back();
  wrong[2].algorithm = KeyAlgorithm::eddsa;
  wrong[3].credential.clear();
  wrong[4].aaguid.pop_back();
  wrong[5].credential = std::string(900, 'c');  // does not fit what ssh lets through
  for (const utmfa::KeyLine& each : wrong) assert_false(static_cast<bool>(print_registration(each)));
  utmfa::KeyLine unnamed = registration();
  unnamed.aaguid.clear();
  assert_true(static_cast<bool>(utmfa::parse_registration(*print_registration(unnamed))));
  assert_true(registration_hash(unnamed) != registration_hash(registration()));
}

void fido2_assert(void**) {
  const std::string hash = utmfa::base64(bytes(32, 'h')), data = utmfa::base64("\x58\x25" + bytes(37, 'd')),
                    signature = utmfa::base64(bytes(70, 's'));
  const std::string good[] = {hash + "\nutmfa\n" + data + "\n" + signature + "\n",
                              hash + " utmfa " + data + " " + signature,
                              "  " + hash + "  utmfa\t" + data + "\r\n" + signature + " dXNlcg== "};
  for (const std::string& each : good) {
    assert_true(utmfa::is_fido2_assert(each));
    const utmfa::Result<utmfa::Fido2Assert> read = utmfa::parse_fido2_assert(each);
    assert_true(read && read->hash == bytes(32, 'h') && read->rp == "utmfa" && read->auth_data == bytes(37, 'd'));
    assert_true(read->signature == bytes(70, 's'));
  }
  const std::string long_data = utmfa::base64(std::string("\x59\x01\x00", 3) + bytes(256, 'd'));
  assert_true(static_cast<bool>(utmfa::parse_fido2_assert(hash + " utmfa " + long_data + " " + signature)));
  const std::string bad[] = {"",
                             hash,
                             hash + " utmfa " + data,
                             hash.substr(4) + " utmfa " + data + " " + signature,
                             hash + " utmfa " + utmfa::base64(bytes(37, 'd')) + " " + signature,
                             hash + " utmfa " + utmfa::base64("\x58\x26" + bytes(37, 'd')) + " " + signature,
                             hash + " utmfa " + utmfa::base64("\x58\x24" + bytes(36, 'd')) + " " + signature,
                             hash + " utmfa " + data + " !" + signature,
                             hash + " utmfa " + data + " " + utmfa::base64(std::string(513, 's')),
                             hash + " " + std::string(256, 'r') + " " + data + " " + signature,
                             hash + " utmfa " + data + " " + signature + " a b c d",
                             std::string(4097, ' ')};
  for (const std::string& each : bad) assert_false(static_cast<bool>(utmfa::parse_fido2_assert(each)));
  for (const char* each : {"", "u1:QQ", "123456", "aGVsbG8="}) assert_false(utmfa::is_fido2_assert(each));
}

void base64url(void**) {
  const std::string all = bytes(256, 0);
  for (std::size_t size = 0; size < 5; ++size) {
    const std::string text = utmfa::base64url(all.substr(250, size));
    assert_true(text.find_first_of("+/=") == text.npos);
    const utmfa::Result<std::string> back = utmfa::from_base64url(text);
    assert_true(back && *back == all.substr(250, size));
  }
  for (const char* each : {"A", "AB", "AAAAA", "AA==", "A+", "A/", "A A"})
    assert_false(static_cast<bool>(utmfa::from_base64url(each)));
  assert_string_equal(utmfa::base64url("\xff\xef").c_str(), "_-8");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(challenges), cmocka_unit_test(hashes),        cmocka_unit_test(bad_challenges),
      cmocka_unit_test(answers),    cmocka_unit_test(registrations), cmocka_unit_test(fido2_assert),
      cmocka_unit_test(base64url),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

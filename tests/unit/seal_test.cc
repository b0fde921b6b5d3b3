// SPDX-License-Identifier: Apache-2.0
// Sealed values: what opens, and that nothing else does.
#include "vault/seal.h"

#include "base/encoding.h"
#include "support/check.h"

namespace utmfa {
namespace {

UserKeys keys_of(std::string_view user, std::string_view id = "k1", char fill = 'a') {
  UserKeys keys;
  keys.active = id;
  Result<Secret> key = user_key(Secret(std::string(32, fill)), user);
  assert_true(static_cast<bool>(key));
  keys.keys.emplace(id, std::move(*key));
  return keys;
}

const SealedPlace here{"taro", "app-1", "totp", "secret"};

std::string sealed(const UserKeys& keys, const SealedPlace& place, std::string_view secret) {
  SystemRandom random;
  Result<std::string> text = seal(keys, place, secret, random);
  assert_true(static_cast<bool>(text));
  return *text;
}

void refused(const UserKeys& keys, const SealedPlace& place, std::string_view text) {
  const Result<Secret> opened = unseal(keys, place, text);
  assert_false(static_cast<bool>(opened));
  assert_int_equal(opened.error().code, Code::corrupt);
  assert_true(opened.error().what.find("0123456789") == std::string::npos);
}

void what_was_sealed_opens(void**) {
  const UserKeys keys = keys_of("taro");
  for (const std::string& secret : {std::string("x"), std::string(20, '\0'), std::string(16384, 's')}) {
    const std::string text = sealed(keys, here, secret);
    assert_true(text.substr(0, 6) == "v1:k1:" && sealed_key_id(text) == "k1");
    assert_true(equal(unseal(keys, here, text)->view(), secret));
  }
  assert_true(sealed(keys, here, "same") != sealed(keys, here, "same"));
}

void what_cannot_be_sealed(void**) {
  SystemRandom random;
  const UserKeys keys = keys_of("taro");
  assert_false(static_cast<bool>(seal(keys, here, "", random)));
  assert_false(static_cast<bool>(seal(keys, here, std::string(16385, 's'), random)));
  assert_false(static_cast<bool>(seal(UserKeys{}, here, "x", random)));
}

void moved_to_another_place(void**) {
  const UserKeys keys = keys_of("taro");
  const std::string text = sealed(keys, here, "0123456789");
  refused(keys, {"hanako", "app-1", "totp", "secret"}, text);
  refused(keys, {"taro", "app-2", "totp", "secret"}, text);
  refused(keys, {"taro", "app-1", "hotp", "secret"}, text);
  refused(keys, {"taro", "app-1", "totp", "hash"}, text);
  refused(keys, {"taroapp", "-1", "totp", "secret"}, text);
  refused(keys_of("hanako"), here, text);
  refused(keys_of("taro", "k1", 'b'), here, text);
  assert_true(static_cast<bool>(unseal(keys, here, text)));
}

void every_changed_bit(void**) {
  const UserKeys keys = keys_of("taro");
  const std::string text = sealed(keys, here, "0123456789");
  const std::string packed = *from_base64(text.substr(6));
  for (std::size_t i = 0; i < packed.size() * 8; ++i) {
    std::string changed = packed;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    refused(keys, here, "v1:k1:" + base64(changed));
  }
  for (std::size_t size = 0; size < packed.size(); ++size)
    refused(keys, here, "v1:k1:" + base64(packed.substr(0, size)));
  refused(keys, here, "v1:k1:" + base64(packed + "x"));
}

void not_a_sealed_value(void**) {
  const UserKeys keys = keys_of("taro");
  for (const char* text : {"", "v1", "v1:", "v1:k1", "v1:k1:", "v1:k1:!", "v1::AAAA", "plain"})
    refused(keys, here, text);
  assert_true(sealed_key_id("v1:k1").empty() && sealed_key_id("v2:k1:x").empty() && sealed_key_id("v1:k9:x") == "k9");
}

void another_key_of_the_ring(void**) {
  UserKeys keys = keys_of("taro");
  const std::string old = sealed(keys, here, "0123456789");
  UserKeys next = keys_of("taro", "k2", 'b');
  refused(next, here, old);
  next.keys.emplace("k1", keys.keys.find("k1")->second.clone());
  assert_true(equal(unseal(next, here, old)->view(), "0123456789"));
  assert_true(sealed_key_id(sealed(next, here, "x")) == "k2");
  std::string renamed = old;
  renamed[4] = '2';  // sealed by k1, said to be by k2
  refused(next, here, renamed);
}

// Known answers: made with python3 hmac and hashlib.
void known_answers(void**) {
  const Result<std::string> digest = keyed_digest(Secret(std::string(32, 'k')), "state", "data");
  assert_string_equal(hex(*digest).c_str(), "dc2d418841fa8d7bf45982f9874a28b52bf059d81155c9ee51b245f106b62308");
  assert_string_equal(hex(user_key(Secret(std::string(32, 'a')), "taro")->view()).c_str(),
                      "59d3acc33e49974a44e2cfc3b39deae2212bedb2dd4782582edfecb8c824c0de");
  assert_true(*keyed_digest(Secret(std::string(32, 'k')), "stated", "ata") != *digest);
  assert_false(static_cast<bool>(keyed_digest(Secret(), "state", "data")));
}

void warming_can_be_repeated(void**) {
  warm_vault();
  warm_vault();
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::what_was_sealed_opens),  cmocka_unit_test(utmfa::what_cannot_be_sealed),
      cmocka_unit_test(utmfa::moved_to_another_place), cmocka_unit_test(utmfa::every_changed_bit),
      cmocka_unit_test(utmfa::not_a_sealed_value),     cmocka_unit_test(utmfa::another_key_of_the_ring),
      cmocka_unit_test(utmfa::known_answers),          cmocka_unit_test(utmfa::warming_can_be_repeated),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

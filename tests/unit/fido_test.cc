// SPDX-License-Identifier: Apache-2.0
// Security keys as the verifier judges them: every algorithm, and every reason to refuse beside what is accepted.
#include "factor_checks.h"
#include "factors/key_signature.h"
#include "factors/sk_key.h"
#include "support/soft_key.h"

namespace {

using utmfa::KeyAlgorithm;
using utmfa::KeyChallenge;
using utmfa::Method;
using utmfa::MethodState;
using utmfa::Use;
using utmfa::Verification;
using utmfa::test::SoftKey;

constexpr KeyAlgorithm algorithms[] = {KeyAlgorithm::es256, KeyAlgorithm::eddsa, KeyAlgorithm::rs256};

utmfa::Wish wish_of(const SoftKey& key) {
  utmfa::Wish wish;
  wish.options = {{"credential", utmfa::base64url(key.id)},
                  {"public-key", utmfa::base64url(key.public_key)},
                  {"algorithm", std::string(name(key.algorithm))},
                  {"rp", key.rp}};
  return wish;
}

utmfa::Result<utmfa::Made> made(const utmfa::Wish& wish) {
  utmfa::SystemRandom random;
  return utmfa::factor_for("fido")->make(wish, random, 1000);
}

Method method_of(const SoftKey& key) {
  utmfa::Result<utmfa::Made> result = made(wish_of(key));
  assert_true(static_cast<bool>(result));
  return result->method;
}

KeyChallenge challenge_for(const SoftKey& key, char nonce = 'n') {
  return {"lab1", "taro", "sshd", std::string(16, nonce), Verification::preferred, {{key.rp, key.id}}};
}

utmfa::Judgement judged(const Method& method, std::string_view asked, std::string_view answer,
                        const MethodState& state = {}) {
  const auto judgement = utmfa::factor_for("fido")->judge(method, utmfa::Secret(asked), state, {}, answer, 1000);
  assert_true(static_cast<bool>(judgement));
  return *judgement;
}

utmfa::Judgement judged(const Method& method, const KeyChallenge& asked, std::string_view answer,
                        const MethodState& state = {}) {
  return judged(method, *print_challenge(asked), answer, state);
}

void right(void**) {
  for (const KeyAlgorithm algorithm : algorithms) {
    SoftKey key(algorithm);
    const Method method = method_of(key);
    assert_true(utmfa::factor_for("fido")->unusable(method, {}, 0).empty());
    MethodState state;
    for (char nonce = 'a'; nonce < 'd'; ++nonce, ++key.counter) {
      const KeyChallenge challenge = challenge_for(key, nonce);
      const utmfa::Judgement judgement = judged(method, challenge, key.answered(challenge), state);
      assert_int_equal(judgement.use, Use::accepted);
      assert_int_equal(judgement.after.moving, key.counter);
      state = judgement.after;
    }
    const KeyChallenge challenge = challenge_for(key);
    assert_int_equal(judged(method, challenge, key.fido2_assert(challenge), state).use, Use::accepted);
  }
}

// What is signed for one person, machine, service, nonce or demand is worth nothing for another.
void bound(void**) {
  const SoftKey key(KeyAlgorithm::es256);
  const Method method = method_of(key);
  const KeyChallenge asked = challenge_for(key);
  const std::string answer = key.answered(asked), lines = key.fido2_assert(asked);
  KeyChallenge others[6] = {asked, asked, asked, asked, asked, asked};
  others[0].user = "ann";
  others[1].host = "lab2";
  others[2].service = "sudo";
  others[3].nonce[15] ^= 1;
  others[4].verification = Verification::discouraged;
  others[5].credentials.push_back({"utmfa", "another"});
  for (const KeyChallenge& other : others) {
    assert_int_equal(judged(method, other, answer).use, Use::rejected);
    assert_int_equal(judged(method, other, lines).use, Use::rejected);
  }
  // A key that was not asked, although it signed what was asked.
  KeyChallenge not_asked = asked;
  not_asked.credentials = {{"utmfa", "another"}};
  assert_int_equal(judged(method, not_asked, key.answered(not_asked)).use, Use::rejected);
  // Of a method with the same credential id and another key.
  const SoftKey other(KeyAlgorithm::es256);
  assert_int_equal(judged(method_of(other), asked, answer).use, Use::rejected);
  // Nothing was asked.
  for (const char* nothing : {"", "u1:", "sshd:", "u1:QQ"})
    assert_int_equal(judged(method, nothing, answer).use, Use::rejected);
}

void flags(void**) {
  SoftKey key(KeyAlgorithm::eddsa);
  Method method = method_of(key);
  KeyChallenge asked = challenge_for(key);
  const auto use = [&](unsigned char flags) {
    key.flags = flags;
    return judged(method, asked, key.answered(asked)).use;
  };
  assert_int_equal(use(0x01), Use::accepted);
  assert_int_equal(use(0x05), Use::accepted);
  assert_int_equal(use(0x00), Use::rejected);  // nobody touched it
  assert_int_equal(use(0x04), Use::rejected);
  assert_int_equal(use(0x41), Use::rejected);  // says that more follows
  assert_int_equal(use(0x81), Use::rejected);
  asked.verification = Verification::required;
  assert_int_equal(use(0x01), Use::rejected);
  assert_int_equal(use(0x05), Use::accepted);
  asked.verification = Verification::discouraged;
  method.fields.insert_or_assign("verification", "required");
  assert_int_equal(use(0x01), Use::rejected);
  assert_int_equal(use(0x05), Use::accepted);
}

void counters(void**) {
  SoftKey key(KeyAlgorithm::es256);
  const Method method = method_of(key);
  const KeyChallenge asked = challenge_for(key);
  const auto use = [&](std::int64_t last, std::uint32_t counter) {
    key.counter = counter;
    MethodState state;
    state.moving = last;
    return judged(method, asked, key.answered(asked), state).use;
  };
  assert_int_equal(use(-1, 0), Use::accepted);
  assert_int_equal(use(0, 0), Use::accepted);  // a key that does not count
  assert_int_equal(use(0, 1), Use::accepted);
  assert_int_equal(use(7, 8), Use::accepted);
  assert_int_equal(use(7, 4294967295U), Use::accepted);
  assert_int_equal(use(7, 7), Use::copied);
  assert_int_equal(use(7, 6), Use::copied);
  assert_int_equal(use(7, 0), Use::copied);
  assert_int_equal(use(4294967295, 1), Use::copied);
}

// The same answer again, also by a key that does not count.
void once(void**) {
  SoftKey key(KeyAlgorithm::es256);
  key.counter = 0;
  const Method method = method_of(key);
  const KeyChallenge asked = challenge_for(key);
  const std::string answer = key.answered(asked);
  const utmfa::Judgement first = judged(method, asked, answer);
  assert_int_equal(first.use, Use::accepted);
  assert_int_equal(judged(method, asked, answer, first.after).use, Use::used);
  assert_int_equal(judged(method, asked, key.fido2_assert(asked), first.after).use, Use::used);
}

void garbage(void**) {
  const SoftKey key(KeyAlgorithm::es256), stranger(KeyAlgorithm::es256), elsewhere(KeyAlgorithm::es256, "pam://lab1");
  const Method method = method_of(key);
  const KeyChallenge asked = challenge_for(key);
  const std::string hash = client_data_hash(asked), good = key.answered(asked);
  utmfa::KeyAnswer other_credential = key.answer(hash), flipped = key.answer(hash), short_one = key.answer(hash);
  other_credential.credential[0] ^= 1;
  flipped.signature[10] ^= 1;
  short_one.signature.resize(8);
  utmfa::KeyAnswer other_rp = key.answer(hash);
  other_rp.auth_data = elsewhere.auth_data();
  other_rp.signature = key.sign(other_rp.auth_data, hash);
  utmfa::KeyAnswer longer = key.answer(hash);
  longer.auth_data += "x";
  longer.signature = key.sign(longer.auth_data, hash);
  const std::string answers[] = {
      "",
      "123456",
      *print_challenge(asked),
      good.substr(0, good.size() - 4),
      good + "AAAA",
      stranger.answered(asked),
      *print_answer(other_credential),
      *print_answer(flipped),
      *print_answer(short_one),
      *print_answer(other_rp),
      *print_answer(longer),
      *utmfa::print_answer({utmfa::credential_mark(key.id), key.auth_data(), std::string(512, '\0')}),
      stranger.fido2_assert(asked),
      utmfa::base64(hash),
      utmfa::base64(hash) + " utmfa x y",
      std::string("u1:\0", 4),
      "\xff\xfe",
      std::string(1023, 'u'),
      std::string(100000, 'A')};
  for (const std::string& each : answers) {
    const utmfa::Judgement judgement = judged(method, asked, each);
    assert_int_equal(judgement.use, Use::rejected);
    assert_false(judgement.why.empty());
  }
  assert_int_equal(judged(method, asked, good).use, Use::accepted);
}

// Public keys that are none, and method files that somebody changed.
void damaged(void**) {
  const SoftKey key(KeyAlgorithm::es256), edwards(KeyAlgorithm::eddsa);
  const auto refused = [](utmfa::Wish wish, const char* field, const std::string& value) {
    wish.options[field] = value;
    if (value.empty()) wish.options.erase(field);
    assert_false(static_cast<bool>(made(wish)));
  };
  const std::string off_the_curve = utmfa::base64url(std::string(64, '\x01')),
                    zeros = utmfa::base64url(std::string(259, '\0'));
  refused(wish_of(key), "public-key", "");
  refused(wish_of(key), "public-key", off_the_curve);
  refused(wish_of(key), "public-key", utmfa::base64url(key.public_key.substr(1)));
  refused(wish_of(key), "public-key", "****");
  refused(wish_of(key), "algorithm", "");
  refused(wish_of(key), "algorithm", "eddsa");
  refused(wish_of(key), "algorithm", "rs256");
  refused(wish_of(key), "algorithm", "none");
  refused(wish_of(key), "rp", "");
  refused(wish_of(key), "rp", "a\nb");
  refused(wish_of(key), "credential", "=");
  refused(wish_of(key), "credential", std::string(1028, 'A'));
  refused(wish_of(key), "aaguid", "1234");
  refused(wish_of(key), "verification", "none");
  refused(wish_of(key), "secret", "x");
  utmfa::Wish rsa = wish_of(key);
  rsa.options["algorithm"] = "rs256";
  refused(std::move(rsa), "public-key", zeros);
  utmfa::Wish named = wish_of(key);
  named.options["aaguid"] = std::string(32, 'a');
  assert_true(static_cast<bool>(made(named)));

  const utmfa::Factor& fido = *utmfa::factor_for("fido");
  for (const char* field : {"public-key", "algorithm", "rp"}) {
    Method method = method_of(edwards);
    method.fields.erase(field);
    assert_false(fido.unusable(method, {}, 0).empty());
    const KeyChallenge asked = challenge_for(edwards);
    const auto judgement =
        fido.judge(method, utmfa::Secret(*print_challenge(asked)), {}, {}, edwards.answered(asked), 0);
    assert_true(!judgement || judgement->use == Use::rejected);
  }
}

std::string string_of(std::string_view bytes) {
  return std::string("\0\0\0", 3) + static_cast<char>(bytes.size()) + std::string(bytes);
}

const std::string ed_type = "sk-ssh-ed25519@openssh.com", ec_type = "sk-ecdsa-sha2-nistp256@openssh.com";

std::string ed_key(std::string_view application = "ssh:") {
  return ed_type + " " + utmfa::base64(string_of(ed_type) + string_of(std::string(32, 'k')) + string_of(application));
}

std::string ec_key() {
  return ec_type + " " +
         utmfa::base64(string_of(ec_type) + string_of("nistp256") + string_of("\x04" + std::string(64, 'p')) +
                       string_of("ssh:"));
}

void ssh_keys(void**) {
  for (const std::string& key : {ed_key(), ec_key()}) {
    assert_true(*utmfa::read_sk_key(key) == key);
    assert_true(*utmfa::read_sk_key("  " + key + " taro@laptop\n") == key);
    utmfa::Wish wish;
    wish.options = {{"ssh-key", key}};
    const utmfa::Result<utmfa::Made> result = made(wish);
    assert_true(static_cast<bool>(result));
    const Method& method = result->method;
    const utmfa::Factor& fido = *utmfa::factor_for("fido");
    assert_true(fido.answered(method) == utmfa::Answered::by_host && fido.host_key(method) == key);
    assert_int_equal(judged(method, utmfa::host_evidence(key), "").use, Use::accepted);
    // Typed, or of another key, or asked as a challenge.
    assert_int_equal(judged(method, "", utmfa::host_evidence(key)).use, Use::rejected);
    assert_int_equal(judged(method, "", key).use, Use::rejected);
    assert_int_equal(judged(method, key, "").use, Use::rejected);
    assert_int_equal(judged(method, utmfa::host_evidence(ed_key("ssh:other")), "").use, Use::rejected);
    const SoftKey soft(KeyAlgorithm::es256);
    assert_int_equal(judged(method, challenge_for(soft), soft.answered(challenge_for(soft))).use, Use::rejected);
    // And a credential is not proven by sshd's word.
    assert_int_equal(judged(method_of(soft), utmfa::host_evidence(key), "").use, Use::rejected);
    wish.options.emplace("rp", "utmfa");
    assert_false(static_cast<bool>(made(wish)));
  }
  const std::string ed_blob = ed_key().substr(ed_type.size() + 1);
  const std::string wrong[] = {
      "",
      ed_type,
      ed_type + " ",
      ed_type + " !!!!",
      ed_type + " " + ed_blob.substr(4),
      ed_type + " " + ed_blob.substr(0, ed_blob.size() - 4),
      ec_type + " " + ed_blob,
      ed_type + " " + utmfa::base64(*utmfa::from_base64(ed_blob) + "x"),
      ed_type + " " + utmfa::base64(string_of(ed_type) + string_of("short") + string_of("ssh:")),
      ed_key(""),
      ed_key("s\nh"),
      ed_type + " " + std::string(4000, 'A'),
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
      "ecdsa-sha2-nistp256 AAAA",
      std::string(9000, 's')};
  for (const std::string& each : wrong) assert_false(static_cast<bool>(utmfa::read_sk_key(each)));
  assert_true(utmfa::read_sk_key("ssh-ed25519 AAAA").error().code == utmfa::Code::refused);
}

void auth_info(void**) {
  const std::string both = "publickey " + ed_key() + "\npassword\npublickey " + ec_key() + "\n";
  assert_int_equal(utmfa::verified_sk_keys(both).size(), 2);
  assert_true(utmfa::verified_sk_keys(both)[0] == ed_key() && utmfa::verified_sk_keys(both)[1] == ec_key());
  const std::string nothing[] = {"",
                                 "\n\n",
                                 "publickey",
                                 "publickey ",
                                 "password " + ed_key(),
                                 " publickey " + ed_key(),
                                 "publickey  " + ed_key(),
                                 "publickey " + ed_key() + " more",
                                 "publickey ssh-ed25519 AAAA",
                                 "keyboard-interactive/pam"};
  for (const std::string& each : nothing) assert_true(utmfa::verified_sk_keys(each).empty());
  std::string many;
  for (int i = 0; i < 20; ++i) many += "publickey " + ed_key() + "\n";
  assert_int_equal(utmfa::verified_sk_keys(many).size(), 8);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(right),    cmocka_unit_test(bound),    cmocka_unit_test(flags),
      cmocka_unit_test(counters), cmocka_unit_test(once),     cmocka_unit_test(garbage),
      cmocka_unit_test(damaged),  cmocka_unit_test(ssh_keys), cmocka_unit_test(auth_info),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// SPDX-License-Identifier: Apache-2.0
// The lines that go between a sign-in and a security key at another machine: a challenge, the answer to it, and a key
// that registers. docs/assertion.md is the contract. Text in, values out: nothing here is believed, and no signature is
// looked at. Used by factors/, signin/ and setup/, and by the program that talks to the key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace utmfa {

enum class KeyAlgorithm { es256, eddsa, rs256 };
std::string_view name(KeyAlgorithm algorithm);  // "es256", as in a method file
// How much a key is asked to know who touches it, by PIN or fingerprint.
enum class Verification { discouraged, preferred, required };
std::string_view name(Verification verification);

// One that may answer. The first eight bytes of the SHA-256 of its id stand for it in an answer.
struct Credential {
  std::string rp;
  std::string id;  // empty = the key has kept it itself
};
using CredentialMark = std::array<unsigned char, 8>;
CredentialMark credential_mark(std::string_view id);

struct KeyChallenge {
  std::string host, user, service;
  std::string nonce;  // challenge_nonce_size bytes
  Verification verification = Verification::preferred;
  std::vector<Credential> credentials;  // those of one rp stand together
};
inline constexpr std::size_t challenge_nonce_size = 16;
inline constexpr std::size_t longest_credential = 1023, longest_rp = 255, most_credentials = 16;
inline constexpr std::size_t longest_key_answer = 999, longest_key_challenge = 32768;

struct KeyAnswer {
  CredentialMark credential{};
  std::string auth_data;  // raw, without the CBOR around it
  std::string signature;
};

// A key made at another machine, and a first answer of it, by which it proves that it works.
struct KeyLine {
  std::string rp;
  KeyAlgorithm algorithm = KeyAlgorithm::es256;
  std::string public_key;  // es256: x and y, 64 bytes; eddsa: 32; rs256: modulus 256 and exponent 3
  std::string credential;
  std::string aaguid;  // 16 bytes, or empty: not said
  std::string auth_data, signature;
};

// What the key signs is the authenticator data and this: SHA-256 of the challenge's line.
std::string client_data_hash(const KeyChallenge& challenge);
// The same for the first answer in a registration: SHA-256 of everything before it.
std::string registration_hash(const KeyLine& line);

// One line without a space. An Error: a field is too long, or empty where it must not be.
Result<std::string> print_challenge(const KeyChallenge& challenge);
Result<std::string> print_answer(const KeyAnswer& answer);
Result<std::string> print_registration(const KeyLine& line);

// White space anywhere is left out, because terminals break lines where they end.
Result<KeyChallenge> parse_challenge(std::string_view text);
Result<KeyAnswer> parse_answer(std::string_view text);
Result<KeyLine> parse_registration(std::string_view text);

// What `fido2-assert -G` prints, its lines one after the other with spaces between: client data hash, rp, authenticator
// data, signature, and what may follow. It does not say which credential it was.
struct Fido2Assert {
  std::string hash, rp, auth_data, signature;
};
Result<Fido2Assert> parse_fido2_assert(std::string_view text);
bool is_fido2_assert(std::string_view text);  // by its first word; the other form begins with "u1:"

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// "u1:" and base64url of a letter for the kind and then fields: a letter, a length of two bytes, the bytes. Each line has
// one spelling only, so that its digest stands for it.
#include "assertion/lines.h"

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/formats.h"
#include "base/text.h"

namespace utmfa {
namespace {

constexpr std::string_view start = "u1:";
constexpr char challenge_kind = 'C', answer_kind = 'A', registration_kind = 'R';
constexpr std::size_t longest_name = 255, aaguid_size = 16;
constexpr std::size_t least_auth_data = 37, most_auth_data = 256, most_signature = 512;
constexpr std::array<std::string_view, 3> algorithms = {"es256", "eddsa", "rs256"};
constexpr std::array<std::string_view, 3> verifications = {"discouraged", "preferred", "required"};
constexpr std::string_view algorithm_letters = "edr", verification_letters = "dpr";
constexpr std::array<std::size_t, 3> key_sizes = {64, 32, 259};

Error wrong(std::string_view what) { return {Code::invalid, "this line is not right: " + std::string(what)}; }

class Fields {
 public:
  explicit Fields(char kind) : bytes_(1, kind) {}
  void add(char letter, std::string_view value) {
    bytes_ += letter;
    bytes_ += static_cast<char>(value.size() >> 8 & 0xFF);
    bytes_ += static_cast<char>(value.size() & 0xFF);
    bytes_ += value;
  }
  const std::string& bytes() const { return bytes_; }
  std::string line() const { return std::string(start) + base64url(bytes_); }

 private:
  std::string bytes_;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : left_(bytes) {}
  bool done() const { return left_.empty(); }
  bool next_is(char letter) const { return !left_.empty() && left_[0] == letter; }

  // Absent: it is another field, is cut off, or is not of this size.
  std::optional<std::string> take(char letter, std::size_t least, std::size_t most) {
    if (!next_is(letter) || left_.size() < 3) return std::nullopt;
    const auto high = static_cast<unsigned char>(left_[1]), low = static_cast<unsigned char>(left_[2]);
    const std::size_t size = static_cast<std::size_t>(high) << 8 | low;
    if (size < least || size > most || left_.size() - 3 < size) return std::nullopt;
    std::string value(left_.substr(3, size));
    left_.remove_prefix(3 + size);
    return value;
  }

 private:
  std::string_view left_;
};

std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') kept += c;
  return kept;
}

std::string_view kind_in_words(char kind) {
  if (kind == challenge_kind) return "it is a challenge: utmfa-assert answers it";
  if (kind == answer_kind) return "it is an answer to a challenge";
  if (kind == registration_kind) return "it registers a key";
  return "it is none of utmfa-assert";
}

// The bytes after the letter of the kind.
Result<std::string> fields_of(std::string_view text, char kind, std::size_t longest) {
  if (text.size() > 2 * longest) return wrong("it is too long");
  const std::string line = without_spaces(text);
  if (line.size() > longest) return wrong("it is too long");
  const std::string_view version = line[0] == 'u' ? std::string_view(line).substr(1, line.find(':') - 1) : "";
  if (newer(formats::assertion_line, version)) return other_version("this line", formats::assertion_line, version);
  if (line.substr(0, start.size()) != start) return wrong("it does not begin with u1:");
  const Result<std::string> bytes = from_base64url(std::string_view(line).substr(start.size()));
  if (!bytes || bytes->empty()) return wrong("it is cut off or changed");
  if ((*bytes)[0] != kind) return wrong(kind_in_words((*bytes)[0]));
  return bytes->substr(1);
}

Error cut() { return wrong("it is cut off or changed"); }

bool plain_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && cleaned(text, longest_name) == text;
}

Status check(const KeyChallenge& challenge) {
  if (!plain_name(challenge.host) || !plain_name(challenge.user) || !plain_name(challenge.service))
    return wrong("a name is empty, too long or has control characters");
  if (challenge.nonce.size() != challenge_nonce_size) return wrong("its nonce has another size");
  if (challenge.credentials.empty() || challenge.credentials.size() > most_credentials)
    return wrong("it names no credential, or too many");
  for (const Credential& each : challenge.credentials)
    if (!plain_name(each.rp) || each.id.size() > longest_credential) return wrong("a credential is too long");
  return Done{};
}

Status check(const KeyLine& line) {
  if (!plain_name(line.rp)) return wrong("its rp is empty, too long or has control characters");
  if (line.public_key.size() != key_sizes[static_cast<std::size_t>(line.algorithm)])
    return wrong("its public key has another size than its algorithm");
  if (line.credential.empty() || line.credential.size() > longest_credential) return wrong("its credential");
  if (!line.aaguid.empty() && line.aaguid.size() != aaguid_size) return wrong("its aaguid");
  return Done{};
}

Fields fields_of(const KeyChallenge& challenge) {
  Fields fields(challenge_kind);
  fields.add('h', challenge.host);
  fields.add('u', challenge.user);
  fields.add('s', challenge.service);
  fields.add('n', challenge.nonce);
  fields.add('v', verification_letters.substr(static_cast<std::size_t>(challenge.verification), 1));
  std::string_view rp;
  for (const Credential& each : challenge.credentials) {
    if (each.rp != rp) fields.add('r', each.rp);
    rp = each.rp;
    fields.add('c', each.id);
  }
  return fields;
}

Fields fields_before_answer(const KeyLine& line) {
  Fields fields(registration_kind);
  fields.add('r', line.rp);
  fields.add('g', algorithm_letters.substr(static_cast<std::size_t>(line.algorithm), 1));
  fields.add('k', line.public_key);
  fields.add('c', line.credential);
  if (!line.aaguid.empty()) fields.add('i', line.aaguid);
  return fields;
}

std::string digest(std::string_view bytes) {
  const std::array<unsigned char, 32> made = sha256(bytes);
  return {reinterpret_cast<const char*>(made.data()), made.size()};
}

// The rp only where it is another than that of the credential before: one spelling for one list.
Status read_credentials(FieldReader& fields, std::vector<Credential>& to) {
  std::string rp;
  while (!fields.done()) {
    if (fields.next_is('r')) {
      const std::optional<std::string> next = fields.take('r', 1, longest_rp);
      if (!next || *next == rp || !fields.next_is('c')) return cut();
      rp = *next;
    }
    const std::optional<std::string> id = fields.take('c', 0, longest_credential);
    if (!id || rp.empty()) return cut();
    to.push_back({rp, *id});
  }
  return Done{};
}

}  // namespace

std::string_view name(KeyAlgorithm algorithm) { return algorithms[static_cast<std::size_t>(algorithm)]; }
std::string_view name(Verification verification) { return verifications[static_cast<std::size_t>(verification)]; }

CredentialMark credential_mark(std::string_view id) {
  const std::array<unsigned char, 32> made = sha256(id);
  CredentialMark mark{};
  std::copy_n(made.begin(), mark.size(), mark.begin());
  return mark;
}

std::string client_data_hash(const KeyChallenge& challenge) { return digest(fields_of(challenge).line()); }

std::string registration_hash(const KeyLine& line) { return digest(fields_before_answer(line).bytes()); }

Result<std::string> print_challenge(const KeyChallenge& challenge) {
  if (Status good = check(challenge); !good) return good.error();
  std::string line = fields_of(challenge).line();
  if (line.size() > longest_key_challenge) return wrong("it is too long");
  return line;
}

Result<std::string> print_answer(const KeyAnswer& answer) {
  Fields fields(answer_kind);
  fields.add('c', {reinterpret_cast<const char*>(answer.credential.data()), answer.credential.size()});
  fields.add('a', answer.auth_data);
  fields.add('s', answer.signature);
  std::string line = fields.line();
  if (line.size() > longest_key_answer) return wrong("it is too long");
  return line;
}

Result<std::string> print_registration(const KeyLine& key) {
  if (Status good = check(key); !good) return good.error();
  Fields fields = fields_before_answer(key);
  fields.add('a', key.auth_data);
  fields.add('s', key.signature);
  std::string line = fields.line();
  if (line.size() > longest_key_answer) return wrong("it is too long");
  return line;
}

Result<KeyChallenge> parse_challenge(std::string_view text) {
  const Result<std::string> bytes = fields_of(text, challenge_kind, longest_key_challenge);
  if (!bytes) return bytes.error();
  FieldReader fields(*bytes);
  const auto host = fields.take('h', 1, longest_name), user = fields.take('u', 1, longest_name),
             service = fields.take('s', 1, longest_name),
             nonce = fields.take('n', challenge_nonce_size, challenge_nonce_size), how = fields.take('v', 1, 1);
  if (!host || !user || !service || !nonce || !how) return cut();
  KeyChallenge challenge{*host, *user, *service, *nonce, {}, {}};
  const std::size_t verification = verification_letters.find(*how);
  if (verification == verification_letters.npos) return cut();
  challenge.verification = static_cast<Verification>(verification);
  if (Status read = read_credentials(fields, challenge.credentials); !read) return read.error();
  if (Status good = check(challenge); !good) return good.error();
  return challenge;
}

Result<KeyAnswer> parse_answer(std::string_view text) {
  const Result<std::string> bytes = fields_of(text, answer_kind, longest_key_answer);
  if (!bytes) return bytes.error();
  FieldReader fields(*bytes);
  KeyAnswer answer;
  const auto mark = fields.take('c', answer.credential.size(), answer.credential.size()),
             data = fields.take('a', least_auth_data, most_auth_data), signature = fields.take('s', 1, most_signature);
  if (!mark || !data || !signature || !fields.done()) return cut();
  std::copy(mark->begin(), mark->end(), answer.credential.begin());
  answer.auth_data = *data;
  answer.signature = *signature;
  return answer;
}

Result<KeyLine> parse_registration(std::string_view text) {
  const Result<std::string> bytes = fields_of(text, registration_kind, longest_key_answer);
  if (!bytes) return bytes.error();
  FieldReader fields(*bytes);
  const auto rp = fields.take('r', 1, longest_rp), algorithm = fields.take('g', 1, 1),
             key = fields.take('k', 1, key_sizes.back()), credential = fields.take('c', 1, longest_credential);
  if (!rp || !algorithm || !key || !credential) return cut();
  const bool named = fields.next_is('i');
  const auto aaguid = named ? fields.take('i', aaguid_size, aaguid_size) : std::optional<std::string>("");
  const auto data = fields.take('a', least_auth_data, most_auth_data), signature = fields.take('s', 1, most_signature);
  const std::size_t which = algorithm_letters.find(*algorithm);
  if (!aaguid || !data || !signature || !fields.done() || which == algorithm_letters.npos) return cut();
  KeyLine line{*rp, static_cast<KeyAlgorithm>(which), *key, *credential, *aaguid, *data, *signature};
  if (Status good = check(line); !good) return good.error();
  return line;
}

}  // namespace utmfa

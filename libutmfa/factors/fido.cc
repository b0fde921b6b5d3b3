// SPDX-License-Identifier: Apache-2.0
// A security key: it signs a challenge of this sign-in (here, or at another machine), or sshd has verified it. What is
// looked at is the signature and what it covers; who brought it is not believed.
#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/text.h"
#include "factors/key_signature.h"
#include "factors/oath.h"
#include "factors/rows.h"
#include "factors/sk_key.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"credential", FieldType::text, "", "-"},
                                {"public-key", FieldType::text, "", "-"},
                                {"algorithm", FieldType::choice, "es256|eddsa|rs256", "-"},
                                {"rp", FieldType::text, "", "-"},
                                {"aaguid", FieldType::text, "", "-"},
                                {"ssh-key", FieldType::text, "", "-"},
                                {"verification", FieldType::choice, "service|required", "service"}};
constexpr std::size_t longest_text = 1024, aaguid_size = 16;

bool by_host(const Method& method) { return !method.field("ssh-key").empty(); }

std::optional<KeyAlgorithm> algorithm_of(const Method& method) {
  for (const KeyAlgorithm each : {KeyAlgorithm::es256, KeyAlgorithm::eddsa, KeyAlgorithm::rs256})
    if (method.field("algorithm") == name(each)) return each;
  return std::nullopt;
}

std::string bytes_of(const Method& method, std::string_view field) {
  const Result<std::string> bytes = from_base64url(method.field(field));
  return bytes ? *bytes : std::string();
}

Credential credential(const Method& method) {
  return {std::string(method.field("rp")), bytes_of(method, "credential")};
}

Answered answered(const Method& method) { return by_host(method) ? Answered::by_host : Answered::by_key; }

Verification verification(const Method& method) {
  return method.field("verification") == "required" ? Verification::required : Verification::discouraged;
}

std::string_view model(const Method& method) { return method.field("aaguid"); }
std::string_view host_key(const Method& method) { return method.field("ssh-key"); }

Judgement rejected(const MethodState& state, std::string_view why) { return {Use::rejected, state, why}; }

// Both zero: a key that does not count (WebAuthn section 6.1.1).
bool went_back(std::int64_t last, std::uint32_t counter) {
  return last >= 0 && (counter != 0 || last != 0) && static_cast<std::int64_t>(counter) <= last;
}

struct Answer {
  std::string auth_data, signature;
  std::string_view fault;
};

Answer read_answer(const Method& method, const KeyChallenge& challenge, std::string_view text) {
  if (is_fido2_assert(text)) {
    Result<Fido2Assert> read = parse_fido2_assert(text);
    if (!read) return {{}, {}, "not what fido2-assert prints"};
    if (read->hash != client_data_hash(challenge)) return {{}, {}, "an answer to another challenge"};
    return {std::move(read->auth_data), std::move(read->signature), {}};
  }
  Result<KeyAnswer> read = parse_answer(text);
  if (!read) return {{}, {}, "no answer of a security key"};
  const std::string id = bytes_of(method, "credential");
  if (!id.empty() && read->credential != credential_mark(id)) return {{}, {}, "another credential answered"};
  return {std::move(read->auth_data), std::move(read->signature), {}};
}

// What the state keeps of a challenge that was answered right: nothing is looked at twice.
std::uint64_t mark_of(std::string_view hash) { return method_mark(hash); }

Result<Judgement> judge_signed(const Method& method, const KeyChallenge& challenge, const MethodState& state,
                               std::string_view text) {
  const Credential own = credential(method);
  const bool asked = std::any_of(challenge.credentials.begin(), challenge.credentials.end(),
                                 [&](const Credential& each) { return each.rp == own.rp && each.id == own.id; });
  const std::optional<KeyAlgorithm> algorithm = algorithm_of(method);
  if (!asked || !algorithm) return rejected(state, "this key was not asked");
  const std::string hash = client_data_hash(challenge), key = bytes_of(method, "public-key");
  const Answer answer = read_answer(method, challenge, text);
  if (!answer.fault.empty()) return rejected(state, answer.fault);
  const bool demanded = verification(method) == Verification::required;
  const Result<std::string_view> fault = fault_of({own.rp, key, answer.auth_data, hash, answer.signature, *algorithm,
                                                   demanded ? Verification::required : challenge.verification});
  if (!fault) return fault.error();
  if (!fault->empty()) return rejected(state, *fault);
  if (state.used == mark_of(hash)) return Judgement{Use::used, state, {}};
  const std::uint32_t counter = read_auth_data(answer.auth_data)->counter;
  if (went_back(state.moving, counter))
    return Judgement{Use::copied, state, "the counter of the key went back: it may have been copied"};
  Judgement accepted{Use::accepted, state, {}};
  accepted.after.moving = counter;
  accepted.after.used = mark_of(hash);
  return accepted;
}

// `asked` is not the person's word: a challenge that was made for this sign-in, or what sshd has verified.
Result<Judgement> judge(const Method& method, const Secret& asked, const MethodState& state, const FactorRules&,
                        std::string_view answer, Time) {
  if (by_host(method)) {
    const bool named = asked.view() == host_evidence(method.field("ssh-key"));
    return named ? Judgement{Use::accepted, state, {}} : rejected(state, "sshd has not verified this key");
  }
  const Result<KeyChallenge> challenge = parse_challenge(asked.view());
  if (!challenge) return rejected(state, "it was not asked for");
  return judge_signed(method, *challenge, state, answer);
}

// A method file that somebody changed by hand is told, and closed.
std::string_view unusable(const Method& method, const MethodState&, Time) {
  if (by_host(method)) {
    const bool only = method.field("public-key").empty() && method.field("credential").empty();
    return only && read_sk_key(method.field("ssh-key")) ? std::string_view() : UTMFA_MSG("its ssh key is damaged");
  }
  const bool id = method.field("credential").empty() || !bytes_of(method, "credential").empty();
  const bool whole = algorithm_of(method) && !bytes_of(method, "public-key").empty() && !method.field("rp").empty();
  return id && whole ? std::string_view() : UTMFA_MSG("its public key is damaged");
}

int left(const Method&, const MethodState&) { return -1; }

Status check_key(const Method& method) {
  const std::optional<KeyAlgorithm> algorithm = algorithm_of(method);
  if (!algorithm) return Error{Code::invalid, "algorithm: expected es256, eddsa or rs256"};
  // A signature that cannot be right: only whether there is such a key is told.
  if (const Result<bool> tried = signed_by(*algorithm, bytes_of(method, "public-key"), "", "", "-"); !tried)
    return tried.error();
  if (method.field("rp").empty() || cleaned(method.field("rp"), longest_rp) != method.field("rp"))
    return Error{Code::invalid, "rp: expected 1 to 255 bytes of text"};
  const std::string_view id = method.field("credential"), model = method.field("aaguid");
  if (id.size() > longest_text || (!id.empty() && bytes_of(method, "credential").empty()))
    return Error{Code::invalid, "credential: expected at most 768 bytes in base64url"};
  if (const Result<Secret> read = from_hex(model); !model.empty() && (!read || read->size() != aaguid_size))
    return Error{Code::invalid, "aaguid: expected 32 hexadecimal digits"};
  return Done{};
}

Status check_ssh_key(const Method& method) {
  for (const std::string_view other : {"credential", "public-key", "algorithm", "rp", "aaguid"})
    if (!method.field(other).empty()) return Error{Code::invalid, std::string(other) + ": not of an ssh key"};
  const Result<std::string> read = read_sk_key(method.field("ssh-key"));
  return read ? Status(Done{}) : read.error();
}

// The key is there already: it was made by the device, and what proves it is the caller's affair.
Result<Made> make(const Wish& wish, Random&, Time now) {
  if (Status known = known_options(wish, fields, "counter"); !known) return known.error();
  Made made;
  Method& method = made.method;
  method.kind = fido_factor.kind;
  method.label = wish.label.empty() ? std::string(fido_factor.title) : wish.label;
  method.registered = now;
  method.proof = Proof::waiting;
  for (const FieldRule& rule : fields) {
    const auto found = wish.options.find(rule.key);
    const std::string value =
        found == wish.options.end() ? (rule.fallback == "-" ? "" : std::string(rule.fallback)) : found->second;
    if (!value.empty()) method.fields.emplace(rule.key, value);
  }
  if (!valid_choice(method.field("verification"), "service|required"))
    return Error{Code::invalid, "verification: expected service or required"};
  if (Status good = by_host(method) ? check_ssh_key(method) : check_key(method); !good) return good.error();
  if (const auto counter = wish.options.find("counter"); counter != wish.options.end())
    made.moving = number(counter->second, 0, UINT32_MAX).value_or(-1);
  return made;
}

// Each question is another one, so that nothing old is worth anything; the counter begins anew.
MethodState spent(const Method&, const FactorRules&, Time) { return {}; }

}  // namespace

constexpr Factor fido_factor = {
    .kind = "fido",
    .fields = fields,
    .secret_field = {},
    .id_stem = "key",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Answer of {0}"),
    .plain_prompt = UTMFA_MSG("Answer of the security key"),
    .listed = UTMFA_MSG("{0} - security key"),
    .title = UTMFA_MSG("Security key"),
    .brief_listed = UTMFA_MSG("Key {0}"),
    .standing = Standing::lasting,
    .prepare = nullptr,
    .judge = judge,
    .unusable = unusable,
    .left = left,
    .make = make,
    .decoy = nullptr,  // never asked where the first factor is not proven
    .resync = nullptr,
    .spent = spent,
    .answered = answered,
    .credential = credential,
    .verification = verification,
    .model = model,
    .host_key = host_key,
    .verified = host_evidence,
};

}  // namespace utmfa

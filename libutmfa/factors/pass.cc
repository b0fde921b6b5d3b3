// SPDX-License-Identifier: Apache-2.0
// A temporary pass that an administrator gives to a person who has nothing else: until a stated time, once or often.
#include "base/text.h"
#include "factors/codes.h"
#include "factors/oath.h"
#include "factors/rows.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"hash", FieldType::sealed, "", ""},
                                {"expires", FieldType::time, "", ""},
                                {"uses", FieldType::choice, "once|many", "once"}};
constexpr std::size_t code_length = 12, group = 4;
constexpr std::int64_t shortest = 600, usual = 3600, longest = 30 * 86400;

bool expired(const Method& method, Time now) {
  const std::optional<Time> expires = from_iso_time(method.field("expires"));
  return !expires || now >= *expires;
}

bool used_up(const Method& method, const MethodState& state) {
  return method.field("uses") == "once" && state.used > 0;
}

Result<Judgement> judge(const Method& method, const Secret& secret, const MethodState& state, const FactorRules&,
                        std::string_view typed_hash, Time now) {
  if (Status stored = check_stored(method, secret, 1); !stored) return stored.error();
  Judgement judgement{Use::rejected, state};
  if (!equal(stored_hash(secret, 0), typed_hash) || expired(method, now)) return judgement;
  judgement.use = used_up(method, state) ? Use::used : Use::accepted;
  ++judgement.after.used;
  return judgement;
}

std::string_view unusable(const Method& method, const MethodState& state, Time now) {
  if (expired(method, now)) return UTMFA_MSG("expired");
  return used_up(method, state) ? UTMFA_MSG("already used") : std::string_view();
}

int left(const Method&, const MethodState&) { return -1; }

Result<std::int64_t> validity(const Wish& wish) {
  const auto found = wish.options.find("valid");
  if (found == wish.options.end()) return usual;
  const std::optional<std::int64_t> seconds = duration(found->second);
  if (!seconds || *seconds < shortest || *seconds > longest) return Error{Code::invalid, "valid: expected 10m to 30d"};
  return *seconds;
}

Result<Made> blank(const Wish& wish, Random& random, Time now) {
  const Result<std::string> uses = wished(wish, fields[2]);
  if (!uses) return uses.error();
  const Result<std::int64_t> seconds = validity(wish);
  if (!seconds) return seconds.error();
  Made made;
  made.method.kind = pass_factor.kind;
  made.method.label = wish.label.empty() ? std::string(pass_factor.title) : wish.label;
  made.method.registered = now;
  made.method.fields.emplace("expires", iso_time(now + *seconds));
  made.method.fields.emplace("uses", *uses);
  Result<Secret> packed = random.bytes(salt_size + code_hash_size);
  if (!packed) return packed.error();
  made.secrets.emplace("hash", std::move(*packed));
  return made;
}

Result<Made> make(const Wish& wish, Random& random, Time now) {
  if (Status known = known_options(wish, {}, "valid|uses"); !known) return known.error();
  Result<Made> made = blank(wish, random, now);
  if (!made) return made;
  const Result<Secret> code = new_code(random, code_length);
  if (!code) return code.error();
  Secret& packed = made->secrets.find("hash")->second;
  const Result<Secret> hash = code_hash(code->view(), packed.view().substr(0, salt_size));
  if (!hash) return hash.error();
  hash->view().copy(packed.data() + salt_size, code_hash_size);
  made->shown.push_back(grouped(code->view(), group));
  return made;
}

Result<Made> decoy(Random& random, Time now) { return blank({}, random, now); }

MethodState spent(const Method&, const FactorRules&, Time) {
  MethodState state;
  state.used = 1;
  return state;
}

}  // namespace

constexpr Factor pass_factor = {
    .kind = "pass",
    .fields = fields,
    .secret_field = "hash",
    .id_stem = "pass!",
    .echo = Echo::hidden,  // it may be good for many sign-ins
    .prompt = UTMFA_MSG("Temporary pass"),
    .plain_prompt = UTMFA_MSG("Temporary pass"),
    .listed = UTMFA_MSG("{0}"),
    .title = UTMFA_MSG("Temporary pass"),
    .brief_listed = UTMFA_MSG("{0}"),
    .standing = Standing::temporary,
    .prepare = typed_code_hash,
    .judge = judge,
    .unusable = unusable,
    .left = left,
    .make = make,
    .decoy = decoy,
    .spent = spent,
};

}  // namespace utmfa

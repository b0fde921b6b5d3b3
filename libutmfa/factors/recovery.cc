// SPDX-License-Identifier: Apache-2.0
// A sheet of ten one-time codes for the day when nothing else is at hand. Each is accepted once.
#include <algorithm>
#include <bit>

#include "base/text.h"
#include "factors/codes.h"
#include "factors/oath.h"
#include "factors/rows.h"

namespace utmfa {
namespace {

constexpr FieldRule fields[] = {{"codes", FieldType::sealed, "", ""}, {"count", FieldType::number, "1..64", ""}};
constexpr std::size_t code_count = 10, code_length = 10, group = 5;
constexpr std::size_t most_codes = 64, shortest_adopted = 8, longest_adopted = 32;

std::uint64_t bit(std::size_t index) { return std::uint64_t{1} << index; }

Result<Judgement> judge(const Method& method, const Secret& secret, const MethodState& state, const FactorRules&,
                        std::string_view typed_hash, Time) {
  const auto count = static_cast<std::size_t>(method.number("count"));
  if (Status stored = check_stored(method, secret, count); !stored) return stored.error();
  Judgement judgement{Use::rejected, state};
  for (std::size_t i = 0; i < count; ++i) {
    if (!equal(stored_hash(secret, i), typed_hash)) continue;
    judgement.use = (state.used & bit(i)) != 0 ? Use::used : Use::accepted;
    judgement.after.used |= bit(i);
  }
  return judgement;
}

int left(const Method& method, const MethodState& state) {
  const auto count = static_cast<int>(method.number("count"));
  return count > std::popcount(state.used) ? count - std::popcount(state.used) : 0;
}

std::string_view unusable(const Method& method, const MethodState& state, Time) {
  return left(method, state) > 0 ? std::string_view() : UTMFA_MSG("no codes left");
}

Result<Made> blank(const Wish& wish, std::size_t count, Random& random, Time now) {
  if (Status known = known_options(wish, {}, ""); !known) return known.error();
  Made made;
  made.method.kind = recovery_factor.kind;
  made.method.label = wish.label.empty() ? std::string(recovery_factor.title) : wish.label;
  made.method.registered = now;
  made.method.fields.emplace("count", std::to_string(count));
  Result<Secret> packed = random.bytes(salt_size + count * code_hash_size);
  if (!packed) return packed.error();
  made.secrets.emplace("codes", std::move(*packed));
  return made;
}

bool code_letter(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool adoptable(std::string_view code) {
  const auto letters = static_cast<std::size_t>(std::count_if(code.begin(), code.end(), code_letter));
  const auto hyphens = static_cast<std::size_t>(std::count(code.begin(), code.end(), '-'));
  return letters >= shortest_adopted && letters <= longest_adopted && letters + hyphens == code.size();
}

// A sheet that the person has on paper already, from another system: its codes, separated by spaces.
Result<Made> adopt(const Wish& wish, Random& random, Time now) {
  std::vector<std::string_view> codes = split(wish.secret.view(), ' ');
  std::erase(codes, std::string_view());
  if (codes.empty() || codes.size() > most_codes || !std::all_of(codes.begin(), codes.end(), adoptable))
    return Error{Code::invalid, "codes: expected 1 to 64 codes of 8 to 32 letters and digits, separated by spaces"};
  Result<Made> made = blank(wish, codes.size(), random, now);
  if (!made) return made;
  Secret& packed = made->secrets.find("codes")->second;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const Result<Secret> hash = typed_code_hash(packed, codes[i]);
    if (!hash) return hash.error();
    if (packed.view().substr(0, salt_size + i * code_hash_size).find(hash->view(), salt_size) != std::string_view::npos)
      return Error{Code::invalid, "codes: the same code twice"};
    hash->view().copy(packed.data() + salt_size + i * code_hash_size, code_hash_size);
  }
  return made;
}

Result<Made> make(const Wish& wish, Random& random, Time now) {
  if (!wish.secret.empty()) return adopt(wish, random, now);
  Result<Made> made = blank(wish, code_count, random, now);
  if (!made) return made;
  Secret& packed = made->secrets.find("codes")->second;
  for (std::size_t i = 0; i < code_count; ++i) {
    const Result<Secret> code = new_code(random, code_length);
    if (!code) return code.error();
    const Result<Secret> hash = code_hash(code->view(), packed.view().substr(0, salt_size));
    if (!hash) return hash.error();
    hash->view().copy(packed.data() + salt_size + i * code_hash_size, code_hash_size);
    made->shown.push_back(grouped(code->view(), group));
  }
  return made;
}

// Random bytes stand for the hashes: nobody has their codes, and hashing ten of them would take a second.
Result<Made> decoy(Random& random, Time now) { return blank({}, code_count, random, now); }

MethodState spent(const Method&, const FactorRules&, Time) {
  MethodState state;
  state.used = ~std::uint64_t{0};
  return state;
}

}  // namespace

constexpr Factor recovery_factor = {
    .kind = "recovery",
    .fields = fields,
    .secret_field = "codes",
    .id_stem = "recovery!",
    .echo = Echo::shown,
    .prompt = UTMFA_MSG("Recovery code"),
    .plain_prompt = UTMFA_MSG("Recovery code"),
    .listed = UTMFA_MSG("{0} ({1} codes left)"),
    .title = UTMFA_MSG("Recovery sheet"),
    .brief_listed = UTMFA_MSG("{0}"),
    .standing = Standing::lasting,
    .prepare = typed_code_hash,
    .judge = judge,
    .unusable = unusable,
    .left = left,
    .make = make,
    .decoy = decoy,
    .spent = spent,
};

}  // namespace utmfa

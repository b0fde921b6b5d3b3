// SPDX-License-Identifier: Apache-2.0
// First uses, paid once before processes are forked; and the decoy method file.
#include "base/encoding.h"
#include "factors/factor.h"
#include "vault/decoy.h"
#include "vault/seal.h"

namespace utmfa {
namespace {

std::string sealed_zeros(std::size_t size) { return "v1:k1:" + base64(std::string(size, '\0')); }

Method decoy_method(std::string_view id, std::string_view kind) {
  Method method;
  method.id = id;
  method.kind = kind;
  method.label = "decoy";
  method.registered = method.tested = 1;
  return method;
}

// Of the size that most people's have: an app and a sheet.
std::string decoy_text() {
  MethodFile file;
  file.user = "decoy";
  file.status = Registration::active;
  Method app = decoy_method("app-1", "totp");
  app.fields = {{"secret", sealed_zeros(48)}, {"digits", "6"}, {"period", "30"}, {"algorithm", "sha1"}};
  Method sheet = decoy_method("recovery", "recovery");
  sheet.fields = {{"codes", sealed_zeros(204)}, {"count", "10"}};
  file.methods.push_back(std::move(app));
  file.methods.push_back(std::move(sheet));
  return print_method_file(file, kind_rules());
}

void warm_seal(Random& random) {
  UserKeys keys;
  keys.active = "k1";
  const Result<Secret> key = user_key(Secret(std::size_t{32}), "warm");
  if (!key) return;
  keys.keys.emplace("k1", key->clone());
  const SealedPlace place{"warm", "app-1", "totp", "secret"};
  const Result<std::string> sealed = seal(keys, place, "warm", random);
  if (sealed) (void)unseal(keys, place, *sealed);
  (void)keyed_digest(*key, "warm", "");
}

void warm_factors(Random& random) {
  for (const Factor& factor : factors()) {
    if (factor.decoy == nullptr || factor.prepare != nullptr)
      continue;  // a slow hash is not made cheaper by a first one
    Result<Made> made = factor.decoy(random, 1'000'000'000);
    if (!made) continue;
    const Secret& secret = made->secrets.begin()->second;
    (void)factor.judge(made->method, secret, MethodState{}, FactorRules{}, "000000", 1'000'000'000);
  }
}

}  // namespace

Result<MethodFile> decoy_method_file() {
  static const std::string text = decoy_text();
  if (Result<MethodFile> file = parse_method_file(text, "decoy", kind_rules()); !file) return file.error();
  return MethodFile{};
}

// What fails here fails again, and is told, where it is needed.
void warm_vault() {
  SystemRandom random;
  warm_seal(random);
  warm_factors(random);
  (void)decoy_method_file();
}

}  // namespace utmfa

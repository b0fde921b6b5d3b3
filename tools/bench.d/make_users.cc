// SPDX-License-Identifier: Apache-2.0
// make_users DATA_DIR KEYS_DIR < PEOPLE: enrols many people through the product's own registry, for tools/bench. A line
// of PEOPLE is NAME SECRET(hex); each gets an authenticator app with that secret and a recovery sheet, tested and
// applied. Syncs of single files are left out here, and only here: one sync of everything ends the work.
#include <unistd.h>

#include <iostream>
#include <string>

#include "base/encoding.h"
#include "setup/setup.h"

// The C library's own are shadowed by the program's: 240,000 of them would take minutes.
extern "C" int fsync(int) { return 0; }
extern "C" int fdatasync(int) { return 0; }
extern "C" int syncfs(int) noexcept { return 0; }

namespace {

using namespace utmfa;

// Hashing a sheet is slow on purpose: one is made, and everybody gets a copy, sealed for himself.
Made copy_of(const Made& sheet) {
  Made made;
  made.method = sheet.method;
  for (const auto& [field, secret] : sheet.secrets) made.secrets.emplace(field, secret.clone());
  return made;
}

Status enrol(Registered& person, const Secret& secret, const Made& sheet, const UserKeys& keys, Random& random,
             Time now) {
  Wish wish;
  wish.label = "phone";
  wish.secret = secret.clone();
  auto app = factor_for("totp")->make(wish, random, now);
  if (!app) return app.error();
  Made copy = copy_of(sheet);
  Made* both[] = {&*app, &copy};
  for (Made* made : both) {
    auto id = add_method(person, std::move(*made), keys, random, now);
    if (!id) return id.error();
    if (auto confirmed = confirm_method(person, *id); !confirmed) return confirmed.error();
    if (auto tested = mark_tested(person, *id, now); !tested) return tested.error();
  }
  return apply(person, RegistrationRules{});
}

Result<KeyRing> new_ring(const std::string& directory, Random& random) {
  auto id = make_key(directory, random);
  if (!id) return id.error();
  if (auto active = activate_key(directory, *id); !active) return active.error();
  return KeyRing::open(directory);
}

Status enrol_all(std::istream& people, const Directories& directories) {
  SystemRandom random;
  SystemClock clock;
  for (const std::string& each : {directories.keys, directories.methods(), directories.state(), directories.kept()})
    if (auto made = make_directory(each, 0700); !made) return made.error();
  auto ring = new_ring(directories.keys, random);
  if (!ring) return ring.error();
  const auto sheet = factor_for("recovery")->make(Wish{}, random, clock.now());
  if (!sheet) return sheet.error();
  Registry registry(directories, *ring, clock, random);
  for (std::string name, hex; people >> name >> hex;) {
    const auto secret = from_hex(hex);
    if (!secret) return secret.error();
    const UserKeys keys = ring->keys_for(name);
    auto enrolled = registry.change(
        name, [&](Registered& person) { return enrol(person, *secret, *sheet, keys, random, clock.now()); });
    if (!enrolled) return enrolled.error();
  }
  ::sync();
  return Done{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto done = enrol_all(std::cin, Directories{argv[1], argv[2]});
  if (!done) std::cerr << "make_users: " << done.error().what << '\n';
  return done ? 0 : 1;
}

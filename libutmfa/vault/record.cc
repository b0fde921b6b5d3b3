// SPDX-License-Identifier: Apache-2.0
// Opening one person's record, for root's programs. A name without a method file gets one of the decoy states, chosen
// by a keyed digest so that nobody can tell which names share one.
#include "base/encoding.h"
#include "base/formats.h"
#include "vault/file_vault.h"

namespace utmfa {
namespace {

constexpr std::string_view decoy_stem = "decoy";

std::string three_digits(int number) {
  const std::string digits = std::to_string(number);
  return std::string(3 - digits.size(), '0') + digits;
}

std::string decoy_user(int number) { return std::string(decoy_stem) + "/" + three_digits(number); }

Result<int> decoy_number(const UserKeys& keys) {
  const auto key = keys.keys.find(keys.active);
  if (key == keys.keys.end()) return Error{Code::internal, "key ring: no active key"};
  const Result<std::string> digest = keyed_digest(key->second, "decoy", "");
  if (!digest) return digest.error();
  return static_cast<unsigned char>((*digest)[0]) % decoy_count;
}

Result<Descriptor> directory_of(const std::string& path) {
  Result<Descriptor> opened = open_directory(path, Privacy::secret);
  if (!opened && opened.error().code == Code::not_found)  // the person is not proven absent where the house is
    return Error{Code::os, path + ": missing: run `utmfa-admin setup`"};
  return opened;
}

Status open_decoy(Record& record, const House& house, const KeyRing& ring) {
  const Result<int> number = decoy_number(record.keys);
  if (!number) return number.error();
  record.state_user = decoy_user(*number);
  record.state_path = house.data + "/" + record.state_user;
  record.keys = ring.keys_for(record.state_user);
  Result<Descriptor> state =
      open_file(house.decoys.get(), three_digits(*number), record.state_path, Privacy::secret, Access::read_write);
  if (!state) return Error{Code::corrupt, state.error().what + ": utmfad makes it when it starts"};
  record.state = std::move(*state);
  return Done{};
}

Result<Record> decoy_record(Record record, const House& house, const KeyRing& ring) {
  if (Status opened = open_decoy(record, house, ring); !opened) return opened.error();
  return record;
}

bool in_order(int directory, const std::string& path, const std::string& user, const UserKeys& keys, int number) {
  const Result<Descriptor> file = open_file(directory, three_digits(number), path, Privacy::secret, Access::read_write);
  return file && StateFile(file->get(), user, keys, path).read();
}

}  // namespace

Result<House> open_house(const std::string& data) {
  if (Status known = known_layout(data, formats::data_directory); !known) return known.error();
  Result<Descriptor> methods = directory_of(data + "/methods");
  if (!methods) return methods.error();
  Result<Descriptor> state = directory_of(data + "/state");
  if (!state) return state.error();
  // Missing until utmfad's first start; whoever is registered needs none.
  Result<Descriptor> decoys = open_directory(data + "/decoy", Privacy::secret);
  if (!decoys && decoys.error().code != Code::not_found) return decoys.error();
  House house{data, std::move(*methods), std::move(*state), {}};
  if (decoys) house.decoys = std::move(*decoys);
  return house;
}

Result<Record> open_record(const House& house, const KeyRing& ring, const std::string& user, Name known) {
  Record record;
  record.user = record.state_user = user;
  record.keys = ring.keys_for(user);
  const std::string name = file_name(user);
  record.methods_path = house.data + "/methods/" + name + ".yaml";
  record.state_path = house.data + "/state/" + name;
  if (known == Name::unknown) return decoy_record(std::move(record), house, ring);
  Result<Descriptor> methods =
      open_file(house.methods.get(), name + ".yaml", record.methods_path, Privacy::secret, Access::read);
  if (!methods && methods.error().code == Code::not_found) return decoy_record(std::move(record), house, ring);
  if (!methods) return methods.error();
  record.methods = std::move(*methods);
  Result<Descriptor> state = open_file(house.state.get(), name, record.state_path, Privacy::secret, Access::read_write);
  if (!state && state.error().code == Code::not_found)
    return Error{Code::corrupt, record.state_path + ": missing: closed until `utmfa-admin state rebuild " + user + "`"};
  if (!state) return state.error();
  record.state = std::move(*state);
  return record;
}

Result<Record> open_record(const std::string& data, const KeyRing& ring, const std::string& user) {
  const Result<House> house = open_house(data);
  if (!house) return house.error();
  return open_record(*house, ring, user, Name::known);
}

Status make_decoys(const std::string& data, const KeyRing& ring) {
  if (Status known = known_layout(data, formats::data_directory); !known) return known;
  const std::string path = data + "/decoy";
  if (Status made = make_directory(path, 0700); !made) return made;
  const Result<Descriptor> directory = open_directory(path, Privacy::secret);
  if (!directory) return directory.error();
  for (int number = 0; number < decoy_count; ++number) {
    const std::string user = decoy_user(number), shown = data + "/" + user;
    const UserKeys keys = ring.keys_for(user);
    if (in_order(directory->get(), shown, user, keys, number)) continue;
    // Not synced: one that a crash took away is made again at the next start.
    const Status made =
        create_state(directory->get(), three_digits(number), shown, user, keys, State{}, Durable::later);
    if (!made) return made;
  }
  return Done{};
}

}  // namespace utmfa

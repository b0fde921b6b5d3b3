// SPDX-License-Identifier: Apache-2.0
// One person's record: how the broker opens it, and how it travels to the sign-in process. The broker opens files and
// derives keys; it reads neither methods nor state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "channel.h"
#include "settings.h"
#include "vault/file_vault.h"
#include "vault/key_ring.h"

namespace utmfa {

class Records {
 public:
  // Directories and key ring; makes the decoy states where they are missing.
  static Result<Records> open(const Settings& settings);
  Result<Record> record(const std::string& user, Name name) const { return open_record(house_, ring_, user, name); }
  // For who changes his registration: never a decoy; the state is made where there is none yet.
  Result<Record> record_for_change(const std::string& user) const;
  Result<Descriptor> method_file(const std::string& user) const;                  // Code::not_found: proven absent
  Status save_method_file(const std::string& user, std::string_view text) const;  // "" takes it away
  void forget_unused(const std::string& user) const;  // a state to which no method file came
  // The ring on disk is another one than when it was read.
  bool keys_changed() const { return keys_seen_.changed(); }

 private:
  Records(Seen keys, House house, KeyRing ring)
      : keys_seen_(std::move(keys)), house_(std::move(house)), ring_(std::move(ring)) {}
  Result<Descriptor> new_state(const Record& record) const;
  Seen keys_seen_;
  House house_;
  KeyRing ring_;
};

Status send_record(int channel, const Record& record);
Result<Record> received_record(Packet packet);

}  // namespace utmfa

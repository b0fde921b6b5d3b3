// SPDX-License-Identifier: Apache-2.0
// The channel to the broker as a sign-in process uses it: its record, its audit lines, and, where a registration is
// changed, that person's method file. Every one of these is a request that the broker may refuse.
#pragma once

#include "audit/audit.h"
#include "broker_messenger.h"
#include "record.h"
#include "setup/held_registrar.h"
#include "signin/sign_in.h"

namespace utmfa {

class BrokerAudit final : public Audit {
 public:
  explicit BrokerAudit(int channel) : channel_(channel) {}
  Status record(const Event& event) override;

 private:
  int channel_;
};

enum class For { sign_in, change };
Result<Record> record_from_broker(int channel, int connection, const std::string& user, Name name, For what);

class BrokerShelf final : public MethodShelf {
 public:
  BrokerShelf(int channel, BrokerMessenger& messenger) : channel_(channel), messenger_(messenger) {}
  Result<std::optional<std::string>> load() override;
  Status save(std::string_view text, std::string_view kept_as) override;

 private:
  Result<Packet> reply();
  int channel_;
  BrokerMessenger& messenger_;  // what is under way may come to its end in between
};

// How much of a method file goes into one frame.
inline constexpr std::size_t longest_part = 12000;

}  // namespace utmfa

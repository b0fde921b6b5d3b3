// SPDX-License-Identifier: Apache-2.0
// The queue, worked through once: what is due is sent, what could not be sent waits longer each time, and what has
// waited too long is given up and told in the log. Called by utmfa-deliver, again and again.
#pragma once

#include <string>

#include "audit/audit.h"
#include "base/clock.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "notice/outbox.h"

namespace utmfa {

// Where a person's messages go.
struct Address {
  std::string email, language;
};

class AddressBook {
 public:
  // Code::not_found: the person has none.
  virtual Result<Address> address(const std::string& user) = 0;

  virtual ~AddressBook() = default;
};

// Of the method files below DATA/methods; reads nothing else of them.
class MethodFileAddresses final : public AddressBook {
 public:
  explicit MethodFileAddresses(std::string methods) : methods_(std::move(methods)) {}
  Result<Address> address(const std::string& user) override;

 private:
  std::string methods_;
};

struct Delivery {
  Outbox& outbox;
  Gateway& gateway;
  AddressBook& addresses;
  Clock& clock;
  Random& random;
  Audit& audit;
  std::string issuer, machine, language;  // language: of who has none
};

struct Waiting {
  std::size_t count = 0;
  Time next = 0;  // when the first of them is due
};

Result<Waiting> deliver_due(Delivery& delivery);
// Without a gateway nothing can ever be sent: everything is given up.
Status give_all_up(Delivery& delivery, const std::string& why);

std::int64_t wait_after(int attempts, std::int64_t retry_after);  // seconds

}  // namespace utmfa

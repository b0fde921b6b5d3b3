// SPDX-License-Identifier: Apache-2.0
// Whether switching a service on would lock out who does it, before anything is changed: the verifier, the clock, sshd
// and the people who can become root. What cannot be found out counts as a reason against it.
#pragma once

#include <string>
#include <vector>

#include "doctor/checks.h"
#include "planned.h"
#include "service/change.h"

namespace utmfa {

struct Gate {
  std::string caller;          // who stands for himself and signs in to confirm
  std::optional<Planned> his;  // absent: nobody who could sign in was found
  Findings warnings;
};

// Code::refused with the reason; Code::unavailable where the verifier is not there.
enum class Holding { enforced, observed };  // observed: whoever fails is let in all the same
Result<Gate> may_enable(Desk& desk, const std::string& service, FirstBy first, Holding holding, const Ground& ground,
                        const PamFacts& changed);

// Whether this plan lets a person in who answers rightly.
bool gets_in(const Planned& planned, Time now);

}  // namespace utmfa

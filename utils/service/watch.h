// SPDX-License-Identifier: Apache-2.0
// What takes a change back when its time is over and nobody is there: a timer of systemd where it runs, otherwise a
// process of its own. After a restart of the machine utmfa-service-revert.service does it, or utmfad when it starts.
#pragma once

#include <string>

#include "base/result.h"
#include "service/pending.h"

namespace utmfa {

// Started before the PAM file is touched; without a watch nothing is changed.
Status start_watch(const Pending& pending, const std::string& data);
// Until the change of that service is over or gone (service await, by start_watch only).
Status wait_until_over(const std::string& service, const std::string& data);

}  // namespace utmfa

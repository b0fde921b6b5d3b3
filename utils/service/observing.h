// SPDX-License-Identifier: Apache-2.0
// The trial time of a service: one file of conf.d, written when it is switched on with --observe, and taken away with
// the change itself.
#pragma once

#include <string>

#include "desk.h"

namespace utmfa {

// The date until which it is only observed, "" = it is not; refused where it is over or too far away.
Result<std::string> observed_until(const std::string& asked, Time now);
Status begin_observing(const Options& options, const std::string& service, const std::string& date);
// Done as well where there is none; a file that somebody else wrote stays.
Status end_observing(const Options& options, const std::string& service);
std::string observing_path(const Options& options, const std::string& service);

}  // namespace utmfa

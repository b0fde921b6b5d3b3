// SPDX-License-Identifier: Apache-2.0
// The verbs of utmfa-enroll, one function each. Called by enroll_main.cc, which reads the command line; tests run the
// built program.
#pragma once

#include <string>
#include <vector>

#include "desk.h"

namespace utmfa {

struct EnrollOptions {
  Options common;
  std::string user;  // canonical
  std::string label, digits, period, algorithm, serial, counter, secret_file, kind = "hotp";
  std::string method, code;
  std::vector<std::string> methods;
  bool yes = false;
};

Status guided(Desk& desk, const EnrollOptions& options);

Status add_app(Desk& desk, const EnrollOptions& options);
Status add_token(Desk& desk, const EnrollOptions& options);
Status add_recovery(Desk& desk, const EnrollOptions& options);
Status confirm(Desk& desk, const EnrollOptions& options);

Status test(Desk& desk, const EnrollOptions& options);
Status apply(Desk& desk, const EnrollOptions& options);
Status list(Desk& desk, const EnrollOptions& options);
Status set_default(Desk& desk, const EnrollOptions& options);
Status order(Desk& desk, const EnrollOptions& options);
Status rename(Desk& desk, const EnrollOptions& options);
Status remove(Desk& desk, const EnrollOptions& options);

// What a person must see once; also used by the guided steps.
struct Registering;
void show_app(const Desk& desk, const std::string& user, const Registering& made);
void show_sheet(const Desk& desk, const std::string& user, const std::vector<std::string>& codes);

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin token: the stock of hardware tokens. Verbs as in admin.h; the command line of this part is in
// admin_token_line.cc. Secrets come from files only, and never go out again.
#pragma once

#include <functional>
#include <string>

#include "desk.h"

namespace CLI {
class App;
}

namespace utmfa {

struct AdminOptions;

struct TokenOptions {
  std::string serial, until, code, first, second;
  std::string password_file, format;
  std::string kind, digits, period, algorithm;  // what a file does not say
  bool dry_run = false, force = false;
  bool overdue = false, free = false, lent = false;
};

void add_token_verbs(CLI::App& app, AdminOptions& options,
                     const std::function<void(Status (*)(Desk&, const AdminOptions&))>& choose);

Status import_tokens(Desk& desk, const AdminOptions& options);
Status list_tokens(Desk& desk, const AdminOptions& options);
Status show_token(Desk& desk, const AdminOptions& options);
Status lend_token(Desk& desk, const AdminOptions& options);
Status return_token(Desk& desk, const AdminOptions& options);
Status retire_token(Desk& desk, const AdminOptions& options);
Status resync_token(Desk& desk, const AdminOptions& options);

}  // namespace utmfa

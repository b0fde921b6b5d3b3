// SPDX-License-Identifier: Apache-2.0
// The verbs of utmfa-admin, one function each. Called by admin_main.cc, which reads the command line; tests run the
// built program. What changes something says who did it and why in the log.
#pragma once

#include <string>
#include <vector>

#include "admin_bulk.h"
#include "admin_service.h"
#include "admin_token.h"
#include "desk.h"
#include "policy/plan.h"

namespace utmfa {

struct AdminOptions {
  Options common;
  std::string user, service, from, tty, reason, valid, id, file, root, sshd_settings, log_file;
  Purpose purpose = Purpose::sign_in;
  std::string kind, to, address;
  int lines = 50;
  bool yes = false, many = false, undo = false, create_user = false, unproven = false, remove = false;
  TokenOptions token;
  BulkOptions bulk;
  ServiceOptions service_options;
  std::string prometheus;  // status: a file, or - for standard output
  struct {
    bool everybody = false, dry_run = false;
  } after_restore;
};

// Work on an opened desk.
Status machine_status(Desk& desk, const AdminOptions& options);
Status write_prometheus(Desk& desk, const AdminOptions& options);
Status after_restore(Desk& desk, const AdminOptions& options);
Status list_people(Desk& desk, const AdminOptions& options);
Status show_person(Desk& desk, const AdminOptions& options);
Status unlock(Desk& desk, const AdminOptions& options);
Status give_pass(Desk& desk, const AdminOptions& options);
Status reset(Desk& desk, const AdminOptions& options);
Status terminate(Desk& desk, const AdminOptions& options);
Status contact(Desk& desk, const AdminOptions& options);
Status explain(Desk& desk, const AdminOptions& options);
std::string address_fault(const std::string& text);  // why this is neither an address nor a host name; "" when it is
Status show_state(Desk& desk, const AdminOptions& options);
Status rebuild_state(Desk& desk, const AdminOptions& options);
Status list_keys(Desk& desk, const AdminOptions& options);
Status activate_key(Desk& desk, const AdminOptions& options);
Status new_key(Desk& desk, const AdminOptions& options);
Status reseal(Desk& desk, const AdminOptions& options);

// Work where there is nothing to open yet, or where that is what is broken.
Status check_config(const AdminOptions& options);
Status test_gateway(const AdminOptions& options);
Status read_log(const AdminOptions& options);
Status set_up(const AdminOptions& options);
Status migrate(const AdminOptions& options);
Status doctor(const AdminOptions& options);

}  // namespace utmfa

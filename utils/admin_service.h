// SPDX-License-Identifier: Apache-2.0
// utmfa-admin service: switching the second confirmation on and off at one PAM service without locking anybody out.
// Verbs as in admin.h; the command line of this part is in admin_service_line.cc, the work in service/.
#pragma once

#include <functional>
#include <string>

#include "desk.h"

namespace CLI {
class App;
}

namespace utmfa {

struct AdminOptions;

struct ServiceOptions {
  std::string first = "password";
  std::string confirm_within = "10m";
  std::string until;
  bool dry_run = false, due = false, observe = false;
};

void add_service_verbs(CLI::App& app, AdminOptions& options,
                       const std::function<void(Status (*)(Desk&, const AdminOptions&))>& choose_desk,
                       const std::function<void(Status (*)(const AdminOptions&))>& choose_free);

Status enable_service(Desk& desk, const AdminOptions& options);
// What must work with a broken configuration, without keys and without a verifier.
Status disable_service(const AdminOptions& options);
Status confirm_service(const AdminOptions& options);
Status revert_service(const AdminOptions& options);
Status service_status(const AdminOptions& options);
Status await_service(const AdminOptions& options);

std::string pam_directory(const AdminOptions& options);

}  // namespace utmfa

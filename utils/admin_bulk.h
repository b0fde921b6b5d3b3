// SPDX-License-Identifier: Apache-2.0
// utmfa-admin import, export, restore and report, and the acts that take a list of names: what the desk does for many
// people at once. Verbs as in admin.h; the command line of this part is in admin_bulk_line.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "desk.h"

namespace CLI {
class App;
}

namespace utmfa {

struct AdminOptions;

struct BulkOptions {
  bool names_from_stdin = false;
  std::vector<std::string> what;  // import: FILE, or people; export: people
  std::string format, from, path, origin, rejected, passphrase_file, to;
  bool dry_run = false, apply = false, sealed = false, as_written = false;
  bool list = false;
  std::string kept;
  std::string unused = "90d";
  bool csv = false, people = false;
};

void add_bulk_verbs(CLI::App& app, AdminOptions& options,
                    const std::function<void(Status (*)(Desk&, const AdminOptions&))>& choose);

Status import_people(Desk& desk, const AdminOptions& options);
Status export_people(Desk& desk, const AdminOptions& options);
Status restore_person(Desk& desk, const AdminOptions& options);
Status report(Desk& desk, const AdminOptions& options);

// A passphrase of its file, or asked for on the terminal; `twice` where a slip would lock something up for good.
enum class Typed { once, twice };
Result<Secret> passphrase(const std::string& file, Typed typed);

}  // namespace utmfa

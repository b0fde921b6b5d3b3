// SPDX-License-Identifier: Apache-2.0
// utmfa-admin migrate: after an upgrade, and back before a downgrade. Needs neither the configuration nor the keys.
#include <optional>

#include "admin.h"
#include "json.h"
#include "migration/migration.h"
#include "progress.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

Status told(const AdminOptions& options, const Migration& done) {
  const bool look = options.after_restore.dry_run;
  if (options.common.format == Format::json) {
    Json files = Json::array();
    for (const Moved& each : done.moved)
      files.push_back(Json{{"file", each.file}, {"from", each.from}, {"to", each.to}});
    const Json json{{"dry_run", look},           {"undone", options.undo}, {"files", std::move(files)},
                    {"in_order", done.in_order}, {"copies", done.copies},  {"problems", done.problems}};
    if (Status shown = print(json); !shown) return shown;
  } else {
    for (const Moved& each : done.moved)
      show(say("{0}: version {1} becomes {2}", {each.file, std::to_string(each.from), std::to_string(each.to)}));
    for (const std::string& problem : done.problems) complain(say("problem: {0}", {problem}));
    if (!options.undo)
      show(say("{0} files are of this version, {1} are not",
               {std::to_string(done.in_order), std::to_string(done.moved.size())}));
    if (!options.undo && !done.copies.empty()) show(say("What was there before is in {0}.", {done.copies}));
    if (options.undo && done.moved.empty() && done.problems.empty()) show(say("There is no migration to be undone."));
  }
  if (!done.problems.empty())
    return Error{Code::refused, say("{0} files stay as they are", {std::to_string(done.problems.size())})};
  return Done{};
}

}  // namespace

Status migrate(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  std::optional<Progress> progress;
  const Advance advance = [&](std::size_t done, std::size_t all) -> Status {
    if (interrupted()) return Error{Code::refused, say("stopped: the next migrate goes on from here")};
    if (!progress && all > 0) progress.emplace(all);
    if (progress) progress->at(done);
    return Done{};
  };
  const Migrator migrator(options.common.data, migration_steps());
  const Migrating how = options.after_restore.dry_run ? Migrating::look : Migrating::write;
  const Result<Migration> done =
      options.undo ? migrator.undo(advance) : migrator.migrate(how, SystemClock().now(), advance);
  progress.reset();
  if (!done) return done.error();
  return told(options, *done);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin import: rows from a file of our own form or of another program, made into registrations, and what became
// of each told. A file that cannot be understood as a whole changes nothing.
#include "import_verb.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "in_words.h"
#include "json.h"
#include "progress.h"
#include "signin/words.h"
#include "terminal.h"
#include "transfer/again.h"

namespace utmfa {
namespace {

constexpr std::size_t most_shown = 20;

// One line for each person, and the administrator looked up once: there may be thousands.
class ImportLog {
 public:
  explicit ImportLog(std::string why) : why_(std::move(why)), by_(administrator()) {}
  void write(const std::vector<std::pair<std::string, int>>& finished) {
    for (const auto& [user, added] : finished) {
      Event event;
      event.what = "imported";
      event.user = user;
      event.by = by_;
      event.reason = why_ + "; methods added: " + std::to_string(added);
      const Status recorded = audit_.record(event);
      if (!recorded && !complained_)
        complain(say("warning: this could not be written to the log: {0}", {recorded.error().what}));
      complained_ = complained_ || !recorded;
    }
  }

 private:
  SystemAudit audit_;
  std::string why_, by_;
  bool complained_ = false;
};

std::string log_reason(const AdminOptions& options) {
  const std::string from = options.bulk.from.empty() ? "" : " from " + options.bulk.from;
  const std::string file = options.bulk.what.size() == 1 ? " " + cleaned(options.bulk.what[0], 200) : "";
  return (options.reason.empty() ? "" : options.reason + "; ") + "import" + from + file;
}

Status import_rows(Importing& importing, ImportRows& rows, ImportLog& log) {
  std::map<std::string, std::vector<ImportRow*>> people;
  std::vector<const std::string*> order;
  for (ImportRow& row : rows.rows) {
    if (row.wish.label.empty()) row.wish.label = say(factor_for(row.kind)->title);
    const auto [at, added] = people.try_emplace(row.user);
    if (added) order.push_back(&at->first);
    at->second.push_back(&row);
  }
  Progress progress(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (interrupted()) {
      if (Status done = importing.finish(); !done) return done;
      log.write(importing.take_finished());
      return Error{Code::refused, say("stopped: {0} people were done; run it again to go on", {std::to_string(i)})};
    }
    if (Status done = importing.person(*order[i], people.find(*order[i])->second); !done) return done;
    log.write(importing.take_finished());
    progress.at(i + 1);
  }
  return Done{};
}

Status import_parcel(Importing& importing, const Parcel& parcel, ImportLog& log, ImportSource& source) {
  Progress progress(parcel.people().size());
  std::size_t done = 0;
  for (const Packed& person : parcel.people()) {
    const Result<std::string> name = source.names.canonical(person.file.user);
    if (!name || *name != person.file.user) {
      source.rows.rejected.push_back(
          {0, person.file.user, name ? say("the name is written {0} here", {*name}) : name.error().what});
      continue;
    }
    const Result<UserKeys> keys = parcel.keys_for(person.file.user);
    if (!keys) return keys.error();
    if (Status taken = importing.person(person, *keys); !taken) return taken;
    log.write(importing.take_finished());
    progress.at(++done);
  }
  return Done{};
}

struct Count {
  int added = 0, unchanged = 0;
};

Count counted(const std::vector<Imported>& results, std::vector<RejectedRow>& rejected) {
  Count count;
  for (const Imported& each : results) {
    count.added += each.fate == Fate::added ? 1 : 0;
    count.unchanged += each.fate == Fate::unchanged ? 1 : 0;
    if (each.fate == Fate::rejected) rejected.push_back({each.line, each.user, each.reason});
  }
  std::stable_sort(rejected.begin(), rejected.end(),
                   [](const RejectedRow& a, const RejectedRow& b) { return a.line < b.line; });
  return count;
}

// The rows themselves where there is a text; otherwise the names, which google-authenticator's form takes as a list.
std::string rejected_text(const ImportSource& source, const std::vector<RejectedRow>& rejected) {
  Reasons reasons;
  std::string names;
  for (const RejectedRow& each : rejected) {
    reasons.emplace(each.line, say(each.reason));
    names += "# " + cleaned(say(each.reason), 1000) + "\n" + each.user + "\n";
  }
  if (source.format.empty()) return names;
  if (source.format == "csv") return csv_again(source.text.view(), reasons);
  if (source.format == "json") return json_again(source.text.view(), reasons);
  return lines_again(source.text.view(), reasons);
}

Status write_rejected(const std::string& path, std::string text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR));
  if (!file || fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) return os_error(path, "cannot be written");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t wrote = ::write(file.get(), rest.data(), rest.size());
    if (wrote <= 0) return os_error(path, "cannot be written");
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  wipe(text);
  return fsync(file.get()) == 0 || errno == EINVAL ? Status(Done{}) : os_error(path, "cannot be synced");
}

Json json_of(const std::vector<RejectedRow>& rows) {
  Json json = Json::array();
  for (const RejectedRow& each : rows)
    json.push_back(Json{{"line", each.line}, {"user", each.user}, {"reason", say(each.reason)}});
  return json;
}

std::vector<RejectedRow> as_rejected(const std::vector<Imported>& results) {
  std::vector<RejectedRow> rows;
  for (const Imported& each : results) rows.push_back({each.line, each.user, each.reason});
  return rows;
}

void tell_rows(const std::vector<RejectedRow>& rows, const std::string& heading) {
  if (rows.empty()) return;
  complain(heading);
  for (std::size_t i = 0; i < rows.size() && i < most_shown; ++i)
    complain("  " + (rows[i].line > 0 ? say("line {0}: ", {std::to_string(rows[i].line)}) : "") + rows[i].user + ": " +
             cleaned(say(rows[i].reason), 1000));
  if (rows.size() > most_shown)
    complain("  " + say("and {0} more: --rejected FILE has all of them", {std::to_string(rows.size() - most_shown)}));
}

std::map<std::string, int> notes_of(const ImportRows& rows) {
  std::map<std::string, int> notes;
  for (const ImportRow& row : rows.rows)
    for (const std::string& note : row.notes) ++notes[note];
  return notes;
}

Status tell(const AdminOptions& options, const ImportSource& source, const Importing& importing, Effect effect) {
  std::vector<RejectedRow> rejected = source.rows.rejected;
  const Count count = counted(importing.results(), rejected);
  const std::vector<RejectedRow> waiting = as_rejected(importing.not_applied());
  const std::map<std::string, int> notes = notes_of(source.rows);
  if (!options.bulk.rejected.empty())
    if (Status written = write_rejected(options.bulk.rejected, rejected_text(source, rejected)); !written)
      return written;
  if (options.common.format == Format::json) {
    Json said = Json::object();
    for (const auto& [note, times] : notes) said[note] = times;
    if (Status printed = print(Json{{"dry_run", effect == Effect::none},
                                    {"added", count.added},
                                    {"unchanged", count.unchanged},
                                    {"rejected", json_of(rejected)},
                                    {"not_applied", json_of(waiting)},
                                    {"notes", std::move(said)}});
        !printed)
      return printed;
  } else {
    for (const auto& [note, times] : notes) show(say("note, {0} times: {1}", {std::to_string(times), in_words(note)}));
    tell_rows(rejected, say("Rejected:"));
    tell_rows(waiting, say("Registered, and not applied:"));
    show(say("{0} added, {1} unchanged, {2} rejected",
             {std::to_string(count.added), std::to_string(count.unchanged), std::to_string(rejected.size())}));
    if (effect == Effect::none) show(say("This was a dry run: nothing was written."));
  }
  if (rejected.empty() && waiting.empty()) return Done{};
  return Error{Code::refused, say("not everything was done")};
}

Effect effect_of(const AdminOptions& options) {
  if (options.bulk.dry_run) return Effect::none;
  return options.bulk.from.empty() || options.bulk.apply ? Effect::lasting : Effect::none;
}

}  // namespace

Status import_people(Desk& desk, const AdminOptions& options) {
  Result<ImportSource> source = read_source(options);
  if (!source) return source.error();
  const Effect effect = effect_of(options);
  const Directories directories = options.common.directories();
  const ImportDesk at{directories, desk.ring, desk.registry, desk.clock, desk.random, desk.config.registration};
  Result<Importing> importing = Importing::begin(at, effect);
  if (!importing) return importing.error();
  ImportLog log(log_reason(options));
  Status done = source->parcel ? import_parcel(*importing, *source->parcel, log, *source)
                               : import_rows(*importing, source->rows, log);
  if (done) done = importing->finish();
  if (!done) return done;
  log.write(importing->take_finished());
  return tell(options, *source, *importing, effect);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin restore: what reset, terminate or remove took away comes back, without any code that was used.
#include <algorithm>

#include "admin.h"
#include "base/text.h"
#include "json.h"
#include "setup/columns.h"
#include "setup/kept.h"
#include "setup/listing.h"
#include "signin/factor_rules.h"
#include "signin/words.h"
#include "terminal.h"
#include "tokens/lending.h"

namespace utmfa {
namespace {

std::string ids_of(const std::vector<std::string>& ids) {
  std::string all;
  for (const std::string& id : ids) all += (all.empty() ? "" : ", ") + id;
  return all;
}

std::vector<std::string> methods_of(const Kept& copy) {
  std::vector<std::string> ids;
  for (const Method& each : copy.file.methods) ids.push_back(each.id);
  return ids;
}

Status list_copies(const AdminOptions& options, const std::vector<Kept>& copies,
                   const std::vector<std::string>& problems) {
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Kept& each : copies) {
    json.push_back(Json{{"id", each.id},
                        {"when", json_time(each.when)},
                        {"why", each.why},
                        {"status", std::string(name(each.file.status))},
                        {"methods", methods_of(each)}});
    rows.push_back({each.id, date_text(each.when) + " " + clock_text(each.when), each.why,
                    shown_status(each.file.status), ids_of(methods_of(each))});
  }
  if (options.common.format == Format::json)
    return print(Json{{"user", options.user}, {"kept", std::move(json)}, {"problems", problems}});
  for (const std::string& line : table(rows)) show(line);
  for (const std::string& problem : problems) complain(say("problem: {0}", {problem}));
  if (rows.empty()) show(say("Nothing is kept of {0}.", {options.user}));
  return Done{};
}

Result<const Kept*> chosen(const AdminOptions& options, const std::vector<Kept>& copies) {
  if (copies.empty()) return Error{Code::refused, say("nothing is kept of {0}", {options.user})};
  if (options.bulk.kept.empty()) return &copies.front();
  for (const Kept& each : copies)
    if (each.id == options.bulk.kept) return &each;
  return Error{Code::refused,
               say("{0} is no copy of {1}: see restore --list", {cleaned(options.bulk.kept, 255), options.user})};
}

Status bring_back(Desk& desk, const AdminOptions& options, const std::vector<Kept>& copies, const Kept& copy) {
  const UserKeys keys = desk.ring.keys_for(options.user);
  Restored back;
  Event event;
  event.what = "restored";
  event.reason = (options.reason.empty() ? "" : options.reason + "; ") + "copy " + copy.id;
  const auto edit = [&](Registered& person) -> Status {
    Result<Restored> done =
        restore(person, copy, {copies, keys, desk.random, factor_rules(desk.config), desk.clock.now()});
    if (!done) return done.error();
    back = std::move(*done);
    return Done{};
  };
  if (Status done = desk.change(options.user, edit, std::move(event)); !done) return done;
  const Result<Registered> now = desk.registry.read(options.user);
  if (!now) return now.error();
  if (options.common.format == Format::json) {
    Json json = json_of(*now, desk.clock.now());
    json["restored"] = back.back;
    json["spent"] = back.spent;
    return print(json);
  }
  for (const std::string& line : listed(*now, enroll_command(options.user), desk.clock.now())) show(line);
  if (!back.spent.empty())
    show(
        say("What of these was used is not known, so all of it counts as used: {0}. Register them anew where they do "
            "not work.",
            {ids_of(back.spent)}));
  return Done{};
}

// A token that was given back may be in somebody else's hand by now.
Status leave_tokens_out(const AdminOptions& options, Kept& copy) {
  const Result<std::vector<std::string>> ids = tokens_of_others({options.common.data + "/tokens"}, copy.file);
  if (!ids) return ids.error();
  if (ids->empty()) return Done{};
  std::erase_if(copy.file.methods,
                [&](const Method& each) { return std::find(ids->begin(), ids->end(), each.id) != ids->end(); });
  complain(say("Left out, because the token is not lent to {0} now: {1}", {options.user, ids_of(*ids)}));
  return Done{};
}

}  // namespace

Status restore_person(Desk& desk, const AdminOptions& options) {
  const Directories directories = options.common.directories();
  const Result<int> gone = prune_kept(directories, desk.clock.now() - desk.config.registration.keep);
  if (!gone) return gone.error();
  std::vector<std::string> problems;
  const Result<std::vector<Kept>> copies = kept_of(directories, options.user, problems);
  if (!copies) return copies.error();
  if (options.bulk.list) return list_copies(options, *copies, problems);
  // A copy that cannot be read may be the one that tells what was used.
  if (!problems.empty()) return Error{Code::corrupt, problems.front()};
  const Result<const Kept*> copy = chosen(options, *copies);
  if (!copy) return copy.error();
  Kept wanted = **copy;
  if (Status out = leave_tokens_out(options, wanted); !out) return out;
  if (!options.yes) {
    show(say("Kept on {0} by {1}: {2}",
             {date_text(wanted.when) + " " + clock_text(wanted.when), wanted.why, ids_of(methods_of(wanted))}));
    if (Status sure = ask_yes(say("Bring it back to {0}? [no]: ", {options.user})); !sure) return sure;
  }
  return bring_back(desk, options, *copies, wanted);
}

}  // namespace utmfa

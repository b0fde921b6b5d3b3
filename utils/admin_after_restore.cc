// SPDX-License-Identifier: Apache-2.0
// utmfa-admin after-restore: after a backup was put back nobody knows which codes were used since. Whose state is
// noticed to be an older one is closed; here they are opened again, for everybody, with all that may have been used
// counted as used, and a report of who has to register what anew.
#include "admin.h"
#include "json.h"
#include "progress.h"
#include "setup/columns.h"
#include "signin/factor_rules.h"
#include "signin/words.h"
#include "terminal.h"
#include "vault/file_vault.h"

namespace utmfa {
namespace {

enum class Found { in_order, rebuilt, to_rebuild, unreadable };

struct Line {
  std::string user;
  Found found = Found::in_order;
  std::vector<std::string> anew;  // methods that cannot be used any more
  std::string why;
};

std::string_view name(Found found) {
  switch (found) {
    case Found::in_order: return "in-order";
    case Found::rebuilt: return "rebuilt";
    case Found::to_rebuild: return "to-rebuild";
    case Found::unreadable: return "unreadable";
  }
  return "";
}

std::string shown_found(Found found) {
  switch (found) {
    case Found::in_order: return say("in order");
    case Found::rebuilt: return say("made anew");
    case Found::to_rebuild: return say("to be made anew");
    case Found::unreadable: return say("cannot be read");
  }
  return {};
}

// Whether the state is one that does not belong to its file any more, or is gone: what a restored one looks like.
bool state_is_closed(const Result<Registered>& person) { return !person && person.error().code == Code::corrupt; }

Line looked_at(Desk& desk, const AdminOptions& options, const std::string& user) {
  Line line{user, Found::in_order, {}, {}};
  const Result<Registered> before = desk.registry.read(user);
  if (!before && !state_is_closed(before)) return {user, Found::unreadable, {}, before.error().what};
  if (before && !options.after_restore.everybody) return line;
  line.found = Found::to_rebuild;
  if (options.after_restore.dry_run) return line;
  if (Status rebuilt = desk.registry.rebuild_state(user, factor_rules(desk.config)); !rebuilt)
    return {user, Found::unreadable, {}, rebuilt.error().what};
  line.found = Found::rebuilt;
  Event event;
  event.what = "state-rebuilt";
  event.user = user;
  event.reason = options.reason;
  record_change(std::move(event));
  const Result<Registered> now = desk.registry.read(user);
  if (!now) return {user, Found::unreadable, {}, now.error().what};
  for (const Method& method : now->file.methods) {
    const MethodState* state = now->state.find(method.id);
    const Factor* factor = factor_for(method.kind);
    if (factor != nullptr &&
        !factor->unusable(method, state == nullptr ? MethodState{} : *state, desk.clock.now()).empty())
      line.anew.push_back(method.id);
  }
  return line;
}

std::string ids(const std::vector<std::string>& each) {
  std::string all;
  for (const std::string& id : each) all += (all.empty() ? "" : ", ") + id;
  return all;
}

Status told(const AdminOptions& options, const std::vector<Line>& lines) {
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  std::map<Found, int> counts;
  for (const Line& each : lines) {
    ++counts[each.found];
    json.push_back(Json{{"user", each.user},
                        {"state", std::string(name(each.found))},
                        {"register_anew", each.anew},
                        {"why", json_text(each.why)}});
    if (each.found == Found::in_order) continue;
    rows.push_back({each.user, shown_found(each.found),
                    each.anew.empty() ? each.why : say("to be registered anew: {0}", {ids(each.anew)})});
  }
  if (options.common.format == Format::json) {
    if (Status shown = print(json); !shown) return shown;
  } else {
    for (const std::string& line : table(rows)) show(line);
    show(say(
        "{0} in order, {1} made anew, {2} cannot be read",
        {std::to_string(counts[Found::in_order]), std::to_string(counts[Found::rebuilt] + counts[Found::to_rebuild]),
         std::to_string(counts[Found::unreadable])}));
  }
  if (counts[Found::unreadable] > 0)
    return Error{Code::refused, say("some registrations cannot be read: utmfa-admin doctor says what to do")};
  return Done{};
}

}  // namespace

Status after_restore(Desk& desk, const AdminOptions& options) {
  if (!options.yes && !options.after_restore.dry_run)
    if (Status sure = ask_yes(say("Whoever's counters came out of a backup has his recovery codes and counting tokens "
                                  "taken for used. Go on? [no]: "));
        !sure)
      return sure;
  if (!options.after_restore.dry_run)
    if (Status made = make_decoys(desk.options.data, desk.ring); !made) return made;
  std::vector<std::string> problems;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  if (!users) return users.error();
  std::vector<Line> lines;
  Progress progress(users->size());
  for (const std::string& user : *users) {
    if (interrupted()) return Error{Code::refused, say("stopped")};
    lines.push_back(looked_at(desk, options, user));
    progress.at(lines.size());
  }
  for (const std::string& problem : problems) lines.push_back({{}, Found::unreadable, {}, problem});
  return told(options, lines);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin report: who has applied, who has one method only, kinds in use, what is unused, tokens that are out.
#include <algorithm>
#include <map>

#include "admin.h"
#include "base/text.h"
#include "each_person.h"
#include "json.h"
#include "progress.h"
#include "setup/columns.h"
#include "setup/listing.h"
#include "setup/registering.h"
#include "signin/words.h"
#include "terminal.h"
#include "tokens/stock.h"
#include "transfer/csv.h"

namespace utmfa {
namespace {

struct Line {  // of one person
  std::string user;
  Registration status = Registration::none;
  std::vector<std::string> methods, kinds;
  std::size_t usable = 0;  // lasting and proven
  Time registered = 0, last_used = 0;
  bool unused = false;
};

struct Totals {
  std::map<std::string, int> statuses, kinds;
  int one_method = 0, unused = 0;
  int tokens = 0, lent = 0, overdue = 0;
};

struct Told {
  std::vector<Line> people;
  Totals totals;
  std::vector<std::string> problems;
};

Line line_of(const Registered& registered, Time unused_since) {
  Line line;
  const MethodFile& file = registered.file;
  line.user = file.user;
  line.status = file.status;
  line.usable = lasting(file, Proof::confirmed).size();
  for (const Method& method : file.methods) {
    line.methods.push_back(method.id);
    if (std::find(line.kinds.begin(), line.kinds.end(), method.kind) == line.kinds.end())
      line.kinds.push_back(method.kind);
    if (line.registered == 0 || method.registered < line.registered) line.registered = method.registered;
    const MethodState* state = registered.state.find(method.id);
    if (state != nullptr) line.last_used = std::max(line.last_used, state->last_success);
  }
  line.unused = line.status == Registration::active && std::max(line.last_used, line.registered) < unused_since;
  return line;
}

void add(Totals& totals, const Line& line) {
  ++totals.statuses[std::string(name(line.status))];
  if (line.status == Registration::ended) return;
  for (const std::string& kind : line.kinds) ++totals.kinds[kind];
  totals.one_method += line.usable == 1 ? 1 : 0;
  totals.unused += line.unused ? 1 : 0;
}

Status add_tokens(const AdminOptions& options, Time now, Totals& totals) {
  const Result<std::vector<Token>> stock = read_stock({options.common.data + "/tokens"});
  if (!stock) return stock.error();
  for (const Token& token : *stock) {
    if (token.holding() == Holding::lent) ++totals.lent;
    if (token.overdue(date_text(now))) ++totals.overdue;
    ++totals.tokens;
  }
  return Done{};
}

Result<std::vector<std::string>> asked_for(Desk& desk, const AdminOptions& options, Told& told) {
  if (!options.bulk.names_from_stdin) return desk.registry.users(told.problems);
  const Result<std::vector<std::string>> names = names_on_stdin();
  if (!names) return names.error();
  std::vector<std::string> users;
  for (const std::string& each : *names) {
    const Result<std::string> name = known_name(options.common, each);
    if (name) users.push_back(*name);
    if (!name) told.problems.push_back(name.error().what);
  }
  return users;
}

Result<Told> gather(Desk& desk, const AdminOptions& options) {
  const auto span = duration(options.bulk.unused);
  if (!span) return Error{Code::invalid, say("--unused: expected a time like 90d")};
  Told told;
  const Result<std::vector<std::string>> users = asked_for(desk, options, told);
  if (!users) return users.error();
  const Time now = desk.clock.now();
  Progress progress(users->size());
  for (const std::string& user : *users) {
    if (interrupted()) return Error{Code::refused, say("stopped")};
    const Result<Registered> registered = desk.registry.read(user);
    if (registered) {
      told.people.push_back(line_of(*registered, now - *span));
      add(told.totals, told.people.back());
    } else {
      told.problems.push_back(registered.error().what);
    }
    progress.at(told.people.size());
  }
  if (Status counted = add_tokens(options, now, told.totals); !counted) told.problems.push_back(counted.error().what);
  return told;
}

std::string words(const std::vector<std::string>& each) {
  std::string all;
  for (const std::string& one : each) all += (all.empty() ? "" : " ") + one;
  return all;
}

std::string remark(const Line& line) {
  std::string text;
  if (line.status != Registration::ended && line.usable == 1) text = say("one method only");
  if (line.unused) text += (text.empty() ? "" : ", ") + say("unused");
  return text;
}

Status show_csv(const Told& told) {
  show("user,status,methods,kinds,usable,registered,last_used,one_method,unused");
  for (const Line& line : told.people)
    show(csv_cell(line.user) + "," + std::string(name(line.status)) + "," + words(line.methods) + "," +
         words(line.kinds) + "," + std::to_string(line.usable) + "," +
         (line.registered == 0 ? "" : iso_time(line.registered)) + "," +
         (line.last_used == 0 ? "" : iso_time(line.last_used)) + "," + (line.usable == 1 ? "yes" : "no") + "," +
         (line.unused ? "yes" : "no"));
  return Done{};
}

Status show_json(const Told& told, const AdminOptions& options) {
  const Totals& totals = told.totals;
  Json people = Json::array();
  for (const Line& line : told.people)
    people.push_back(Json{{"user", line.user},
                          {"status", std::string(name(line.status))},
                          {"methods", line.methods},
                          {"kinds", line.kinds},
                          {"usable", line.usable},
                          {"registered", json_time(line.registered)},
                          {"last_used", json_time(line.last_used)},
                          {"one_method", line.usable == 1},
                          {"unused", line.unused}});
  return print(Json{{"statuses", totals.statuses},
                    {"kinds", totals.kinds},
                    {"one_method", totals.one_method},
                    {"unused", totals.unused},
                    {"unused_for", options.bulk.unused},
                    {"tokens", Json{{"stock", totals.tokens}, {"lent", totals.lent}, {"overdue", totals.overdue}}},
                    {"people", std::move(people)},
                    {"problems", told.problems}});
}

void show_table(const Told& told, const AdminOptions& options) {
  const Totals& totals = told.totals;
  std::vector<std::vector<std::string>> rows;
  for (const Registration each :
       {Registration::active, Registration::setting_up, Registration::none, Registration::ended})
    if (const auto found = totals.statuses.find(std::string(name(each))); found != totals.statuses.end())
      rows.push_back({shown_status(each), std::to_string(found->second)});
  for (const auto& [kind, count] : totals.kinds)
    rows.push_back({say("with {0}", {say(factor_for(kind)->title)}), std::to_string(count)});
  rows.push_back({say("one method only"), std::to_string(totals.one_method)});
  rows.push_back({say("not used for {0}", {options.bulk.unused}), std::to_string(totals.unused)});
  rows.push_back({say("hardware tokens lent"), std::to_string(totals.lent)});
  rows.push_back({say("of these overdue"), std::to_string(totals.overdue)});
  for (const std::string& line : table(rows)) show(line);
  if (!options.bulk.people) return;
  rows.clear();
  for (const Line& line : told.people)
    rows.push_back({line.user, shown_status(line.status), words(line.methods),
                    line.last_used == 0 ? say("never used") : date_text(line.last_used), remark(line)});
  show("");
  for (const std::string& line : table(rows)) show(line);
}

}  // namespace

Status report(Desk& desk, const AdminOptions& options) {
  const Result<Told> told = gather(desk, options);
  if (!told) return told.error();
  if (options.common.format == Format::json) return show_json(*told, options);
  if (options.bulk.csv) {
    if (Status shown = show_csv(*told); !shown) return shown;
  } else {
    show_table(*told, options);
  }
  for (const std::string& problem : told->problems) complain(say("problem: {0}", {problem}));
  return Done{};
}

}  // namespace utmfa

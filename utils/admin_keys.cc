// SPDX-License-Identifier: Apache-2.0
// utmfa-admin state and keys: what an operator needs after a damaged disk, and to change the sealing keys without
// asking anybody to register again. No key is ever shown.
#include <map>

#include "admin.h"
#include "json.h"
#include "setup/columns.h"
#include "signin/factor_rules.h"
#include "signin/words.h"
#include "terminal.h"
#include "tokens/stock.h"

namespace utmfa {
namespace {

struct Sealed {
  std::map<std::string, int> values;  // how many, by key id
  std::vector<std::string> problems;
};

StockPlace stock_of(const Desk& desk) { return {desk.options.data + "/tokens"}; }

Result<Sealed> sealed_values(Desk& desk) {
  Sealed sealed;
  const Result<std::vector<std::string>> users = desk.registry.users(sealed.problems);
  if (!users) return users.error();
  for (const std::string& user : *users) {
    const Result<Registered> registered = desk.registry.read(user);
    if (!registered) sealed.problems.push_back(registered.error().what);
    if (!registered) continue;
    for (const Method& method : registered->file.methods)
      for (const auto& [key, value] : method.fields)
        if (const auto id = sealed_key_id(value); !id.empty()) ++sealed.values[std::string(id)];
  }
  const Result<std::vector<Token>> tokens = read_stock(stock_of(desk));
  if (!tokens) sealed.problems.push_back(tokens.error().what);
  if (tokens)
    for (const Token& token : *tokens)
      if (const auto id = sealed_key_id(token.secret); !id.empty()) ++sealed.values[std::string(id)];
  return sealed;
}

void say_reload() { show(say("A verifier that runs takes it up within a second or with: systemctl reload utmfad")); }

Event key_event(std::string_view what, std::string_view id) {
  Event event;
  event.what = what;
  event.reason = "key " + std::string(id);
  return event;
}

}  // namespace

Status show_state(Desk& desk, const AdminOptions& options) {
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  const State& state = registered->state;
  Json methods = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Method& method : registered->file.methods) {
    const MethodState* found = state.find(method.id);
    const MethodState each = found == nullptr ? MethodState{} : *found;
    methods.push_back(Json{{"id", method.id},
                           {"moving", each.moving},
                           {"drift", each.drift},
                           {"failures", each.failures},
                           {"used", each.used},
                           {"last_success", json_time(each.last_success)},
                           {"last_failure", json_time(each.last_failure)}});
    rows.push_back({"  " + method.id, say("position {0}", {std::to_string(each.moving)}),
                    say("drift {0}", {std::to_string(each.drift)}),
                    say("{0} wrong answers in a row", {std::to_string(each.failures)}),
                    say("used {0}", {std::to_string(each.used)})});
  }
  if (options.common.format == Format::json)
    return print(Json{{"user", options.user},
                      {"generation", state.generation},
                      {"revision", state.revision},
                      {"streak", state.streak},
                      {"last_failure", json_time(state.last_failure)},
                      {"methods", std::move(methods)}});
  show(options.user + "   " +
       say("written {0} times, methods changed {1} times, {2} wrong answers since the last right one",
           {std::to_string(state.generation), std::to_string(state.revision), std::to_string(state.streak)}));
  for (const std::string& line : table(rows)) show(line);
  return Done{};
}

Status rebuild_state(Desk& desk, const AdminOptions& options) {
  show(
      say("The state of {0} is made anew. Everything that may have been used counts as used: recovery codes and tokens "
          "that count must be registered again.",
          {options.user}));
  if (!options.yes)
    if (Status sure = ask_yes(say("Go on? [no]: ")); !sure) return sure;
  if (Status rebuilt = desk.registry.rebuild_state(options.user, factor_rules(desk.config)); !rebuilt) return rebuilt;
  Event event;
  event.what = "state-rebuilt";
  event.user = options.user;
  event.reason = options.reason;
  record_change(std::move(event));
  show(say("Done."));
  return Done{};
}

Status list_keys(Desk& desk, const AdminOptions& options) {
  const Result<Sealed> sealed = sealed_values(desk);
  if (!sealed) return sealed.error();
  Json keys = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const std::string& id : desk.ring.ids()) {
    const auto found = sealed->values.find(id);
    const int count = found == sealed->values.end() ? 0 : found->second;
    const bool active = id == desk.ring.active();
    keys.push_back(Json{{"id", id}, {"active", active}, {"sealed", count}});
    rows.push_back({id,
                    active      ? say("active")
                    : count > 0 ? say("still opens")
                                : say("not in use"),
                    say("{0} values sealed", {std::to_string(count)})});
  }
  if (options.common.format == Format::json)
    return print(Json{{"keys", std::move(keys)}, {"problems", sealed->problems}});
  for (const std::string& line : table(rows)) show(line);
  for (const std::string& problem : sealed->problems) complain(say("problem: {0}", {problem}));
  return Done{};
}

Status new_key(Desk& desk, const AdminOptions& options) {
  const Result<std::string> id = make_key(desk.options.keys, desk.random);
  if (!id) return id.error();
  record_change(key_event("key-made", *id));
  if (options.common.format == Format::json) return print(Json{{"id", *id}, {"active", false}});
  show(say("{0} is made, and not used yet: utmfa-admin keys activate {0}", {*id}));
  return Done{};
}

Status activate_key(Desk& desk, const AdminOptions& options) {
  if (Status done = activate_key(desk.options.keys, options.id); !done) return done;
  record_change(key_event("key-activated", options.id));
  show(say("{0} seals from now on. What older keys sealed is moved over by: utmfa-admin keys reseal", {options.id}));
  say_reload();
  return Done{};
}

Status reseal(Desk& desk, const AdminOptions&) {
  std::vector<std::string> problems;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  if (!users) return users.error();
  int moved = 0;
  for (const std::string& user : *users) {
    if (interrupted()) return Error{Code::refused, say("stopped")};
    const UserKeys keys = desk.ring.keys_for(user);
    const auto edit = [&](Registered& registered) { return reseal(registered, keys, desk.random); };
    const Status done = desk.registry.change(user, edit);
    if (done) ++moved;
    if (!done) problems.push_back(done.error().what);
  }
  if (const Result<std::size_t> tokens = reseal_stock(stock_of(desk), desk.ring, desk.random); !tokens)
    problems.push_back(tokens.error().what);
  record_change(key_event("resealed", desk.ring.active()));
  show(say("People sealed under {1}: {0}.", {std::to_string(moved), desk.ring.active()}));
  for (const std::string& problem : problems) complain(say("problem: {0}", {problem}));
  if (problems.empty()) return Done{};
  return Error{Code::corrupt, say("{0} could not be resealed", {std::to_string(problems.size())})};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// The table of acts. What a rule refuses is said with its reason, and nothing is changed.
#include "setup/acts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "setup/acts_each.h"
#include "setup/listing.h"
#include "setup/registering.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Event changed(std::string_view what, std::string_view method, std::string reason = {}) {
  Event event;
  event.what = what;
  event.method = method;
  event.reason = std::move(reason);
  return event;
}

Status changed_list(Bench& bench, Request& request, const Edit& edit, Event event, std::string_view kept_as = {}) {
  if (Status done = bench.change(edit, std::move(event), kept_as); !done) return done;
  return act_list(bench, request);
}

Status act_default(Bench& bench, Request& request) {
  const auto edit = [&](Registered& person) { return make_default(person, request.method, bench.config.registration); };
  return changed_list(bench, request, edit, changed("reordered", request.method, "default"));
}

Status act_order(Bench& bench, Request& request) {
  std::string order;
  for (const std::string& id : request.methods) order += (order.empty() ? "" : " ") + id;
  const auto edit = [&](Registered& person) { return reorder(person, request.methods, bench.config.registration); };
  return changed_list(bench, request, edit, changed("reordered", {}, order));
}

Status act_rename(Bench& bench, Request& request) {
  const auto edit = [&](Registered& person) { return rename_method(person, request.method, request.label); };
  return changed_list(bench, request, edit, changed("renamed", request.method));
}

Status act_remove(Bench& bench, Request& request) {
  Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  const Method* method = registered->file.find(request.method);
  if (method == nullptr)
    return Error{Code::refused, say("{0} has no method {1}", {bench.user(), shown(request.method)})};
  const std::string label = method->label;
  if (Status may = remove_method(*registered, request.method, bench.config.registration); !may) return may;
  if (request.sure == Consent::withheld) {
    const Result<Consent> sure = consent(
        bench.talk, say("Remove {0} ({1})? It cannot be used again. [no]: ", {request.method, shown_label(label)}));
    if (!sure) return sure.error();
    if (*sure == Consent::withheld) return Error{Code::refused, say("nothing was changed")};
  }
  const auto edit = [&](Registered& person) {
    return remove_method(person, request.method, bench.config.registration);
  };
  return changed_list(bench, request, edit, changed("removed", request.method), "remove");
}

Status act_test(Bench& bench, Request& request) {
  const Result<std::string> used = try_method(bench, request.method);
  if (!used) return used.error();
  if (request.form == Format::json) return tell_json(bench, Json{{"id", *used}, {"tested", true}});
  if (Status told = say_to(bench.talk, say("{0} works.", {*used})); !told) return told;
  if (request.method.empty() || *used == request.method) return Done{};
  return say_to(bench.talk, say("Another method was used than {0}, which is still to be tried.", {request.method}));
}

Status act_guided(Bench& bench, Request& request) {
  if (request.form == Format::json)
    return Error{Code::invalid, say("the guided steps have no JSON: use add, confirm, test and apply")};
  return guided(bench, Occasion::own_wish);
}

constexpr std::array<Act, 16> acts = {{{"guided", Reach::looks, act_guided},  // ends with the list once active
                                       {"add-totp", Reach::changes, act_add_app},
                                       {"add-token", Reach::changes, act_add_token},
                                       {"add-recovery", Reach::changes, act_add_sheet},
                                       {"add-phone", Reach::changes, act_add_phone},
                                       {"add-push", Reach::changes, act_add_push},
                                       {"add-fido", Reach::changes, act_add_fido},
                                       {"change-number", Reach::renews, act_change_number},
                                       // Of what was added by somebody who had proven himself.
                                       {"confirm", Reach::looks, act_confirm},
                                       {"test", Reach::looks, act_test},
                                       {"apply", Reach::looks, act_apply},  // refused once active
                                       {"list", Reach::looks, act_list},
                                       {"default", Reach::changes, act_default},
                                       {"order", Reach::changes, act_order},
                                       {"rename", Reach::changes, act_rename},
                                       {"remove", Reach::changes, act_remove}}};

}  // namespace

Status tell_json(Bench& bench, const Json& json) {
  const Result<std::string> text = printed(json);
  if (!text) return text.error();
  return bench.talk.data(*text);
}

Status act_list(Bench& bench, Request& request) {
  const Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  const Time now = bench.clock.now();
  if (request.form == Format::json) return tell_json(bench, json_of(*registered, now));
  std::string text;
  for (const std::string& line : listed(*registered, bench.command, now)) text += (text.empty() ? "" : "\n") + line;
  return say_to(bench.talk, text);
}

Status act_apply(Bench& bench, Request& request) {
  const Result<Registered> registered = bench.registrar.read();
  if (!registered) return registered.error();
  std::string reasons;
  for (const std::string& each : missing_before_apply(*registered, bench.config.registration))
    reasons += (reasons.empty() ? "" : "; ") + say(each);
  if (!reasons.empty()) return Error{Code::refused, say("{0} cannot apply yet: {1}", {bench.user(), reasons})};
  const auto edit = [&](Registered& person) { return apply(person, bench.config.registration); };
  if (Status applied = bench.change(edit, changed("applied", {})); !applied) return applied;
  if (request.form == Format::json) return act_list(bench, request);
  std::string text = say("Applied. From now on {0} is asked at every sign-in.", {bench.user()});
  if (bench.talk.room() == Room::page)
    text += "\n" + say("Before a phone is replaced, add the new one first: {0}", {bench.command + " add totp"});
  return say_to(bench.talk, text);
}

const Act* act_for(std::string_view name) {
  const auto found = std::find_if(acts.begin(), acts.end(), [&](const Act& act) { return act.name == name; });
  return found == acts.end() ? nullptr : &*found;
}

Status perform(Bench& bench, Request& request) {
  const Act* act = act_for(request.act);
  if (act == nullptr) return Error{Code::invalid, "act: unknown"};
  return act->run(bench, request);
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll test, apply, list, default, order, rename, remove: what a rule refuses is said with its reason, and
// nothing is changed.
#include "base/text.h"
#include "enroll.h"
#include "listing.h"
#include "registration.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

Event changed(std::string_view what, std::string_view method, std::string reason = {}) {
  Event event;
  event.what = what;
  event.method = method;
  event.reason = std::move(reason);
  return event;
}

Status changed_list(Desk& desk, const EnrollOptions& options, const std::function<Status(Registered&)>& edit,
                    Event event) {
  if (Status done = desk.change(options.user, edit, std::move(event)); !done) return done;
  return list(desk, options);
}

}  // namespace

Status test(Desk& desk, const EnrollOptions& options) {
  const Result<std::string> used = try_method(desk, options.user, options.method);
  if (!used) return used.error();
  if (options.common.format == Format::json) return print(Json{{"id", *used}, {"tested", true}});
  show(say("{0} works.", {*used}));
  if (!options.method.empty() && *used != options.method)
    show(say("Another method was used than {0}, which is still to be tried.", {options.method}));
  return Done{};
}

Status apply(Desk& desk, const EnrollOptions& options) {
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  std::string reasons;
  for (const std::string& each : missing_before_apply(*registered, desk.config.registration))
    reasons += (reasons.empty() ? "" : "; ") + say(each);
  if (!reasons.empty()) return Error{Code::refused, say("{0} cannot apply yet: {1}", {options.user, reasons})};
  const auto edit = [&](Registered& person) { return apply(person, desk.config.registration); };
  if (Status applied = desk.change(options.user, edit, changed("applied", {})); !applied) return applied;
  if (options.common.format == Format::json) return list(desk, options);
  show(say("Applied. From now on {0} is asked at every sign-in.", {options.user}));
  return Done{};
}

Status list(Desk& desk, const EnrollOptions& options) {
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  const Time now = desk.clock.now();
  if (options.common.format == Format::json) return print(json_of(*registered, now));
  for (const std::string& line : listed(*registered, now)) show(line);
  return Done{};
}

Status set_default(Desk& desk, const EnrollOptions& options) {
  return changed_list(
      desk, options, [&](Registered& person) { return make_default(person, options.method, desk.config.registration); },
      changed("reordered", options.method, "default"));
}

Status order(Desk& desk, const EnrollOptions& options) {
  std::string order;
  for (const std::string& id : options.methods) order += (order.empty() ? "" : " ") + id;
  return changed_list(
      desk, options, [&](Registered& person) { return reorder(person, options.methods, desk.config.registration); },
      changed("reordered", {}, order));
}

Status rename(Desk& desk, const EnrollOptions& options) {
  return changed_list(
      desk, options, [&](Registered& person) { return rename_method(person, options.method, options.label); },
      changed("renamed", options.method));
}

Status remove(Desk& desk, const EnrollOptions& options) {
  Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  const Method* method = registered->file.find(options.method);
  if (method == nullptr)
    return Error{Code::refused, say("{0} has no method {1}", {options.user, shown(options.method)})};
  const std::string label = method->label;
  if (Status may = remove_method(*registered, options.method, desk.config.registration); !may) return may;
  if (!options.yes) {
    const Status sure = ask_yes(say("Remove {0} ({1})? It cannot be used again. [no]: ", {options.method, label}));
    if (!sure) return sure;
  }
  if (Status kept = desk.registry.keep(options.user, "remove"); !kept) return kept;
  return changed_list(
      desk, options,
      [&](Registered& person) { return remove_method(person, options.method, desk.config.registration); },
      changed("removed", options.method));
}

}  // namespace utmfa

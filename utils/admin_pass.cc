// SPDX-License-Identifier: Apache-2.0
// utmfa-admin pass: lets somebody in who has lost everything, for a stated time. Shown once. Never for oneself: an
// administrator who takes over one account must not be able to make a second confirmation for it.
#include "admin.h"
#include "json.h"
#include "registration.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {

Status give_pass(Desk& desk, const AdminOptions& options) {
  if (options.user == administrator())
    return Error{Code::refused, say("nobody gives a pass to himself: ask another administrator")};
  const Result<Registered> registered = desk.registry.read(options.user);
  if (!registered) return registered.error();
  if (registered->file.status != Registration::active)
    return Error{Code::refused, say("{0} has not applied: a pass would open nothing", {options.user})};
  const Factor& factor = *factor_for("pass");
  Wish wish;
  wish.label = say(factor.title);
  wish.options.emplace("valid", options.valid);
  wish.options.emplace("uses", options.many ? "many" : "once");
  Result<Registering> made = register_method(desk, options.user, factor, wish);
  if (!made) return made.error();
  const std::string expires(made->method.field("expires"));
  Event event;
  event.what = "pass-issued";
  event.user = options.user;
  event.method = made->id;
  event.kind = made->method.kind;
  event.reason = options.reason.empty() ? "until " + expires : options.reason + "; until " + expires;
  record_change(std::move(event));
  if (options.common.format == Format::json)
    return print(Json{{"user", options.user},
                      {"id", made->id},
                      {"pass", made->shown.front()},
                      {"expires", expires},
                      {"uses", options.many ? "many" : "once"}});
  show(say("Temporary pass of {0}, shown once: {1}", {options.user, made->shown.front()}));
  show(options.many ? say("Good for every sign-in until {0}.", {expires})
                    : say("Good for one sign-in until {0}.", {expires}));
  show(say("At the question for the code: ?, then the number of the temporary pass."));
  return Done{};
}

}  // namespace utmfa

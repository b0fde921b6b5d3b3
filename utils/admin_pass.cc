// SPDX-License-Identifier: Apache-2.0
// utmfa-admin pass: lets somebody in who has lost everything, for a stated time. Shown once. Never for oneself: an
// administrator who takes over one account must not be able to make a second confirmation for it.
#include "admin.h"
#include "each_person.h"
#include "json.h"
#include "setup/directory_registrar.h"
#include "setup/registering.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {

namespace {

struct Given {
  std::string pass, expires, id;
};

Result<Given> give(Desk& desk, const AdminOptions& options, const std::string& user) {
  if (user == administrator())
    return Error{Code::refused, say("nobody gives a pass to himself: ask another administrator")};
  const Result<Registered> registered = desk.registry.read(user);
  if (!registered) return registered.error();
  if (registered->file.status != Registration::active)
    return Error{Code::refused, say("{0} has not applied: a pass would open nothing", {user})};
  const Factor& factor = *factor_for("pass");
  Wish wish;
  wish.label = say(factor.title);
  wish.options.emplace("valid", options.valid);
  wish.options.emplace("uses", options.many ? "many" : "once");
  DirectoryRegistrar registrar(desk.registry, desk.ring, desk.config, user);
  Result<Registering> made =
      register_method(registrar, factor, wish, desk.random, desk.clock.now(), desk.config.registration);
  if (!made) return made.error();
  const std::string expires(made->method.field("expires"));
  Event event;
  event.what = "pass-issued";
  event.user = user;
  event.method = made->id;
  event.kind = made->method.kind;
  event.reason = options.reason.empty() ? "until " + expires : options.reason + "; until " + expires;
  record_change(std::move(event));
  return Given{made->shown.front(), expires, made->id};
}

Json json_of(const Given& given, const AdminOptions& options) {
  return Json{
      {"id", given.id}, {"pass", given.pass}, {"expires", given.expires}, {"uses", options.many ? "many" : "once"}};
}

}  // namespace

Status give_pass(Desk& desk, const AdminOptions& options) {
  if (options.bulk.names_from_stdin)
    return on_everybody(options, {say("Give a pass to everybody on this list ({0} names)? [no]: "),
                                  [&](const std::string& user) -> Result<Outcomes> {
                                    const Result<Given> given = give(desk, options, user);
                                    if (!given) return given.error();
                                    return Outcomes{given->pass + "  " + given->expires, json_of(*given, options)};
                                  }});
  if (!options.yes)
    if (Status sure =
            ask_yes_at_terminal(say("Give {0} a temporary pass for {1}? [no]: ", {options.user, options.valid}));
        !sure)
      return sure;
  const Result<Given> given = give(desk, options, options.user);
  if (!given) return given.error();
  if (options.common.format == Format::json) {
    Json json{{"user", options.user}};
    json.update(json_of(*given, options));
    return print(json);
  }
  show(say("Temporary pass of {0}, shown once: {1}", {options.user, given->pass}));
  show(options.many ? say("Good for every sign-in until {0}.", {given->expires})
                    : say("Good for one sign-in until {0}.", {given->expires}));
  show(say("At the question for the code: ?, then the number of the temporary pass."));
  return Done{};
}

}  // namespace utmfa

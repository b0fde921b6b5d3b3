// SPDX-License-Identifier: Apache-2.0
// Adding and confirming. A secret is shown once and nowhere kept in the clear.
#include "base/encoding.h"
#include "base/text.h"
#include "setup/acts_each.h"
#include "setup/otpauth.h"
#include "setup/registering.h"
#include "signin/labels.h"
#include "signin/words.h"

namespace utmfa {
namespace {

Wish wish_of(const Request& request) {
  Wish wish;
  wish.label = request.label;
  const std::pair<const char*, const std::string&> said[] = {{"digits", request.digits},
                                                             {"period", request.period},
                                                             {"algorithm", request.algorithm},
                                                             {"serial", request.serial},
                                                             {"counter", request.counter}};
  for (const auto& [key, value] : said)
    if (!value.empty()) wish.options.emplace(key, value);
  return wish;
}

std::string confirm_command(const Bench& bench, const std::string& id) {
  return bench.command + " confirm " + id + " CODE";
}

enum class Show { secret, nothing };

Json json_of(const Bench& bench, const Registering& made, Show show) {
  Json json{{"id", made.id}, {"kind", made.method.kind}};
  if (show == Show::secret) {
    json["secret"] = base32(made.secret.view());
    json["uri"] = otpauth_uri(made.method, bench.config.issuer, bench.user(), made.secret);
  }
  json["confirm"] = confirm_command(bench, made.id);
  return json;
}

// With the first code asked for at once, nothing is left when the person stops here.
Status proven(Bench& bench, const Request& request, const Registering& made, std::string_view prompt) {
  if (request.proving == Request::Proving::later)
    return say_to(bench.talk, say("{0} is not asked for until its first code is confirmed: {1}",
                                  {made.id, confirm_command(bench, made.id)}));
  Unfinished unfinished(bench, made.id);
  if (Status right = ask_for_proof(bench, made, prompt); !right) return right;
  unfinished.finished();
  return say_to(bench.talk, say("{0} ({1}) is registered.", {made.id, shown_label(made.method.label)}));
}

}  // namespace

Status ask_for_proof(Bench& bench, const Registering& made, std::string_view prompt) {
  for (;;) {
    const Result<std::string> code = asked(bench.talk, prompt);
    if (!code) return code.error();
    const bool page = bench.talk.room() == Room::page;
    if (code->empty() && page) continue;
    if (code->empty()) {
      if (Status shown = show_app(bench, made); !shown) return shown;
      continue;
    }
    const Status right = prove(bench, made.id, *code);
    if (right || right.error().code != Code::refused) return right;
    // A greeter has taken the secret away, and a text of its own would be gone before it was read.
    const std::string more = page ? " " + say("If the app shows it like that, is the clock of the phone right?")
                                  : "\n" + say("For the app: {0}", {in_groups_of_four(base32(made.secret.view()))});
    if (Status told = say_to(bench.talk, right.error().what + more); !told) return told;
  }
}

Status act_add_app(Bench& bench, Request& request) {
  const Result<Registering> made = register_method(bench, *factor_for("totp"), wish_of(request));
  if (!made) return made.error();
  if (request.form == Format::json) return tell_json(bench, json_of(bench, *made, Show::secret));
  if (Status shown = show_app(bench, *made); !shown) {
    (void)withdraw(bench, made->id);  // a secret that nobody saw
    return shown;
  }
  return proven(bench, request, *made, say("Code that the app shows now: "));
}

Status act_add_token(Bench& bench, Request& request) {
  const Factor* factor = factor_for(request.kind);
  if (factor == nullptr || factor->token.empty())
    return Error{Code::invalid, say("{0} is no kind of hardware token", {shown(request.kind)})};
  if (request.secret.empty()) return Error{Code::invalid, say("the secret is empty")};
  Wish wish = wish_of(request);
  wish.secret = std::move(request.secret);
  if (wish.label.empty()) wish.label = say("Hardware token");
  const Result<Registering> made = register_method(bench, *factor, wish);
  if (!made) return made.error();
  if (request.form == Format::json) return tell_json(bench, json_of(bench, *made, Show::nothing));
  return proven(bench, request, *made, say("Code that the token shows now: "));
}

Status act_add_sheet(Bench& bench, Request& request) {
  const Result<Registering> made = register_method(bench, *factor_for("recovery"), wish_of(request));
  if (!made) return made.error();
  if (request.form == Format::json)
    return tell_json(bench, Json{{"id", made->id}, {"kind", made->method.kind}, {"codes", made->shown}});
  return show_sheet(bench, made->shown);
}

Status act_confirm(Bench& bench, Request& request) {
  if (Status right = prove(bench, request.method, trimmed(request.code.view())); !right) return right;
  if (request.form == Format::json) return tell_json(bench, Json{{"id", request.method}, {"confirmed", true}});
  return say_to(bench.talk, say("{0} is confirmed.", {request.method}));
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-enroll add and confirm: for scripts and for the desk. A secret from outside comes from a file or standard
// input, never from the command line, where every user of the machine could read it.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "enroll.h"
#include "json.h"
#include "otpauth.h"
#include "qr.h"
#include "registration.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_secret_file = 4096;

Wish wish_of(const EnrollOptions& options) {
  Wish wish;
  wish.label = options.label;
  const std::pair<const char*, const std::string&> said[] = {{"digits", options.digits},
                                                             {"period", options.period},
                                                             {"algorithm", options.algorithm},
                                                             {"serial", options.serial},
                                                             {"counter", options.counter}};
  for (const auto& [key, value] : said)
    if (!value.empty()) wish.options.emplace(key, value);
  return wish;
}

const Factor& factor_named(std::string_view kind) { return *factor_for(kind); }

std::string confirm_command(const EnrollOptions& options, const std::string& id) {
  return "utmfa-enroll --user " + options.user + " confirm " + id + " CODE";
}

// What reads as hexadecimal is that: a base32 secret of 26 letters is all of A-F and 2-7 once in a hundred thousand
// million.
Result<Secret> decoded(std::string_view text) {
  if (text.empty()) return Error{Code::invalid, say("the secret is empty")};
  if (Result<Secret> read = from_hex(text); read) return read;
  if (Result<Secret> read = from_base32(text); read) return read;
  return Error{Code::invalid, say("the secret is neither base32 nor hexadecimal")};
}

Result<Secret> secret_from(const std::string& path) {
  if (path == "-") {
    const Result<Secret> line = ask(isatty(STDIN_FILENO) != 0 ? say("Secret of the token: ") : "", Echo::hidden);
    if (!line) return line.error();
    return decoded(trimmed(line->view()));
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return os_error(path, "cannot be opened");
  Result<std::string> text = contents(file.get(), path, longest_secret_file);
  if (!text) return text.error();
  Result<Secret> secret = decoded(trimmed(*text));
  wipe(*text);
  return secret;
}

Json json_of(const Registering& made, const EnrollOptions& options, const Desk& desk) {
  Json json{{"id", made.id}, {"kind", made.method.kind}};
  if (options.secret_file.empty()) {
    json["secret"] = base32(made.secret.view());
    json["uri"] = otpauth_uri(made.method, desk.config.issuer, options.user, made.secret);
  }
  json["confirm"] = confirm_command(options, made.id);
  return json;
}

}  // namespace

void show_app(const Desk& desk, const std::string& user, const Registering& made) {
  const std::string uri = otpauth_uri(made.method, desk.config.issuer, user, made.secret);
  show(say("Scan this with the authenticator app, or type this secret into it:"));
  show("  " + in_groups_of_four(base32(made.secret.view())));
  show("  " + uri);
  // The picture comes last: what does not fit a small window scrolls away at the top.
  if (const auto lines = qr_lines(uri, qr_style_here()); lines)
    for (const std::string& line : *lines) show(line);
}

void show_sheet(const Desk& desk, const std::string& user, const std::vector<std::string>& codes) {
  show(say("Recovery codes of {0} ({1}, {2}). Each works once:",
           {user, desk.config.issuer, date_text(SystemClock().now())}));
  for (std::size_t i = 0; i < codes.size(); i += 2)
    show("  " + codes[i] + (i + 1 < codes.size() ? "    " + codes[i + 1] : ""));
  show(say("Write them down or print them now, and keep them apart from your phone. They are not shown again."));
}

Status add_app(Desk& desk, const EnrollOptions& options) {
  const Result<Registering> made = register_method(desk, options.user, factor_named("totp"), wish_of(options));
  if (!made) return made.error();
  if (options.common.format == Format::json) return print(json_of(*made, options, desk));
  show_app(desk, options.user, *made);
  show(say("{0} is not asked for until its first code is confirmed: {1}",
           {made->id, confirm_command(options, made->id)}));
  return Done{};
}

Status add_token(Desk& desk, const EnrollOptions& options) {
  Result<Secret> secret = secret_from(options.secret_file);
  if (!secret) return secret.error();
  Wish wish = wish_of(options);
  wish.secret = std::move(*secret);
  if (wish.label.empty()) wish.label = say("Hardware token");
  const Result<Registering> made = register_method(desk, options.user, factor_named(options.kind), wish);
  if (!made) return made.error();
  if (options.common.format == Format::json) return print(json_of(*made, options, desk));
  show(say("{0} is not asked for until its first code is confirmed: {1}",
           {made->id, confirm_command(options, made->id)}));
  return Done{};
}

Status add_recovery(Desk& desk, const EnrollOptions& options) {
  const Result<Registering> made = register_method(desk, options.user, factor_named("recovery"), wish_of(options));
  if (!made) return made.error();
  if (options.common.format == Format::json)
    return print(Json{{"id", made->id}, {"kind", made->method.kind}, {"codes", made->shown}});
  show_sheet(desk, options.user, made->shown);
  return Done{};
}

Status confirm(Desk& desk, const EnrollOptions& options) {
  Secret code(options.code);
  if (options.code == "-") {
    Result<Secret> typed = ask(isatty(STDIN_FILENO) != 0 ? say("Code: ") : "", Echo::shown);
    if (!typed) return typed.error();
    code = std::move(*typed);
  }
  if (Status proven = prove(desk, options.user, options.method, trimmed(code.view())); !proven) return proven;
  if (options.common.format == Format::json) return print(Json{{"id", options.method}, {"confirmed", true}});
  show(say("{0} is confirmed.", {options.method}));
  return Done{};
}

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
// utmfa-admin token import, list, show.
#include "admin_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/file.h"
#include "base/text.h"
#include "json.h"
#include "setup/columns.h"
#include "signin/words.h"
#include "terminal.h"
#include "tokens/lending.h"
#include "tokens/reading.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_password_file = 4096;

StockPlace stock_of(const AdminOptions& options) { return {options.common.data + "/tokens"}; }

// A file that the administrator names; a pipe or a device would never end, or be read twice.
Result<std::string> text_of(const std::string& path, std::size_t longest, Reading& reading) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return os_error(path, "cannot be opened");
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return os_error(path, "cannot be examined");
  if (!S_ISREG(about.st_mode)) return Error{Code::invalid, path + ": is not a regular file"};
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    reading.notes.push_back(path + ": others on this machine may be able to read it: it holds secrets");
  return contents(file.get(), path, longest);
}

Result<std::optional<Secret>> password_of(const std::string& path, Reading& reading) {
  if (path.empty()) return std::optional<Secret>();
  if (path == "-") {
    Result<Secret> typed = ask(isatty(STDIN_FILENO) != 0 ? say("Password of the file: ") : "", Echo::hidden);
    if (!typed) return typed.error();
    return std::optional<Secret>(std::move(*typed));
  }
  Result<std::string> text = text_of(path, longest_password_file, reading);
  if (!text) return text.error();
  std::string_view line = *text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  std::optional<Secret> password(line);
  wipe(*text);
  if (password->empty()) return Error{Code::invalid, path + ": is empty: expected a password or a key"};
  return password;
}

TokenForm form_of(std::string_view name) {
  if (name == "pskc") return TokenForm::pskc;
  if (name == "csv") return TokenForm::csv;
  return name == "entra" ? TokenForm::entra : TokenForm::found_out;
}

Status read_file(const AdminOptions& options, Reading& reading) {
  const Result<std::optional<Secret>> password = password_of(options.token.password_file, reading);
  if (!password) return password.error();
  Result<std::string> text = text_of(options.file, longest_token_file, reading);
  if (!text) return text.error();
  read_tokens(*text, form_of(options.token.format), *password, reading);
  wipe(*text);
  return Done{};
}

Status report(const AdminOptions& options, const Reading& reading, const TakenIn& done) {
  const bool right = reading.problems.empty(), dry = options.token.dry_run;
  if (options.common.format == Format::json) {
    const Status printed = print(Json{{"file", options.file},
                                      {"dry_run", dry},
                                      {"imported", right && !dry},
                                      {"new", done.added},
                                      {"there", done.there},
                                      {"retired", done.retired},
                                      {"notes", reading.notes},
                                      {"problems", reading.problems}});
    if (!printed) return printed;
  } else {
    for (const std::string& each : reading.notes) complain(say("note: {0}", {each}));
    for (const std::string& each : reading.problems) complain(say("problem: {0}", {each}));
  }
  if (!right)
    return Error{Code::refused, say("nothing was imported: every problem in the file must be put right first")};
  if (options.common.format == Format::json) return Done{};
  const std::string count = std::to_string(done.added);
  show(dry ? say("{0} tokens would be taken into stock.", {count}) : say("{0} tokens are taken into stock.", {count}));
  if (done.there > 0) show(say("{0} were there already.", {std::to_string(done.there)}));
  if (done.retired > 0) show(say("{0} are retired and stay so.", {std::to_string(done.retired)}));
  return Done{};
}

bool wanted(const Token& token, const TokenOptions& options, std::string_view today) {
  if (!options.free && !options.lent && !options.overdue) return true;
  return (options.free && token.holding() == Holding::free) || (options.lent && token.loan) ||
         (options.overdue && token.overdue(today));
}

std::string holding_text(const Token& token, std::string_view today) {
  switch (token.holding()) {
    case Holding::free: return token.unknown ? say("free, to be resynced") : say("free");
    case Holding::lent: return token.overdue(today) ? say("overdue") : say("lent");
    case Holding::retired: return say("retired");
  }
  return {};
}

// "TOTP, 6 digits, 60 s"
std::string kind_text(const Token& token) {
  const auto field = [&](std::string_view key) {
    const auto found = token.fields.find(key);
    return found == token.fields.end() ? std::string() : found->second;
  };
  std::string text = token.kind + " " + field("digits");
  for (const char* key : {"period", "algorithm"})
    if (!field(key).empty()) text += " " + field(key);
  return text;
}

Json json_of(const Token& token, std::string_view today) {
  Json json{{"serial", token.serial}, {"kind", token.kind}};
  for (const auto& [key, value] : token.fields) json[key] = value;
  json["holding"] = std::string(name(token.holding()));
  json["user"] = json_text(token.loan ? token.loan->user : std::string());
  json["lent"] = json_time(token.loan ? token.loan->lent : 0);
  json["due"] = json_text(token.loan ? token.loan->due : std::string());
  json["overdue"] = token.overdue(today);
  json["resync_needed"] = token.unknown;
  json["manufacturer"] = json_text(token.manufacturer);
  json["model"] = json_text(token.model);
  json["meant_for"] = json_text(token.meant);
  json["imported"] = json_time(token.imported);
  json["retired"] = json_time(token.retired);
  json["reason"] = json_text(token.reason);
  return json;
}

std::string maker(const Token& token) {
  return token.manufacturer + (token.manufacturer.empty() || token.model.empty() ? "" : " ") + token.model;
}

// As which method the person has it, in words.
Result<std::string> registered_as(Desk& desk, const Token& token) {
  const Result<Registered> person = desk.registry.read(token.loan->user);
  if (!person) return person.error();
  const Method* method = method_of(person->file, token);
  if (method == nullptr) return std::string();
  return method->id + (method->proof == Proof::waiting ? ", " + say("first code not confirmed yet") : "");
}

}  // namespace

Status import_tokens(Desk& desk, const AdminOptions& options) {
  const TokenOptions& token = options.token;
  Reading reading(options.file, {token.kind, token.digits, token.period, token.algorithm});
  if (Status read = read_file(options, reading); !read) return read;
  if (!reading.problems.empty()) return report(options, reading, {});
  Result<HeldStock> stock = HeldStock::open(stock_of(options));
  if (!stock) return stock.error();
  const Result<TakenIn> done = import_tokens(*stock, reading, desk.ring, desk.random, desk.clock.now());
  if (!done) return done.error();
  if (token.dry_run || !reading.problems.empty()) return report(options, reading, *done);
  if (done->added > 0) {
    if (Status written = stock->write(); !written) return written;
    Event event;
    event.what = "token-imported";
    event.reason = std::to_string(done->added) + " from " + options.file;
    if (!options.reason.empty()) event.reason += "; " + options.reason;
    record_change(std::move(event));
  }
  return report(options, reading, *done);
}

Status list_tokens(Desk& desk, const AdminOptions& options) {
  const Result<std::vector<Token>> tokens = read_stock(stock_of(options));
  if (!tokens) return tokens.error();
  const std::string today = date_text(desk.clock.now());
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Token& token : *tokens) {
    if (!wanted(token, options.token, today)) continue;
    if (options.common.format == Format::json)
      json.push_back(json_of(token, today));
    else
      rows.push_back({token.serial, holding_text(token, today), token.loan ? token.loan->user : "",
                      token.loan ? token.loan->due : "", kind_text(token), maker(token)});
  }
  if (options.common.format == Format::json) return print(Json{{"tokens", std::move(json)}});
  for (const std::string& line : table(rows)) show(line);
  if (rows.empty()) show(tokens->empty() ? say("No token is in stock.") : say("None of the tokens."));
  return Done{};
}

Status show_token(Desk& desk, const AdminOptions& options) {
  const Result<std::vector<Token>> tokens = read_stock(stock_of(options));
  if (!tokens) return tokens.error();
  const std::string today = date_text(desk.clock.now());
  for (const Token& token : *tokens) {
    if (token.serial != options.token.serial) continue;
    std::string method;
    if (token.loan) {
      Result<std::string> as = registered_as(desk, token);
      if (!as) return as.error();
      method = *as;
    }
    if (options.common.format == Format::json) {
      Json json = json_of(token, today);
      json["method"] = json_text(method.substr(0, method.find(',')));
      json["past"] = Json::array();
      for (const Loan& loan : token.past)
        json["past"].push_back(
            Json{{"user", loan.user}, {"lent", json_time(loan.lent)}, {"returned", json_time(loan.returned)}});
      return print(json);
    }
    show(token.serial + "   " + holding_text(token, today) + "   " + kind_text(token) + "   " + maker(token));
    if (token.loan) {
      show(say("lent to {0} on {1}", {token.loan->user, date_text(token.loan->lent)}) +
           (token.loan->due.empty() ? "" : ", " + say("to be given back by {0}", {token.loan->due})));
      show(method.empty() ? say("not in the registration any more") : say("registered as {0}", {method}));
    }
    if (!token.meant.empty()) show(say("meant for {0}, as the vendor's file says", {token.meant}));
    for (const Loan& loan : token.past)
      show(say("{0} had it from {1} to {2}", {loan.user, date_text(loan.lent), date_text(loan.returned)}));
    if (token.retired != 0) show(say("retired on {0}: {1}", {date_text(token.retired), token.reason}));
    return Done{};
  }
  return Error{Code::refused, say("there is no token {0} in stock", {cleaned(options.token.serial, 64)})};
}

}  // namespace utmfa

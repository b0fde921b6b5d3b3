// SPDX-License-Identifier: Apache-2.0
// The command line of utmfa-admin token.
#include "admin.h"
#include "admin_token.h"
#include "command_line.h"
#include "signin/words.h"
#include "tokens/token.h"

namespace utmfa {
namespace {

using DeskVerb = Status (*)(Desk&, const AdminOptions&);

class TokenLine {
 public:
  TokenLine(CLI::App& app, AdminOptions& options, const std::function<void(DeskVerb)>& choose)
      : token_(*app.add_subcommand("token", say("hardware tokens: taken into stock, lent, given back"))),
        options_(options), choose_(choose) {
    token_.require_subcommand(1);
    stock_verbs();
    loan_verbs();
  }

 private:
  CLI::App* verb(const std::string& name, const std::string& what, DeskVerb chosen) {
    CLI::App* added = token_.add_subcommand(name, what);
    added->callback([choose = choose_, chosen] { choose(chosen); });
    return added;
  }

  CLI::App* serial(CLI::App* app) {
    app->add_option("SERIAL", options_.token.serial, say("serial number of the token"))->required();
    return app;
  }

  CLI::Option* reason(CLI::App* app) {
    return app->add_option("--reason", options_.reason, say("why; written to the log"));
  }

  void force(CLI::App* app) {
    app->add_flag("--force", options_.token.force,
                  say("also where the person is left with fewer methods than the minimum"));
    app->add_flag("--yes", options_.yes, say("do not ask"));
  }

  void stock_verbs() {
    TokenOptions& token = options_.token;
    CLI::App* import = verb("import", say("take the tokens of a vendor's file into stock; safe to run again"),
                            static_cast<DeskVerb>(import_tokens));
    import->add_option("FILE", options_.file, say("PSKC (RFC 6030) or CSV"))->required();
    import->add_option("--password-file", token.password_file,
                       say("file with the password or key of an encrypted PSKC file; - asks for it"));
    import->add_option("--format", token.format, say("pskc, csv or entra, where it cannot be found out"))
        ->check(CLI::IsMember({"pskc", "csv", "entra"}));
    import->add_flag("--dry-run", token.dry_run, say("only say what would be done"));
    import->add_option("--kind", token.kind, say("totp or hotp, where the file does not say"))
        ->check(CLI::IsMember({"totp", "hotp"}));
    import->add_option("--digits", token.digits, say("length of a code, where the file does not say: 6, 7 or 8"))
        ->check(CLI::IsMember({"6", "7", "8"}));
    import->add_option("--period", token.period, say("seconds of a code, where the file does not say: 30 or 60"))
        ->check(CLI::IsMember({"30", "60"}));
    import->add_option("--algorithm", token.algorithm, say("where the file does not say: sha1, sha256 or sha512"))
        ->check(CLI::IsMember({"sha1", "sha256", "sha512"}));
    reason(import);
    CLI::App* list = verb("list", say("the tokens, and who has them"), list_tokens);
    list->add_flag("--overdue", token.overdue, say("those that should be back"));
    list->add_flag("--free", token.free, say("those that can be lent"));
    list->add_flag("--lent", token.lent, say("those that somebody has"));
    serial(verb("show", say("one token, and who had it"), show_token));
  }

  void loan_verbs() {
    TokenOptions& token = options_.token;
    CLI::App* lend = serial(verb("lend", say("give a token to a person: it becomes a method of theirs"), lend_token));
    lend->add_option("USER", options_.user, say("name of the person"))->required();
    lend->add_option("--until", token.until, say("last day, for example 2027-03-31"))
        ->check([](const std::string& day) { return valid_day(day) ? "" : say("expected a day like 2027-03-31"); }, "",
                "DATE");
    lend->add_option("--code", token.code, say("that the token shows now: it is then confirmed at once"));
    reason(lend);
    CLI::App* back = serial(verb("return", say("take a token back, out of the person's methods"), return_token));
    reason(back);
    force(back);
    CLI::App* retire =
        serial(verb("retire", say("out of use for good, lost or broken: its secret is forgotten"), retire_token));
    reason(retire)->required();
    force(retire);
    CLI::App* resync = serial(verb("resync", say("set clock or counter right by two codes in a row"), resync_token));
    resync->add_option("CODE", token.first, say("that the token shows"))->required();
    resync->add_option("NEXT", token.second, say("that it shows after it"))->required();
    reason(resync);
  }

  CLI::App& token_;
  AdminOptions& options_;
  std::function<void(DeskVerb)> choose_;
};

}  // namespace

void add_token_verbs(CLI::App& app, AdminOptions& options, const std::function<void(DeskVerb)>& choose) {
  TokenLine(app, options, choose);
}

}  // namespace utmfa

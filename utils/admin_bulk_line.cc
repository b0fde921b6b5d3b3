// SPDX-License-Identifier: Apache-2.0
// The command line of the acts on people, alone or by the list, and of import, export, restore and report.
#include "admin.h"
#include "admin_bulk.h"
#include "command_line.h"
#include "signin/words.h"

namespace utmfa {
namespace {

using DeskVerb = Status (*)(Desk&, const AdminOptions&);

class BulkLine {
 public:
  BulkLine(CLI::App& app, AdminOptions& options, const std::function<void(DeskVerb)>& choose)
      : app_(app), options_(options), choose_(choose) {
    acts();
    import_verb();
    export_verb();
    restore_verb();
    report_verb();
  }

 private:
  CLI::App* verb(const std::string& name, const std::string& what, DeskVerb chosen) {
    CLI::App* added = app_.add_subcommand(name, what);
    added->callback([choose = choose_, chosen] { choose(chosen); });
    return added;
  }

  // One name, or a list of them.
  CLI::App* people(CLI::App* app) {
    CLI::Option_group* who = app->add_option_group(say("Who"));
    who->add_option("USER", options_.user, say("name of the person; - is the same as --stdin"));
    who->add_flag("--stdin", options_.bulk.names_from_stdin, say("everybody named on standard input, one a line"));
    who->require_option(1);
    return app;
  }

  CLI::Option* reason(CLI::App* app) {
    return app->add_option("--reason", options_.reason, say("why; written to the log"));
  }

  void sure(CLI::App* app) { app->add_flag("--yes", options_.yes, say("do not ask")); }

  void acts() {
    CLI::App* free = people(verb("unlock", say("forget the wrong answers of a person"), unlock));
    reason(free);
    sure(free);
    CLI::App* pass = people(verb("pass", say("give a temporary pass; shown once"), give_pass));
    options_.valid = "1h";
    pass->add_option("--valid", options_.valid, say("how long: 10m to 30d"))->capture_default_str();
    pass->add_flag("--many", options_.many, say("good for every sign-in until then, not for one only"));
    reason(pass);
    sure(pass);
    CLI::App* away = people(verb("reset", say("take all methods away, to be registered anew; keeps a copy"), reset));
    reason(away)->required();
    sure(away);
    CLI::App* end = people(verb("terminate", say("end a registration; keeps a copy"), terminate));
    reason(end)->required();
    sure(end);
  }

  void import_verb() {
    BulkOptions& bulk = options_.bulk;
    CLI::App* import = verb("import", say("register many people from a file; safe to run again"), import_people);
    import->add_option("FILE", bulk.what,
                       say("CSV, JSON, a parcel, users.oath, u2f mappings; - is standard input. With "
                           "--from google-authenticator: names of people, nobody = everybody"));
    import->add_option("--format", bulk.format, say("csv or json, where the name does not say"))
        ->check(CLI::IsMember({"csv", "json"}));
    CLI::Option* from =
        import->add_option("--from", bulk.from, say("of another program: google-authenticator, oath or u2f"))
            ->check(CLI::IsMember({"google-authenticator", "oath", "u2f"}));
    import
        ->add_option("--path", bulk.path,
                     say("where google-authenticator has its files: ~/.google_authenticator, or "
                         "a path with ${USER} or ${HOME} in it"))
        ->needs(from);
    import
        ->add_option("--origin", bulk.origin, say("what the keys of u2f were made for (default: pam:// and this host)"))
        ->needs(from);
    CLI::Option* sealed = import->add_flag("--sealed", bulk.sealed, say("a parcel of utmfa-admin export"));
    sealed->excludes(from);
    import->add_option("--passphrase-file", bulk.passphrase_file, say("file with the passphrase of the parcel"));
    import->add_flag("--names-as-written", bulk.as_written,
                     say("do not ask the name services: for people who are not on this machine yet"));
    CLI::Option* apply = import->add_flag("--apply", bulk.apply, say("do it; with --from only a dry run is made else"));
    import->add_flag("--dry-run", bulk.dry_run, say("only say what would be done"))->excludes(apply);
    import->add_option("--rejected", bulk.rejected,
                       say("file for the rejected rows, to be put right and imported again"));
    reason(import);
  }

  void export_verb() {
    BulkOptions& bulk = options_.bulk;
    CLI::App* exports = verb("export", say("pack people for another machine, sealed with a passphrase"), export_people);
    exports->add_option("USER", bulk.what, say("names of people; nobody = everybody"));
    exports->add_option("--to", bulk.to, say("the file to be made"))->required();
    exports->add_option("--passphrase-file", bulk.passphrase_file,
                        say("file with the passphrase, instead of asking for it"));
    reason(exports);
  }

  void restore_verb() {
    BulkOptions& bulk = options_.bulk;
    CLI::App* back = verb("restore", say("bring back what reset, terminate or remove took away"), restore_person);
    back->add_option("USER", options_.user, say("name of the person"))->required();
    back->add_flag("--list", bulk.list, say("only list the copies that are kept"));
    back->add_option("--kept", bulk.kept, say("which copy, as listed; the newest is the default"));
    reason(back);
    sure(back);
  }

  void report_verb() {
    BulkOptions& bulk = options_.bulk;
    CLI::App* told = verb("report", say("who has applied, who has one method only, what is in use"), report);
    told->add_option("--unused", bulk.unused, say("count as unused what was not used for so long"))
        ->capture_default_str();
    told->add_flag("--people", bulk.people, say("a line for each person as well"));
    told->add_flag("--csv", bulk.csv, say("a line for each person, as CSV"));
    told->add_flag("--stdin", bulk.names_from_stdin, say("everybody named on standard input, one a line"));
  }

  CLI::App& app_;
  AdminOptions& options_;
  std::function<void(DeskVerb)> choose_;
};

}  // namespace

void add_bulk_verbs(CLI::App& app, AdminOptions& options, const std::function<void(DeskVerb)>& choose) {
  BulkLine(app, options, choose);
}

}  // namespace utmfa

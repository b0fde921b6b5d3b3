// SPDX-License-Identifier: Apache-2.0
// utmfa-admin: the desk's side. This file is its command line; the verbs are in admin_*.cc and doctor/.
#include "admin.h"
#include "command_line.h"
#include "signin/words.h"

namespace utmfa {
namespace {

using DeskVerb = Status (*)(Desk&, const AdminOptions&);
using FreeVerb = Status (*)(const AdminOptions&);

class CommandLine {
 public:
  CommandLine()
      : app_(say("Look after the second confirmation at sign-in: people, policy, keys, this machine."), "utmfa-admin") {
    add_common_options(app_, options_.common);
    app_.require_subcommand(1);
    machine_verbs();
    people_verbs();
    contact_verbs();
    record_verbs();
    add_token_verbs(app_, options_, [this](DeskVerb chosen) { desk_verb_ = chosen; });
    add_service_verbs(
        app_, options_, [this](DeskVerb chosen) { desk_verb_ = chosen; },
        [this](FreeVerb chosen) { free_verb_ = chosen; });
    // Last, because verbs would take it over: the examples of the whole below the help of each.
    app_.footer(examples({"utmfa-admin doctor", "utmfa-admin explain taro sshd --from 192.0.2.1",
                          "utmfa-admin pass taro --valid 2h --reason \"lost phone, student card seen\"",
                          "utmfa-admin reset taro --reason \"new phone\"", "utmfa-admin log --user taro --lines 20"}));
  }

  int main(int count, char** words) {
    return run(app_, count, words, [this] { return act(); });
  }

 private:
  CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& what, DeskVerb chosen) {
    CLI::App* added = parent.add_subcommand(name, what);
    added->callback([this, chosen] { desk_verb_ = chosen; });
    return added;
  }

  CLI::App* free_verb(CLI::App& parent, const std::string& name, const std::string& what, FreeVerb chosen) {
    CLI::App* added = parent.add_subcommand(name, what);
    added->callback([this, chosen] { free_verb_ = chosen; });
    return added;
  }

  CLI::App* user(CLI::App* app) {
    app->add_option("USER", options_.user, say("name of the person"))->required();
    return app;
  }

  CLI::Option* reason(CLI::App* app) {
    return app->add_option("--reason", options_.reason, say("why; written to the log"));
  }

  void sure(CLI::App* app) { app->add_flag("--yes", options_.yes, say("do not ask")); }

  void machine_verbs() {
    verb(app_, "status", say("whether the verifier answers, and how many people are registered"), machine_status)
        ->add_option("--prometheus", options_.prometheus,
                     say("write numbers for monitoring into this file; - shows them"));
    CLI::App* setup = free_verb(app_, "setup", say("make directories and the first key; safe to run again"), set_up);
    setup->add_flag("--create-user", options_.create_user, say("also make the system user utmfa with useradd"));
    CLI::App* doctor_verb =
        free_verb(app_, "doctor", say("find what is wrong on this machine, with the remedy"), doctor);
    doctor_verb->add_option("--root", options_.root, say("look at the machine whose files are below this directory"));
    doctor_verb->add_option("--sshd-settings", options_.sshd_settings,
                            say("file with the output of sshd -T, instead of asking sshd"));
    CLI::App* check =
        free_verb(app_, "check", say("check a configuration file; 1 where something is wrong"), check_config);
    check->add_option("FILE", options_.file, say("configuration file"))->required();
    CLI::App* log = free_verb(app_, "log", say("show what was written to the log"), read_log);
    log->add_option("--user", options_.user, say("only lines about this person"));
    log->add_option("--lines", options_.lines, say("at most so many, the newest"))
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    log->add_option("--file", options_.log_file, say("read this file instead of the system's log"));
    CLI::App* why = user(verb(app_, "explain", say("what a sign-in would be asked, and every reason"), explain));
    why->add_option("SERVICE", options_.service, say("PAM service, for example sshd"))->required();
    why->add_option("--from", options_.from, say("address it comes from"))->check(address_fault, "", "ADDRESS");
    why->add_option("--tty", options_.tty, say("terminal"));
    why->add_flag_callback(
        "--unlock", [this] { options_.purpose = Purpose::unlock; }, say("of a locked screen instead (services gdm-*)"));
  }

  void people_verbs() {
    verb(app_, "list", say("everybody who has registered"), list_people);
    user(verb(app_, "show", say("one person's methods and locks"), show_person));
    add_bulk_verbs(app_, options_, [this](DeskVerb chosen) { desk_verb_ = chosen; });
  }

  void contact_verbs() {
    CLI::App* address = user(verb(app_, "contact", say("the address where a person is told of changes"), contact));
    CLI::Option* given =
        address->add_option("ADDRESS", options_.address, say("the new one; a code is mailed to it and asked for here"));
    address->add_flag("--unproven-by-desk", options_.unproven, say("take it without a code: the desk answers for it"));
    address->add_flag("--remove", options_.remove, say("have none"))->excludes(given);
    reason(address);
    CLI::App* gateway = app_.add_subcommand("gateway", say("the commands that deliver messages"));
    gateway->require_subcommand(1);
    CLI::App* test =
        free_verb(*gateway, "test", say("send one, and show what came back and how long it took"), test_gateway);
    test->add_option("KIND", options_.kind, say("mail, sms, voice or push"))
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(gateway_kinds), std::end(gateway_kinds))));
    test->add_option("TO", options_.to, say("an address, or a number like +819012345678"))->required();
  }

  void record_verbs() {
    CLI::App* state = app_.add_subcommand("state", say("the counters of a person"));
    state->require_subcommand(1);
    user(verb(*state, "show", say("print them"), show_state));
    CLI::App* rebuild =
        user(verb(*state, "rebuild", say("make them anew where they are damaged or gone"), rebuild_state));
    reason(rebuild)->required();
    sure(rebuild);
    CLI::App* restored =
        verb(app_, "after-restore", say("open again what a backup closed, for everybody"), utmfa::after_restore);
    restored->add_flag("--everybody", options_.after_restore.everybody,
                       say("also where nothing is noticed: after a snapshot of the whole machine"));
    restored->add_flag("--dry-run", options_.after_restore.dry_run, say("only say what would be done"));
    reason(restored)->required();
    sure(restored);
    CLI::App* migration =
        free_verb(app_, "migrate", say("after an upgrade: make files of an earlier version into files of this one"),
                  utmfa::migrate);
    CLI::Option* look =
        migration->add_flag("--dry-run", options_.after_restore.dry_run, say("only say what would be done"));
    migration->add_flag("--undo", options_.undo, say("put back what the last one changed"))->excludes(look);
    CLI::App* keys = app_.add_subcommand("keys", say("the sealing keys"));
    keys->require_subcommand(1);
    verb(*keys, "list", say("the keys, and how much each seals"), list_keys);
    verb(*keys, "new", say("make one; not used until it is activated"), new_key);
    verb(*keys, "activate", say("seal with this key from now on"), activate_key)
        ->add_option("ID", options_.id, say("of keys list"))
        ->required();
    verb(*keys, "reseal", say("seal everything under the active key"), reseal);
  }

  Status act() {
    if (free_verb_ != nullptr) return free_verb_(options_);
    if (Status may = may_administer(options_.common); !may) return may;
    if (options_.user == "-") {
      options_.user.clear();
      options_.bulk.names_from_stdin = true;
    }
    if (!options_.user.empty()) {
      const Result<std::string> name = known_name(options_.common, options_.user);
      if (!name) return name.error();
      options_.user = *name;
    }
    const Result<std::unique_ptr<Desk>> desk = Desk::open(options_.common);
    if (!desk) return desk.error();
    return desk_verb_(**desk, options_);
  }

  AdminOptions options_;
  DeskVerb desk_verb_ = nullptr;
  FreeVerb free_verb_ = nullptr;
  CLI::App app_;
};

}  // namespace
}  // namespace utmfa

int main(int count, char** words) {
  utmfa::speak_as_asked(count, words);
  return utmfa::CommandLine().main(count, words);
}

// SPDX-License-Identifier: Apache-2.0
// The command line of utmfa-admin service.
#include "admin.h"
#include "admin_service.h"
#include "command_line.h"
#include "signin/words.h"

namespace utmfa {
namespace {

using FreeVerb = Status (*)(const AdminOptions&);

CLI::App* named(CLI::App* app, AdminOptions& options) {
  app->add_option("SERVICE", options.service, say("PAM service, for example sshd"))->required();
  return app;
}

void dry(CLI::App* app, AdminOptions& options) {
  app->add_flag("--dry-run", options.service_options.dry_run, say("only show what would be changed"));
  app->add_flag("--yes", options.yes, say("do not ask"));
}

}  // namespace

void add_service_verbs(CLI::App& app, AdminOptions& options,
                       const std::function<void(Status (*)(Desk&, const AdminOptions&))>& choose_desk,
                       const std::function<void(Status (*)(const AdminOptions&))>& choose_free) {
  CLI::App* service = app.add_subcommand("service", say("where the second confirmation is asked"));
  service->require_subcommand(1);
  const auto verb = [&](const char* name, const std::string& what, FreeVerb chosen) {
    CLI::App* added = service->add_subcommand(name, what);
    added->callback([choose_free, chosen] { choose_free(chosen); });
    return added;
  };
  CLI::App* enable =
      named(service->add_subcommand("enable", say("ask at this service; taken back unless it is confirmed")), options);
  enable->callback([choose_desk] { choose_desk(enable_service); });
  enable
      ->add_option("--first", options.service_options.first,
                   say("what comes before the code: password, or key where sshd asks for an ssh key"))
      ->check(CLI::IsMember({"password", "key"}))
      ->capture_default_str();
  enable->add_option("--confirm-within", options.service_options.confirm_within, say("taken back after this time"))
      ->capture_default_str();
  CLI::Option* observe = enable->add_flag("--observe", options.service_options.observe,
                                          say("try it out: everything is asked, and a failure lets in all the same"));
  enable->add_option("--until", options.service_options.until, say("last day of the trial; two weeks without it"))
      ->needs(observe);
  dry(enable, options);
  dry(named(verb("disable", say("no longer ask at this service"), disable_service), options), options);
  named(verb("confirm", say("keep the change; from a sign-in that began after it"), confirm_service), options);
  CLI::App* revert = verb("revert", say("take back what was not confirmed"), revert_service);
  revert->add_option("SERVICE", options.service, say("PAM service, for example sshd"));
  revert->add_flag("--due", options.service_options.due, say("only what has waited long enough, or since a restart"));
  verb("status", say("which services ask, and what waits to be confirmed"), service_status)
      ->add_option("SERVICE", options.service, say("PAM service, for example sshd"));
  named(verb("await", "", await_service), options)->group("");
}

}  // namespace utmfa

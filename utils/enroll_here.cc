// SPDX-License-Identifier: Apache-2.0
// An act on the directories themselves, with the questions on this terminal and the trial through PAM.
#include "enroll.h"
#include "gateway_messenger.h"
#include "local_keys.h"
#include "pam_trial.h"
#include "setup/directory_registrar.h"
#include "terminal_talk.h"
#include "where.h"

namespace utmfa {

Status enroll_here(EnrollOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  const Result<std::string> user = canonical_name(options.user.empty() ? administrator() : options.user);
  if (!user) return user.error();
  const Result<std::unique_ptr<Desk>> opened = Desk::open(options.common);
  if (!opened) return opened.error();
  Desk& desk = **opened;
  DirectoryRegistrar registrar(desk.registry, desk.ring, desk.config, *user);
  TerminalTalk talk(options.picture);
  AdministratorAudit audit;
  const auto trial = [&](const std::string& method) {
    return try_sign_in({std::string(test_service), *user, method, options.common.pam});
  };
  GatewayMessenger messenger(desk.config);
  LocalKeys keys(desk.config.fido);
  Bench bench{registrar, talk,       desk.config, desk.clock,     desk.random,        audit, enroll_command(*user),
              trial,     &messenger, &keys,       machine_name(), origin_of_session()};
  return perform(bench, options.request);
}

}  // namespace utmfa

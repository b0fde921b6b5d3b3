// SPDX-License-Identifier: Apache-2.0
// Who could be locked out, and by what.
#include "service/gate.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "process.h"
#include "signin/words.h"
#include "socket_check.h"

namespace utmfa {
namespace {

constexpr const char* groups_of_root[] = {"sudo", "wheel", "admin"};
constexpr std::string_view ssh = "sshd";

// The caller first; behind him, where it is root itself, everybody who can become root.
std::vector<std::string> administrators() {
  std::vector<std::string> names = {administrator()};
  if (names.front() != "root") return names;
  for (const char* each : groups_of_root) {
    const struct group* found = getgrnam(each);
    for (char** member = found == nullptr ? nullptr : found->gr_mem; member != nullptr && *member != nullptr; ++member)
      if (std::find(names.begin(), names.end(), *member) == names.end()) names.emplace_back(*member);
  }
  return names;
}

std::string why_not(const Planned& planned) {
  const std::string& name = planned.who.user;
  if (planned.account.locked_until > 0)
    return say("{0} is locked until {1}", {name, end_text(planned.account.locked_until)});
  if (planned.plan.enrolled) return say("{0} must give a code there, and no method of theirs can be used", {name});
  return say("{0} must give a code there, and has not registered: utmfa-enroll --user {0}", {name});
}

Status people(Desk& desk, const std::string& service, Holding holding, Gate& gate) {
  std::string why;
  for (const std::string& name : administrators()) {
    SignIn who;
    who.user = name;
    who.service = service;
    who.first = FirstFactor::proven;
    who.origin = service == ssh ? Origin::elsewhere : origin_of({}, {}, {});
    Result<Planned> planned = utmfa::planned(desk, std::move(who));
    if (!planned) return Error{Code::refused, name + ": " + planned.error().what};
    if (holding == Holding::observed || gets_in(*planned, desk.clock.now())) {
      gate.caller = name;
      gate.his = std::move(*planned);
      return Done{};
    }
    if (why.empty()) why = why_not(*planned);
  }
  return Error{Code::refused, say("you would be locked out: {0}", {why})};
}

// Lists of methods of sshd in which a code could be all that is asked for.
bool key_comes_first(const std::string& methods) {
  if (methods.empty() || methods == "any") return false;
  for (const std::string_view list : split(methods, ' ')) {
    const std::size_t key = std::min({list.find("publickey"), list.find("hostbased"), list.find("gssapi")});
    const std::size_t asked = list.find("keyboard-interactive");
    if (list.find("password") != list.npos || (asked != list.npos && key > asked)) return false;
  }
  return true;
}

Status sshd(const std::vector<std::string>& people_asked, FirstBy first, const Ground& ground, const Config& config,
            const PamFacts& changed, Gate& gate) {
  const AccountLine account = has_account_line(changed, "sshd") ? AccountLine::there : AccountLine::missing;
  for (Finding& each : check_sshd(ground, config, account, people_asked)) {
    if (each.level == Level::problem) return Error{Code::refused, each.what + ": " + say("remedy: {0}", {each.remedy})};
    if (each.level == Level::warning) gate.warnings.push_back(std::move(each));
  }
  if (first == FirstBy::password) return Done{};
  const std::optional<SshdSettings> settings = sshd_says(ground);
  const auto methods = settings ? settings->find("authenticationmethods") : SshdSettings::const_iterator();
  if (settings && methods != settings->end() && key_comes_first(methods->second)) return Done{};
  return Error{Code::refused, say("sshd does not ask for a key first, so that a code alone would sign in: in "
                                  "sshd_config: {0}",
                                  {"AuthenticationMethods publickey,keyboard-interactive:pam"})};
}

}  // namespace

bool gets_in(const Planned& planned, Time now) {
  switch (planned.plan.need) {
    case Need::exempt:
    case Need::not_needed:
    case Need::remembered:
    case Need::offer:
    case Need::set_up: return true;
    case Need::set_up_elsewhere: return false;
    case Need::factor: break;
  }
  return !planned.plan.offers.empty() && planned.account.locked_until <= now;
}

Result<Gate> may_enable(Desk& desk, const std::string& service, FirstBy first, Holding holding, const Ground& ground,
                        const PamFacts& changed) {
  const std::string socket = desk.options.run + (geteuid() == 0 ? "/root.sock" : "/user.sock");
  if (Status answers = verifier_answers(socket); !answers)
    return Error{Code::unavailable,
                 say("the verifier does not answer, so that everybody would be refused: {0}", {answers.error().what})};
  Gate gate;
  for (Finding& each : check_clock(clock_facts(ground))) {
    if (each.level == Level::problem) return Error{Code::refused, each.what + ": " + each.remedy};
    if (each.level == Level::warning) gate.warnings.push_back(std::move(each));
  }
  if (Status some = people(desk, service, holding, gate); !some) return some.error();
  if (service != ssh && first == FirstBy::key)
    return Error{Code::refused, say("--first key is for sshd: nothing else of the machine proves a key before PAM")};
  if (service == ssh)
    if (Status right = sshd({gate.caller}, first, ground, desk.config, changed, gate); !right) return right.error();
  return gate;
}

}  // namespace utmfa

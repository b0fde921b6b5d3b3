// SPDX-License-Identifier: Apache-2.0
// What is wrong with a PAM stack is found by running it on paper with every answer that matters, not by looking for
// patterns: a stack is open where a wrong code ends in success, whatever it looks like.
#include <security/_pam_types.h>

#include <algorithm>
#include <array>
#include <set>

#include "doctor/checks.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::array<std::string_view, 8> first_factors = {"pam_unix.so",    "pam_sss.so",     "pam_ldap.so",
                                                           "pam_krb5.so",    "pam_winbind.so", "pam_systemd_home.so",
                                                           "pam_pwdfile.so", "pam_userdb.so"};
// How our module says no: every one of them must end the sign-in.
constexpr std::array<int, 6> refusals = {PAM_AUTH_ERR, PAM_AUTHINFO_UNAVAIL, PAM_CONV_ERR,
                                         PAM_ABORT,    PAM_SYSTEM_ERR,       PAM_SERVICE_ERR};
constexpr std::array<int, 3> account_refusals = {PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL, PAM_ABORT};

// One way that a sign-in can go. Modules that nobody knows stay out of it.
struct Case {
  const PamEntry* right = nullptr;  // the first factor that says yes; null = none does
  int our_answer = PAM_SUCCESS;
};

PamRun run(const PamStack& stack, const Case& which) {
  return run_pam(stack, [&](const PamEntry& entry) {
    if (is_ours(entry)) return which.our_answer;
    if (is_first_factor(entry)) return &entry == which.right ? PAM_SUCCESS : PAM_AUTH_ERR;
    if (entry.name() == "pam_deny.so") return PAM_AUTH_ERR;
    if (entry.name() == "pam_permit.so") return PAM_SUCCESS;
    return PAM_IGNORE;
  });
}

class AuthStack {
 public:
  AuthStack(const PamStack& stack, const std::string& service) : stack_(stack), service_(service) {
    for (const PamEntry* entry : lines_of(stack)) {
      if (is_ours(*entry) && line_ == nullptr) line_ = entry;
      if (is_first_factor(*entry)) firsts_.push_back(entry);
    }
  }

  Findings findings() {
    if (line_ == nullptr) return {};
    const bool before = !firsts_.empty() && precedes(*line_, *firsts_.front());
    if (before)
      add(Level::problem, "pam-before-password",
          say("the code is asked before the password, so that anybody can use up "
              "a person's tries"),
          say("move the line of {0} behind that of {1}", {our_module, firsts_.front()->name()}));
    open();
    skipped();
    code_alone();
    if (!before) spent_by_others();
    granted();
    return std::move(found_);
  }

 private:
  void add(Level level, std::string check, const std::string& what, std::string remedy) {
    found_.push_back(
        {level, std::move(check), "/etc/pam.d/" + line_->place() + " (" + service_ + "): " + what, std::move(remedy)});
  }

  bool precedes(const PamEntry& a, const PamEntry& b) const {
    const auto lines = lines_of(stack_);
    return std::find(lines.begin(), lines.end(), &a) < std::find(lines.begin(), lines.end(), &b);
  }

  // Every first factor may be the one that says yes; a stack without any leaves that to the program (an ssh key).
  std::vector<const PamEntry*> rights() const {
    return firsts_.empty() ? std::vector<const PamEntry*>{nullptr} : firsts_;
  }

  void open() {
    for (const PamEntry* right : rights())
      for (const int refusal : refusals) {
        const PamRun went = run(stack_, {right, refusal});
        if (went.result != PAM_SUCCESS || !went.came_to(*line_)) continue;
        add(Level::problem, "pam-fail-open", say("a refusal is let through: the control is {0}", {line_->control}),
            say("write: auth required {0}", {our_module}));
        return;
      }
  }

  void skipped() {
    for (const PamEntry* right : firsts_) {
      const PamRun went = run(stack_, {right, PAM_AUTH_ERR});
      if (went.result != PAM_SUCCESS || went.came_to(*line_)) continue;
      add(Level::problem, "pam-skipped",
          say("never reached when {0} says yes: its control {1} goes past it", {right->name(), right->control}),
          say("move the line of {0} to where {1} goes on, or write requisite there", {our_module, right->name()}));
      return;
    }
  }

  void code_alone() {
    if (firsts_.empty() || run(stack_, {nullptr, PAM_SUCCESS}).result != PAM_SUCCESS) return;
    add(Level::problem, "pam-code-alone", say("a right code is enough without the password"),
        say("write required instead of {0} for {1}", {line_->control, our_module}));
  }

  void spent_by_others() {
    if (firsts_.empty() || !run(stack_, {nullptr, PAM_AUTH_ERR}).came_to(*line_)) return;
    add(Level::warning, "pam-tries",
        say("the code is asked even after a wrong password, so that anybody can use up a "
            "person's tries"),
        say("write requisite instead of {0} for {1}", {firsts_.back()->control, firsts_.back()->name()}));
  }

  void granted() {
    for (const PamEntry* right : rights()) {
      if (run(stack_, {right, PAM_SUCCESS}).result != PAM_SUCCESS) {
        add(Level::problem, "pam-right-refused", say("a right password and a right code are refused"),
            say("write: auth required {0}", {our_module}));
        return;
      }
      if (service_ == test_service || run(stack_, {right, PAM_IGNORE}).result == PAM_SUCCESS) continue;
      add(Level::problem, "pam-exempt-refused", say("whoever need not give a code is refused"),
          right == nullptr ? say("add below it: auth required pam_permit.so")
                           : say("write: auth required {0}", {our_module}));
      return;
    }
  }

  const PamStack& stack_;
  const std::string& service_;
  const PamEntry* line_ = nullptr;
  std::vector<const PamEntry*> firsts_;
  Findings found_;
};

const PamEntry* our_line(const PamStack& stack) {
  for (const PamEntry* entry : lines_of(stack))
    if (is_ours(*entry)) return entry;
  return nullptr;
}

// The account line alone, left by somebody who took the other one away.
Findings check_auth_line(const PamStack& stack, const Service& policy, const std::string& service) {
  const auto lines = lines_of(stack);
  const bool meant = std::any_of(lines.begin(), lines.end(), [](const PamEntry* each) { return misspelt(*each); });
  if (our_line(stack) != nullptr || meant || policy.require == Require::off) return {};
  return {{Level::problem, "pam-no-auth",
           policy.account == AccountDoor::enforce
               ? say("/etc/pam.d/{0}: there is an account line with {1} and no auth line: nobody is asked, and whoever "
                     "must give a code is refused",
                     {service, our_module})
               : say("/etc/pam.d/{0}: there is an account line with {1} and no auth line: nobody is asked",
                     {service, our_module}),
           say("add behind the password: auth required {0}", {our_module})}};
}

Findings check_account(const PamStack& stack, const std::string& service, const Config& config) {
  const PamEntry* line = our_line(stack);
  if (line == nullptr && config.service(service).account == AccountDoor::enforce)
    return {{Level::problem, "pam-no-account",
             say("/etc/pam.d/{0}: there is no account line, so that a sign-in by key "
                 "alone passes although services.{0}.account is enforce",
                 {service}),
             say("add: account required {0}", {our_module})}};
  if (line == nullptr) return {};
  for (const int refusal : account_refusals) {
    const PamRun went = run_pam(stack, [&](const PamEntry& entry) {
      if (is_ours(entry)) return refusal;
      return entry.name() == "pam_deny.so" ? PAM_PERM_DENIED : PAM_SUCCESS;
    });
    if (went.result != PAM_SUCCESS) continue;
    return {{Level::problem, "pam-account-open",
             say("/etc/pam.d/{0}: a refusal is let through: the control is {1}", {line->place(), line->control}),
             say("write: account required {0}", {our_module})}};
  }
  return {};
}

// What changing a password would come to, if our module answered so and every other one so.
int password_change(const PamStack& stack, int ours_answers, int others_answer) {
  return run_pam(stack, [&](const PamEntry& entry) { return is_ours(entry) ? ours_answers : others_answer; }).result;
}

// Registration at the sign-in itself goes by the password lines (pam_chauthtok), and a session line keeps out whoever
// left it without having registered. Where nothing is said of the not enrolled, it is for people after a reset only.
Findings check_set_up(const PamSource& source, const Service& policy, const std::string& service) {
  const bool said = policy.not_enrolled == NotEnrolled::set_up, implied = policy.not_enrolled_at.line == 0;
  if (service == test_service || policy.require == Require::off || (!said && !implied)) return {};
  if (our_line(read_pam(source, service, "account").stack) == nullptr) return {};
  const Level level = said && policy.require == Require::always ? Level::problem : Level::warning;
  Findings found;
  const auto add = [&](std::string check, const std::string& what, std::string remedy) {
    found.push_back({level, std::move(check), "/etc/pam.d/" + service + ": " + what, std::move(remedy)});
  };
  const std::string line = "password [success=done ignore=ignore default=die] " + std::string(our_module);
  const std::string remedy = say("write in front of the other password lines: {0}", {line});
  const PamStack password = read_pam(source, service, "password").stack;
  if (our_line(password) == nullptr)
    add("pam-no-password",
        say("there is no password line with {0}: who must register first, for example after a reset, is refused",
            {our_module}),
        remedy);
  else if (password_change(password, PAM_AUTHTOK_ERR, PAM_SUCCESS) == PAM_SUCCESS)
    add("pam-password-open", say("a registration that was broken off counts as done"), remedy);
  else if (password_change(password, PAM_SUCCESS, PAM_AUTHTOK_ERR) != PAM_SUCCESS)
    add("pam-password-also", say("whoever registers must choose a new password as well"), remedy);
  else if (password_change(password, PAM_IGNORE, PAM_SUCCESS) != PAM_SUCCESS)
    add("pam-password-closed", say("nobody can change a password any more"), remedy);
  if (our_line(read_pam(source, service, "session").stack) == nullptr)
    add("pam-no-session",
        say("there is no session line with {0}: who was told to register may get in without", {our_module}),
        say("add: session required {0}", {our_module}));
  return found;
}

}  // namespace

bool is_ours(const PamEntry& entry) { return entry.name() == our_module; }

bool is_first_factor(const PamEntry& entry) {
  return std::find(first_factors.begin(), first_factors.end(), entry.name()) != first_factors.end();
}

PamSource PamFacts::source() const {
  return [this](const std::string& service) -> std::optional<std::string> {
    const std::size_t slash = service.find_last_of('/');  // include may name a path
    const auto found = files.find(slash == service.npos ? service : service.substr(slash + 1));
    return found == files.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

PamReach reach_of(const PamFacts& facts, const std::string& service) {
  if (facts.files.count(service) == 0) return PamReach::no_file;
  if (our_line(read_pam(facts.source(), service, "auth").stack) != nullptr) return PamReach::yes;
  return has_account_line(facts, service) ? PamReach::account_only : PamReach::no_line;
}

bool has_account_line(const PamFacts& facts, const std::string& service) {
  return our_line(read_pam(facts.source(), service, "account").stack) != nullptr;
}

Findings check_pam_service(const PamFacts& facts, const std::string& service, const Config& config) {
  const PamSource source = facts.source();
  const PamReading auth = read_pam(source, service, "auth"), account = read_pam(source, service, "account");
  if (our_line(auth.stack) == nullptr && our_line(account.stack) == nullptr) return {};
  Findings found = AuthStack(auth.stack, service).findings();
  append(found, check_auth_line(auth.stack, config.service(service), service));
  append(found, check_account(account.stack, service, config));
  if (our_line(auth.stack) != nullptr) append(found, check_set_up(source, config.service(service), service));
  for (const std::string& problem : auth.problems)
    found.push_back({Level::problem, "pam-unreadable", "/etc/pam.d/" + problem, say("repair this line or file")});
  if (found.empty())
    found.push_back({Level::fine, "pam", say("/etc/pam.d/{0} asks utmfa and closes on every refusal", {service}), ""});
  return found;
}

Findings check_pam(const PamFacts& facts, const Config& config) {
  Findings found;
  std::set<std::string> parts;  // included by others, and no services themselves
  bool asked = false;
  for (const auto& [service, text] : facts.files)
    for (std::string& name : included_by(text)) parts.insert(std::move(name));
  for (const auto& [service, text] : facts.files) {
    if (parts.count(service) > 0) continue;
    Findings more = check_pam_service(facts, service, config);
    asked = asked || (!more.empty() && service != test_service);
    append(found, std::move(more));
  }
  if (!asked)
    found.push_back(
        {Level::warning, "pam-unused", say("no service in /etc/pam.d asks utmfa"), "utmfa-admin service enable sshd"});
  const std::string test(test_service);
  if (our_line(read_pam(facts.source(), test, "auth").stack) == nullptr)
    found.push_back({Level::problem, "pam-test-service",
                     say("/etc/pam.d/{0} is missing or does not ask utmfa, so that "
                         "nobody can try a method",
                         {test}),
                     say("write into it: auth required {0} and: account required pam_permit.so", {our_module})});
  return found;
}

}  // namespace utmfa

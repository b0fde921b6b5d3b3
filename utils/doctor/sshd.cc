// SPDX-License-Identifier: Apache-2.0
// What sshd would do, as it says itself (sshd -T), against what a second confirmation needs. Match blocks are asked for
// as several people, because one of them may open what the rest closes.
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "doctor/checks.h"
#include "process.h"
#include "setup/acts.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::int64_t class_size = 60;      // people who sign in at the same moment
constexpr std::int64_t fewest_attempts = 3;  // two keys of an agent, then the question
constexpr std::size_t most_people = 16;

class Settings {
 public:
  Settings(const SshdSettings& values, const Service& policy, AccountLine account, std::string_view who,
           SshVerification claimed)
      : values_(values), policy_(policy), account_(account), who_(who), claimed_(claimed) {}

  Findings findings() {
    if (policy_.require == Require::off) return {};
    if (is("usepam", "no")) add(Level::problem, "sshd-usepam", say("UsePAM is no: PAM is never asked"), "UsePAM yes");
    if (is("kbdinteractiveauthentication", "no"))
      add(Level::problem, "sshd-kbdint", say("KbdInteractiveAuthentication is no: no code can be asked for"),
          "KbdInteractiveAuthentication yes");
    if (is("passwordauthentication", "yes"))
      add(Level::warning, "sshd-password",
          say("PasswordAuthentication is yes: whoever signs in that way is not shown the question; the password is "
              "taken for the answer, so that everybody who must give a code is refused"),
          "PasswordAuthentication no");
    for (const std::string& way : ways_past()) past(way);
    verification();
    limits();
    if (found_.empty()) add(Level::fine, "sshd", say("the settings let every sign-in be asked"), "");
    return std::move(found_);
  }

 private:
  std::string value(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
  }
  bool is(const std::string& key, std::string_view wanted) const { return value(key) == wanted; }
  std::optional<std::int64_t> count(const std::string& key) const {
    const std::string text = value(key);
    return number(text.substr(0, text.find_first_of(": ")), 0, 1000000000);
  }

  void add(Level level, std::string check, const std::string& what, std::string remedy) {
    const std::string person = who_.empty() ? "" : " (" + std::string(who_) + ")";
    found_.push_back({level, std::move(check), "sshd" + person + ": " + what,
                      remedy.empty() ? remedy : say("in sshd_config: {0}", {remedy})});
  }

  // Lists of methods that let somebody in without a question of PAM.
  std::vector<std::string> ways_past() const {
    const std::string methods = value("authenticationmethods");
    std::vector<std::string> ways;
    if (methods.empty() || methods == "any") {
      const std::pair<const char*, const char*> single[] = {{"pubkeyauthentication", "publickey"},
                                                            {"hostbasedauthentication", "hostbased"},
                                                            {"gssapiauthentication", "gssapi-with-mic"}};
      for (const auto& [key, name] : single)
        if (is(key, "yes")) ways.emplace_back(name);
      return ways;
    }
    for (const std::string_view list : split(methods, ' ')) {
      const bool asked = list.find("keyboard-interactive") != list.npos || list.find("password") != list.npos;
      if (!asked && !list.empty()) ways.emplace_back(list);
    }
    return ways;
  }

  void past(const std::string& way) {
    constexpr const char* remedy = "AuthenticationMethods keyboard-interactive:pam publickey,keyboard-interactive:pam";
    if (policy_.account == AccountDoor::enforce && account_ == AccountLine::there)
      add(Level::warning, "sshd-key-refused",
          say("{0} alone is let in by sshd and then refused by account management; "
              "people should be asked instead",
              {way}),
          remedy);
    else
      add(Level::problem, "sshd-key-alone", say("{0} alone signs in without a second confirmation", {way}), remedy);
  }

  // What utmfa.yaml says of keys in security keys, against what sshd does.
  void verification() {
    if (policy_.verification != KeyUser::required) return;
    constexpr const char* remedy = "PubkeyAuthOptions verify-required";
    const std::string options = value("pubkeyauthoptions");
    const bool enforced = options.find("verify-required") != options.npos;
    if (claimed_ == SshVerification::enforced && !enforced)
      add(Level::problem, "sshd-verification",
          say("fido.ssh-verification is enforced, and sshd takes keys without a PIN or a fingerprint"), remedy);
    if (claimed_ == SshVerification::unknown && enforced)
      found_.push_back(
          {Level::warning, "sshd-verification",
           say("sshd takes keys only with a PIN or a fingerprint, and utmfa.yaml does not say so: ssh keys in "
               "security keys do not count where verification is required"),
           say("in utmfa.yaml: {0}", {"fido: {ssh-verification: enforced}"})});
    if (claimed_ == SshVerification::unknown && !enforced)
      add(Level::warning, "sshd-verification",
          say("verification is required, so that ssh keys in security keys do not count before sshd demands it of them "
              "and utmfa.yaml says so (fido.ssh-verification: enforced)"),
          remedy);
  }

  void grace() {
    const auto grace = count("logingracetime");
    if (!grace || *grace <= 0) return;
    const std::string seconds = std::to_string(*grace);
    if (*grace < policy_.time_limit)
      add(Level::warning, "sshd-gracetime",
          say("LoginGraceTime is {0} s, less than the {1} s that utmfa gives for the "
              "answer (services.sshd.time-limit)",
              {seconds, std::to_string(policy_.time_limit)}),
          "LoginGraceTime " + std::to_string(policy_.time_limit + 60));
    const bool leads = policy_.require == Require::always && policy_.not_enrolled == NotEnrolled::set_up;
    if ((leads || policy_.remind > 0) && *grace < longest_set_up_seconds)
      add(Level::warning, "sshd-gracetime-set-up",
          say("LoginGraceTime is {0} s: whoever registers at the sign-in is cut off then, and may need {1} s",
              {seconds, std::to_string(longest_set_up_seconds)}),
          "LoginGraceTime " + std::to_string(longest_set_up_seconds));
  }

  void limits() {
    if (const auto tries = count("maxauthtries"); tries && *tries < fewest_attempts)
      add(Level::warning, "sshd-maxauthtries",
          say("MaxAuthTries is {0}: whoever has several keys is cut off before the "
              "question",
              {std::to_string(*tries)}),
          "MaxAuthTries 6");
    grace();
    if (const auto waiting = count("maxstartups"); waiting && *waiting < class_size)
      add(Level::warning, "sshd-maxstartups",
          say("MaxStartups is {0}: connections are dropped by chance as soon as {1} "
              "people are typing, which a class is",
              {value("maxstartups"), std::to_string(*waiting)}),
          "MaxStartups 100:30:300");
    const std::string penalties = value("persourcepenalties");
    const bool spared = !value("persourcepenaltyexemptlist").empty() && !is("persourcepenaltyexemptlist", "none");
    if (!penalties.empty() && penalties != "no" && !spared)
      add(Level::warning, "sshd-penalties",
          say("PerSourcePenalties is on: a room behind one address locks itself out by "
              "a few wrong codes"),
          "PerSourcePenaltyExemptList ADDRESS/BITS");
    if (const auto source = count("persourcemaxstartups"); source && *source < class_size)
      add(Level::warning, "sshd-persource",
          say("PerSourceMaxStartups is {0}: a room behind one address cannot sign in "
              "together",
              {std::to_string(*source)}),
          "PerSourceMaxStartups 100");
  }

  const SshdSettings& values_;
  const Service& policy_;
  AccountLine account_;
  std::string_view who_;
  SshVerification claimed_;
  Findings found_;
};

Finding cannot_ask(const std::string& why) {
  return {Level::warning, "sshd-unknown", say("the settings of sshd cannot be found out: {0}", {why}),
          say("run this as root, or give --sshd-settings a file with the output of sshd -T")};
}

// As root sshd -T fails only where sshd itself would not start. Anybody else cannot read the host keys.
Finding refused_by_sshd(const Ground& ground, const std::string& said) {
  constexpr std::string_view no_directory = "Missing privilege separation directory: ";
  if (const std::size_t at = said.find(no_directory); at != said.npos) {
    const std::string directory(said.substr(at + no_directory.size()));
    return {Level::warning, "sshd-directory",
            say("{0} is missing: sshd does not run, and its settings cannot be found out", {directory}),
            ground.has_systemd() ? "systemctl start ssh.service" : "mkdir -m 0755 " + directory};
  }
  if (geteuid() != 0) return cannot_ask(said);
  return {Level::problem, "sshd-broken",
          say("sshd refuses its configuration, so that nobody can sign in once it is started again: {0}", {said}),
          say("repair it until this says nothing: sshd -t")};
}

bool same(const Finding& a, const Finding& b) { return a.check == b.check && a.level == b.level; }

// Without -C sshd refuses a configuration in which Match asks for an address or a port.
Result<Ran> settings_of_sshd(const Ground& ground, const std::string& user) {
  return run_program(ground.below("/usr/sbin/sshd"),
                     {"-T", "-f", ground.below("/etc/ssh/sshd_config"), "-C",
                      "user=" + user + ",host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"},
                     Errors::with_output);
}

Findings ask_sshd(const Ground& ground, const Config& config, AccountLine account,
                  const std::vector<std::string>& people) {
  const Result<Ran> plain = settings_of_sshd(ground, "-");
  if (!plain && plain.error().code == Code::not_found) return {};  // no SSH server on this machine
  if (!plain) return {cannot_ask(plain.error().what)};
  if (plain->status != 0) return {refused_by_sshd(ground, cleaned(trimmed(plain->output), 300))};
  const Service& policy = config.service("sshd");
  const Findings common =
      check_sshd_settings(parse_sshd_settings(plain->output), policy, account, {}, config.fido.ssh_verification);
  Findings found = common;
  for (std::size_t i = 0; i < std::min(people.size(), most_people); ++i) {
    const Result<Ran> ran = settings_of_sshd(ground, people[i]);
    if (!ran || ran->status != 0) continue;
    for (Finding& each : check_sshd_settings(parse_sshd_settings(ran->output), policy, account, people[i],
                                             config.fido.ssh_verification))
      if (std::none_of(common.begin(), common.end(), [&](const Finding& known) { return same(known, each); }) &&
          each.level != Level::fine)
        found.push_back(std::move(each));
  }
  return found;
}

}  // namespace

SshdSettings parse_sshd_settings(std::string_view text) {
  SshdSettings settings;
  for (std::string_view line : split(text, '\n')) {
    line = trimmed(line);
    const std::size_t space = line.find(' ');
    if (space == line.npos) continue;
    settings.emplace(lower_ascii(line.substr(0, space)), std::string(trimmed(line.substr(space + 1))));
  }
  return settings;
}

std::optional<SshdSettings> sshd_says(const Ground& ground) {
  if (!ground.sshd_settings.empty()) {
    const std::optional<std::string> text = text_of(ground.sshd_settings);
    return text ? std::optional(parse_sshd_settings(*text)) : std::nullopt;
  }
  const Result<Ran> ran = settings_of_sshd(ground, "-");
  return ran && ran->status == 0 ? std::optional(parse_sshd_settings(ran->output)) : std::nullopt;
}

Findings check_sshd_settings(const SshdSettings& settings, const Service& policy, AccountLine account,
                             std::string_view who, SshVerification claimed) {
  return Settings(settings, policy, account, who, claimed).findings();
}

Findings check_sshd(const Ground& ground, const Config& config, AccountLine account,
                    const std::vector<std::string>& people) {
  if (ground.sshd_settings.empty()) return ask_sshd(ground, config, account, people);
  const std::optional<SshdSettings> settings = sshd_says(ground);
  if (!settings) return {cannot_ask(ground.sshd_settings)};
  return check_sshd_settings(*settings, config.service("sshd"), account, {}, config.fido.ssh_verification);
}

}  // namespace utmfa

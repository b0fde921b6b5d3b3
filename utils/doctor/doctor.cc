// SPDX-License-Identifier: Apache-2.0
// utmfa-admin doctor: every check, in the order in which one would repair. Exit status 1 where there is a problem.
#include <algorithm>
#include <filesystem>

#include "admin.h"
#include "doctor/checks.h"
#include "in_words.h"
#include "json.h"
#include "signin/words.h"
#include "terminal.h"

namespace utmfa {
namespace {

std::string_view name(Level level) {
  switch (level) {
    case Level::problem: return "problem";
    case Level::warning: return "warning";
    case Level::fine: return "fine";
  }
  return "";
}

std::string shown_level(Level level) {
  switch (level) {
    case Level::problem: return say("problem");
    case Level::warning: return say("warning");
    case Level::fine: return say("fine");
  }
  return {};
}

// The paths that were not given stand below the root.
Options moved(Options options, const std::string& root) {
  const std::pair<std::string&, std::string_view> paths[] = {{options.config, default_config},
                                                             {options.data, default_data},
                                                             {options.keys, default_keys},
                                                             {options.run, default_run}};
  for (const auto& [path, usual] : paths)
    if (path == usual) path = root + std::string(usual);
  return options;
}

Findings untold(const Findings& found, Findings more) {
  std::erase_if(more, [&](const Finding& each) { return told(found, each.what); });
  return more;
}

Findings examine(const AdminOptions& options, const Options& below) {
  const Ground ground{options.root, options.sshd_settings, below};
  Findings found = check_files(ground);
  append(found, check_system_user(ground));
  append(found, check_sockets(ground));
  append(found, check_clock(clock_facts(ground)));
  const PamFacts facts = pam_facts(ground.below("/etc/pam.d"));
  append(found, check_pam_lines(ground, facts));
  const Result<Config> config = load_config(below.config, kind_names());
  if (!config) {
    if (!told(found, config.error().what))
      found.push_back({Level::problem, "config-broken", config.error().what,
                       say("repair it; until then the verifier does not start, or keeps what it had")});
    return found;
  }
  append(found, check_config_services(*config, facts));
  append(found, check_observing(*config, SystemClock().now()));
  append(found, check_pam(facts, *config));
  append(found, check_gdm(facts, *config));
  std::vector<std::string> active;
  if (const Result<std::unique_ptr<Desk>> desk = Desk::open(below); desk)
    append(found, untold(found, check_people(**desk, active)));
  else if (!told(found, desk.error().what))
    found.push_back({Level::problem, "people", desk.error().what, "utmfa-admin setup"});
  const AccountLine account = has_account_line(facts, "sshd") ? AccountLine::there : AccountLine::missing;
  append(found, check_sshd(ground, *config, account, active));
  return found;
}

Status print_findings(const Findings& findings) {
  Json list = Json::array();
  for (const Finding& each : findings)
    list.push_back(Json{{"level", std::string(name(each.level))},
                        {"check", each.check},
                        {"what", each.what},
                        {"remedy", json_text(each.remedy)}});
  return print(list);
}

// One remedy for several findings in a row is said once, below the last of them.
void show_findings(const Findings& findings) {
  for (const Level level : {Level::fine, Level::warning, Level::problem}) {
    std::string remedy;
    const auto end = [&remedy](const std::string& next) {
      if (!remedy.empty() && remedy != next) show("    " + say("remedy: {0}", {remedy}));
      remedy = next;
    };
    for (const Finding& each : findings) {
      if (each.level != level) continue;
      end(each.remedy);
      show(shown_level(level) + "  " + in_words(each.what));
    }
    end({});
  }
}

std::string count(const Findings& findings, Level level) {
  return std::to_string(
      std::count_if(findings.begin(), findings.end(), [level](const Finding& f) { return f.level == level; }));
}

}  // namespace

Status doctor(const AdminOptions& given) {
  AdminOptions options = given;
  if (!options.root.empty()) options.root = std::filesystem::absolute(options.root);
  const Options below = moved(options.common, options.root);
  if (Status may = may_administer(below); !may) return may;
  const Findings findings = examine(options, below);
  if (options.common.format == Format::json) {
    if (Status printed = print_findings(findings); !printed) return printed;
  } else {
    show_findings(findings);
  }
  const std::string problems = count(findings, Level::problem), warnings = count(findings, Level::warning);
  if (problems != "0") return Error{Code::refused, say("{0} problems, {1} warnings", {problems, warnings})};
  if (options.common.format == Format::text) show(say("no problems, {0} warnings", {warnings}));
  return Done{};
}

}  // namespace utmfa

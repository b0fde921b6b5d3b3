// SPDX-License-Identifier: Apache-2.0
// The lines of /etc/pam.d as they are written: the module that they name, its arguments, and its file. What the stack
// of them decides is in pam.cc.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "pam_utmfa/arguments.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::size_t most_slips = 2;  // letters wrong, missing, too many or exchanged in a misspelt name

struct Closed {
  void operator()(DIR* listing) const { closedir(listing); }
};

std::vector<std::string> module_directories(const Ground& ground) {
  std::vector<std::string> directories = {ground.below(UTMFA_PAMDIR)};
  for (const char* library : {"/lib", "/usr/lib", "/lib64", "/usr/lib64"}) {
    const std::string base = ground.below(library);
    directories.push_back(base + "/security");
    const std::unique_ptr<DIR, Closed> listing(opendir(base.c_str()));
    while (const dirent* entry = listing ? readdir(listing.get()) : nullptr)
      if (std::string_view(entry->d_name).find("-linux-") != std::string_view::npos)
        directories.push_back(base + "/" + entry->d_name + "/security");
  }
  return directories;
}

bool there(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0;
}

// Where libpam finds a module; where it should be, when it is nowhere.
std::string module_path(const Ground& ground, const std::string& module) {
  if (module.front() == '/') return ground.below(module);
  for (const std::string& directory : module_directories(ground))
    if (there(directory + "/" + module)) return directory + "/" + module;
  return ground.below(UTMFA_PAMDIR) + "/" + module;
}

Findings check_module(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0)
    return {{Level::problem, "module-missing",
             say("{0} is not there, so that every service with it refuses everybody", {path}),
             say("install utmfa, or take the lines with {0} out of /etc/pam.d", {our_module})}};
  const bool owned = about.st_uid == 0 || about.st_uid == trusted_owner();
  if (!owned || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return {{Level::problem, "module-writable", say("{0} can be changed by others than root", {path}),
             "chown root:root " + path + "; chmod 0644 " + path}};
  return {{Level::fine, "module", say("{0} is in place", {path}), ""}};
}

// Damerau's distance: how many slips of the hand make one word of the other.
std::size_t slips(std::string_view one, std::string_view other) {
  std::vector<std::vector<std::size_t>> cost(one.size() + 1, std::vector<std::size_t>(other.size() + 1));
  for (std::size_t i = 0; i <= one.size(); ++i)
    for (std::size_t j = 0; j <= other.size(); ++j) {
      std::size_t& here = cost[i][j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      here =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        here = std::min(here, cost[i - 2][j - 2] + 1);
    }
  return cost[one.size()][other.size()];
}

std::string_view without_suffix(std::string_view name) {
  constexpr std::string_view suffix = ".so";
  const bool has = name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
  return has ? name.substr(0, name.size() - suffix.size()) : name;
}

Finding at(const PamEntry& entry, std::string check, const std::string& what, std::string remedy) {
  return {Level::problem, std::move(check), "/etc/pam.d/" + entry.place() + ": " + what, std::move(remedy)};
}

Findings check_arguments(const PamEntry& entry) {
  std::vector<const char*> words;
  for (const std::string& word : entry.arguments) words.push_back(word.c_str());
  Arguments arguments;
  const char* wrong = arguments.parse(static_cast<int>(words.size()), words.data());
  if (wrong == nullptr) return {};
  return {at(entry, "pam-argument",
             say("{0} is no argument of {1}, so that the module refuses everybody", {cleaned(wrong, 64), our_module}),
             say("correct it or take it away; pam_utmfa(8) has every argument"))};
}

// What package managers and editors leave beside a file: nobody signs in by it, and what it says holds nowhere. The name of
// the file that it was, "" = it is none of theirs.
std::string left_over_of(const std::string& name) {
  for (const std::string_view mark : {".dpkg-", ".ucf-", ".rpmnew", ".rpmsave", ".rpmorig", ".pam-old"})
    if (const std::size_t at = name.find(mark); at != name.npos) return name.substr(0, at);
  return name.ends_with('~') ? name.substr(0, name.size() - 1) : std::string();
}

bool names_ours(const std::string& file, const std::string& text) {
  const auto entries = written_lines(file, text);
  return std::any_of(entries.begin(), entries.end(), [](const PamEntry& each) { return each.name() == our_module; });
}

// A package brought its own file, and with the old one went our lines: since then nobody is asked, and nothing else says so.
Findings check_replaced(const PamFacts& facts) {
  Findings found;
  for (const auto& [name, text] : facts.beside) {
    const std::string service = left_over_of(name);
    if (reach_of(facts, service) == PamReach::no_line && names_ours(name, text))
      found.push_back({Level::problem, "pam-replaced",
                       say("/etc/pam.d/{0} no longer asks: it was replaced, and the lines of utmfa are in {1} only",
                           {service, name}),
                       say("{0}; or, where it shall not ask: {1}",
                           {"utmfa-admin service enable " + service, "rm /etc/pam.d/" + name})});
  }
  return found;
}

}  // namespace

bool misspelt(const PamEntry& entry) {
  const std::string name = lower_ascii(entry.name());
  return entry.name() != our_module &&
         std::min(slips(name, our_module), slips(without_suffix(name), without_suffix(our_module))) <= most_slips;
}

PamFacts pam_facts(const std::string& directory) {
  PamFacts facts;
  const std::unique_ptr<DIR, Closed> listing(opendir(directory.c_str()));
  while (const dirent* entry = listing ? readdir(listing.get()) : nullptr)
    if (const std::string name = entry->d_name; name.front() != '.')
      if (auto text = text_of(directory + "/" + name))
        (left_over_of(name).empty() ? facts.files : facts.beside).emplace(name, std::move(*text));
  return facts;
}

Findings check_pam_lines(const Ground& ground, const PamFacts& facts) {
  Findings found;
  std::set<std::string> paths;
  for (const auto& [file, text] : facts.files)
    for (const PamEntry& entry : written_lines(file, text)) {
      const std::string path = module_path(ground, entry.module);
      if (entry.name() == our_module) {
        paths.insert(path);
        append(found, check_arguments(entry));
      } else if (misspelt(entry) && !there(path)) {
        found.push_back(at(entry, "pam-misspelt", say("there is no module {0} on this machine", {entry.module}),
                           say("write {0}", {our_module})));
      }
    }
  for (const std::string& path : paths) append(found, check_module(path));
  append(found, check_replaced(facts));
  return found;
}

}  // namespace utmfa

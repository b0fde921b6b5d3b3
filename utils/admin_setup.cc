// SPDX-License-Identifier: Apache-2.0
// utmfa-admin setup, check, status: the ground that the rest stands on. Set-up may be run again at any time; it makes
// what is missing and changes nothing that is there.
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "admin.h"
#include "in_words.h"
#include "json.h"
#include "process.h"
#include "setup/listing.h"
#include "signin/words.h"
#include "socket_check.h"
#include "terminal.h"
#include "vault/file_vault.h"

namespace utmfa {
namespace {

constexpr const char* useradd = "/usr/sbin/useradd";
const std::vector<std::string> useradd_words = {"--system",     "--user-group", "--no-create-home", "--home-dir",
                                                "/nonexistent", "--shell",      "/usr/sbin/nologin"};

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

Status make_directories(const Options& options) {
  const Directories directories = options.directories();
  const std::pair<std::string, mode_t> wanted[] = {
      {parent_of(directories.keys), 0755}, {directories.keys, 0700},    {directories.data, 0700},
      {directories.methods(), 0700},       {directories.state(), 0700}, {directories.kept(), 0700},
      {directories.data + "/outbox", 0700}};
  for (const auto& [path, mode] : wanted)
    if (Status made = make_directory(path, mode); !made) return made;
  return Done{};
}

// Registrations whose key is gone: another one would open nothing of them, under the name of the one that is missed.
Status nobody_registered(const Options& options) {
  const std::string methods = options.directories().methods();
  std::error_code trouble;
  const bool empty = std::filesystem::is_empty(methods, trouble);
  if (trouble) return Error{Code::unavailable, methods + ": " + trouble.message()};
  if (empty) return Done{};
  return Error{Code::refused,
               say("the keys in {0} are gone, and people are registered: put the copy of the keys back, a new "
                   "one opens nothing of theirs. To begin anew, move {1} away first",
                   {options.keys, methods})};
}

Result<KeyRing> first_key(const Options& options) {
  Result<KeyRing> ring = KeyRing::open(options.keys);
  if (ring || ring.error().code != Code::not_found) return ring;
  if (Status new_here = nobody_registered(options); !new_here) return new_here.error();
  SystemRandom random;
  const Result<std::string> id = make_key(options.keys, random);
  if (!id) return id.error();
  if (Status activated = activate_key(options.keys, *id); !activated) return activated.error();
  Event event;
  event.what = "key-made";
  event.reason = "key " + *id + " (first)";
  record_change(std::move(event));
  show(say("made the sealing key {0} in {1}: keep a copy where only you can reach it", {*id, options.keys}));
  return KeyRing::open(options.keys);
}

std::string command_for(const std::string& name) {
  std::string command = useradd;
  for (const std::string& word : useradd_words) command += " " + word;
  return command + " " + name;
}

std::vector<std::string> words_for(const std::string& name) {
  std::vector<std::string> words = useradd_words;
  words.push_back(name);
  return words;
}

Status make_user(const std::string& name) {
  if (getpwnam(name.c_str()) != nullptr) return Done{};
  const Result<Ran> ran = run_program(useradd, words_for(name), Errors::to_terminal);
  if (!ran) return ran.error();
  if (ran->status != 0) return Error{Code::unavailable, say("this failed: {0}", {command_for(name)})};
  Event event;
  event.what = "system-user-made";
  event.reason = name;
  record_change(std::move(event));
  show(say("made the system user {0}", {name}));
  return Done{};
}

// Gateways and the program for security keys run as users of their own; each is missed only where it is used.
Status system_users(const AdminOptions& options) {
  if (options.create_user) {
    for (const char* name : {"utmfa", "utmfa-gateway", "utmfa-key"})
      if (Status made = make_user(name); !made) return made;
    return Done{};
  }
  if (getpwnam("utmfa") != nullptr) return Done{};
  return Error{Code::refused,
               say("there is no system user utmfa, and the verifier refuses to start without it. Make it "
                   "with --create-user, or: {0}",
                   {command_for("utmfa")})};
}

}  // namespace

Status set_up(const AdminOptions& options) {
  if (Status may = may_administer(options.common); !may) return may;
  if (Status made = make_directories(options.common); !made) return made;
  const Result<KeyRing> ring = first_key(options.common);
  if (!ring) return ring.error();
  if (Status made = make_decoys(options.common.data, *ring); !made) return made;
  show(say("directories and keys are in order: {0}, {1}", {options.common.data, options.common.keys}));
  return system_users(options);
}

Status check_config(const AdminOptions& options) {
  const std::string path = std::filesystem::absolute(options.file);
  if (access(path.c_str(), F_OK) != 0) return os_error(path, "cannot be checked");
  const Result<Config> config = load_config(path, kind_names());
  if (options.common.format == Format::json) {
    const Status shown = print(Json{{"file", path},
                                    {"files", config ? config->files : std::vector<std::string>()},
                                    {"error", config ? Json(nullptr) : Json(config.error().what)},
                                    {"warnings", config ? config->warnings : std::vector<std::string>()}});
    if (!shown) return shown;
  }
  if (!config) return Error{Code::refused, config.error().what};
  for (const std::string& warning : config->warnings)
    if (options.common.format == Format::text) show(say("warning: {0}", {in_words(warning)}));
  if (!config->warnings.empty())
    return Error{Code::refused, say("{0}: {1} warnings", {path, std::to_string(config->warnings.size())})};
  if (options.common.format == Format::text) show(say("{0} is in order.", {path}));
  return Done{};
}

Status machine_status(Desk& desk, const AdminOptions& options) {
  if (!options.prometheus.empty()) return write_prometheus(desk, options);
  const std::string socket = desk.options.run + (geteuid() == 0 ? "/root.sock" : "/user.sock");
  const Status answers = verifier_answers(socket);
  std::vector<std::string> problems;
  const Result<std::vector<std::string>> users = desk.registry.users(problems);
  if (!users) return users.error();
  std::map<std::string, int> counts;
  for (const Registration status : {Registration::active, Registration::setting_up, Registration::ended})
    counts[std::string(name(status))] = 0;
  for (const std::string& user : *users) {
    const Result<Registered> registered = desk.registry.read(user);
    if (registered) ++counts[std::string(name(registered->file.status))];
    if (!registered) problems.push_back(registered.error().what);
  }
  if (options.common.format == Format::json)
    return print(Json{{"verifier", answers ? "reachable" : "unreachable"},
                      {"socket", socket},
                      {"people", counts},
                      {"problems", problems},
                      {"active_key", desk.ring.active()}});
  show(answers ? say("The verifier answers at {0}.", {socket})
               : say("The verifier does not answer: {0}", {in_words(answers.error().what)}));
  for (const Registration status : {Registration::active, Registration::setting_up, Registration::ended})
    show("  " + shown_status(status) + "  " + std::to_string(counts[std::string(name(status))]));
  for (const std::string& problem : problems) show(say("problem: {0}", {in_words(problem)}));
  return Done{};
}

}  // namespace utmfa

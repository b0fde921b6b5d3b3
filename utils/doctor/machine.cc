// SPDX-License-Identifier: Apache-2.0
// Clock, owners and modes, the system user, the sockets.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "signin/words.h"
#include "socket_check.h"

namespace utmfa {
namespace {

constexpr std::size_t longest_text = 1 << 20;
constexpr Time earliest = 1704067200, latest = 4102444800;  // 2024 and 2100

struct Wanted {
  std::string path;
  mode_t type;
  mode_t forbidden;  // permission bits that must not be there
  enum class If { must, may } there;
};

std::string octal(mode_t mode) {
  char text[8];
  (void)snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

Findings check_path(const Wanted& wanted) {
  struct stat about {};
  const std::string& path = wanted.path;
  if (lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT && wanted.there == Wanted::If::may) return {};
    if (errno == ENOENT) return {{Level::problem, "missing", say("{0} is missing", {path}), "utmfa-admin setup", path}};
    return {
        {Level::problem, "unreadable", os_error(path, say("cannot be examined")).what, say("run this as root"), path}};
  }
  if ((about.st_mode & S_IFMT) != wanted.type)
    return {{Level::problem, "type", say("{0} is not what it should be: a link or something else stands there", {path}),
             say("move it away, then: utmfa-admin setup"), path}};
  Findings found;
  if (about.st_uid != 0 && about.st_uid != trusted_owner())
    found.push_back({Level::problem, "owner", say("{0} belongs to uid {1}", {path, std::to_string(about.st_uid)}),
                     "chown root:root " + path, path});
  if ((about.st_mode & wanted.forbidden) != 0)
    found.push_back({Level::problem, "mode", say("{0} has mode {1}", {path, octal(about.st_mode)}),
                     "chmod " + octal(about.st_mode & ~wanted.forbidden) + " " + path, path});
  return found;
}

constexpr mode_t others = S_IRWXG | S_IRWXO, others_write = S_IWGRP | S_IWOTH;

bool somebody_registered(const std::string& methods) {
  std::error_code trouble;
  return !std::filesystem::is_empty(methods, trouble) && !trouble;
}

Findings check_keys(const Directories& directories) {
  const std::string &keys = directories.keys, active = keys + "/active";
  const Wanted ring{keys, S_IFDIR, others, Wanted::If::must}, named{active, S_IFREG, others, Wanted::If::must};
  Findings found = check_path(ring);
  append(found, check_path(named));
  if (const std::optional<std::string> id = text_of(active); id) {
    const Wanted key{keys + "/" + std::string(trimmed(*id)) + ".key", S_IFREG, others, Wanted::If::must};
    append(found, check_path(key));
  }
  // Set-up makes no key for people whose secrets it would not open.
  if (somebody_registered(directories.methods()))
    for (Finding& each : found)
      if (each.check == "missing") each.remedy = say("put the copy of the keys back: {0}", {keys});
  return found;
}

constexpr std::uint64_t least_room = 256 * 1024;

// What a sign-in is charged with must be written before it is judged.
Findings check_room(const std::string& path) {
  struct statvfs about {};
  if (statvfs(path.c_str(), &about) != 0) return {};  // missing, which is told by its path
  const std::string place = "$(findmnt -n -o TARGET -T " + path + ")";
  if ((about.f_flag & ST_RDONLY) != 0)
    return {{Level::problem, "read-only", say("{0} can only be read: whoever must give a code is refused", {path}),
             "mount -o remount,rw " + place, path}};
  if (about.f_bfree * about.f_frsize < least_room || (about.f_files != 0 && about.f_ffree == 0))
    return {{Level::problem, "no-room", say("the disk of {0} is full: nobody can register", {path}),
             say("make room: {0}", {"df -h " + place}), path}};
  return {};
}

// Masked by somebody, nothing of it can be started, and "enable --now" would leave a socket alone that systemd takes for open; a restart opens it in every case.
std::string listen_again(const Ground& ground) {
  if (!ground.has_systemd()) return say("start the verifier: {0}", {UTMFA_VERIFIER});
  const std::string sockets = "utmfad-root.socket utmfad-user.socket";
  return "systemctl unmask utmfad.service " + sockets + "; systemctl enable " + sockets + "; systemctl restart " +
         sockets;
}

Findings check_socket(const Ground& ground, const std::string& path, mode_t mode) {
  struct stat about {};
  const std::string start = listen_again(ground);
  if (lstat(path.c_str(), &about) != 0)
    return {{Level::problem, "socket-missing", say("{0} is not there: the verifier does not listen", {path}), start}};
  if (!S_ISSOCK(about.st_mode))
    return {{Level::problem, "socket-type", say("{0} is not a socket", {path}), "rm " + path + "; " + start}};
  Findings found;
  if ((about.st_mode & 0777U) != mode)
    found.push_back({Level::problem, "socket-mode",
                     say("{0} has mode {1}, not {2}", {path, octal(about.st_mode & 0777U), octal(mode)}),
                     "chmod " + octal(mode) + " " + path});
  if (const Status listens = verifier_answers(path); !listens)
    found.push_back(
        {Level::problem, "socket-dead", say("nobody answers at {0}: {1}", {path, listens.error().what}), start});
  return found;
}

}  // namespace

std::optional<std::string> text_of(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return std::nullopt;
  Result<std::string> text = contents(file.get(), path, longest_text);
  return text ? std::optional<std::string>(std::move(*text)) : std::nullopt;
}

bool Ground::has_systemd() const {  // sd_booted(3)
  struct stat about {};
  return lstat(below("/run/systemd/system").c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

bool told(const Findings& found, const std::string& error) {
  return std::any_of(found.begin(), found.end(), [&](const Finding& each) {
    return each.level == Level::problem && !each.path.empty() && error.rfind(each.path, 0) == 0;
  });
}

Findings check_private_file(const std::string& path) { return check_path({path, S_IFREG, others, Wanted::If::may}); }

ClockFacts clock_facts(const Ground& ground) {
  timex state{};
  const int clock = adjtimex(&state);
  return {clock >= 0 && clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0, SystemClock().now(),
          ground.has_systemd()};
}

Findings check_clock(const ClockFacts& facts) {
  if (facts.now < earliest || facts.now > latest)
    return {{Level::problem, "clock-wrong",
             say("the clock says {0}: no code of an app can be right", {iso_time(facts.now)}),
             say("set the clock, and let a time service keep it")}};
  if (!facts.synchronized)
    return {{Level::warning, "clock-free",
             say("no time service keeps the clock: codes of apps are refused when it is a "
                 "minute off"),
             facts.systemd ? "timedatectl set-ntp true"
                           : say("start a time service (chrony, ntpd); in a container, on the machine that it "
                                 "runs on")}};
  return {{Level::fine, "clock", say("the clock is kept by a time service"), ""}};
}

Findings check_files(const Ground& ground) {
  const Options& options = ground.options;
  const Directories directories = options.directories();
  using If = Wanted::If;
  const Wanted wanted[] = {{ground.below("/etc/utmfa"), S_IFDIR, others_write, If::must},
                           {options.config, S_IFREG, others_write, If::may},
                           {directories.data, S_IFDIR, others_write, If::must},
                           {directories.methods(), S_IFDIR, others, If::must},
                           {directories.state(), S_IFDIR, others, If::must},
                           {directories.data + "/decoy", S_IFDIR, others, If::must},
                           {directories.kept(), S_IFDIR, others, If::may},
                           {directories.data + "/tokens", S_IFDIR, others, If::may}};
  Findings found;
  for (const Wanted& each : wanted) append(found, check_path(each));
  append(found, check_keys(directories));
  append(found, check_room(directories.state()));
  if (found.empty()) found.push_back({Level::fine, "files", say("owners and modes are right"), ""});
  return found;
}

Findings check_system_user(const Ground& ground) {
  bool there = false;
  if (ground.root.empty()) {
    there = getpwnam("utmfa") != nullptr;
  } else if (const auto passwd = text_of(ground.below("/etc/passwd")); passwd) {
    for (const std::string_view line : split(*passwd, '\n')) there = there || line.substr(0, 6) == "utmfa:";
  }
  if (there) return {{Level::fine, "user", say("the system user utmfa is there"), ""}};
  return {{Level::problem, "user-missing", say("there is no system user utmfa: the verifier refuses to start"),
           "utmfa-admin setup --create-user"}};
}

Findings check_sockets(const Ground& ground) {
  Findings found = check_socket(ground, ground.options.run + "/root.sock", 0600);
  append(found, check_socket(ground, ground.options.run + "/user.sock", 0666));
  if (found.empty()) found.push_back({Level::fine, "sockets", say("the verifier answers at both sockets"), ""});
  return found;
}

}  // namespace utmfa

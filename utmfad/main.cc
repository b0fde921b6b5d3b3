// SPDX-License-Identifier: Apache-2.0
// utmfad: options, start-up in the order in which things can be refused, and the two ways to serve. utmfad(8) is the
// manual.
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "broker.h"
#include "delivery_process.h"
#include "nursery.h"
#include "sandbox.h"

namespace utmfa {
namespace {

enum class Mode { serve, session, check, nursery, deliver };

char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language_variable[] = "LC_ALL=C.UTF-8";
char* const clean_environment[] = {path_variable, language_variable, nullptr};

struct Options {
  Settings settings;
  Mode mode = Mode::serve;
};

constexpr char help[] =
    "Usage: utmfad [OPTION]...\n"
    "The verifier of utmfa: decides sign-ins that pam_utmfa.so asks about. See utmfad(8).\n\n"
    "  --config FILE       configuration (default /etc/utmfa/utmfa.yaml)\n"
    "  --run-dir DIR       where the sockets are bound when systemd has not done it (default /run/utmfa)\n"
    "  --data-dir DIR      methods and state (default /var/lib/utmfa)\n"
    "  --keys-dir DIR      sealing keys (default /etc/utmfa/keys)\n"
    "  --locale-dir DIR    translations (default: the installed ones)\n"
    "  --session           serve one sign-in on descriptor 3, then end\n"
    "  --check             read configuration, keys and directories, say what is wrong, and end\n"
    "  --help, --version\n";

constexpr option known[] = {{"config", required_argument, nullptr, 'c'},
                            {"run-dir", required_argument, nullptr, 'r'},
                            {"data-dir", required_argument, nullptr, 'd'},
                            {"keys-dir", required_argument, nullptr, 'k'},
                            {"locale-dir", required_argument, nullptr, 'l'},
                            {"session", no_argument, nullptr, 's'},
                            {"check", no_argument, nullptr, 'x'},
                            {"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'v'},
                            {"nursery", no_argument, nullptr, 'n'},
                            {"deliver", no_argument, nullptr, 'm'},
                            {nullptr, 0, nullptr, 0}};

// An exit status instead of Options: there is nothing to serve.
std::optional<int> parsed(int argc, char** argv, Options& options) {
  for (int c; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    if (c == 'c')
      options.settings.config = optarg;
    else if (c == 'r')
      options.settings.run_dir = optarg;
    else if (c == 'd')
      options.settings.data_dir = optarg;
    else if (c == 'k')
      options.settings.keys_dir = optarg;
    else if (c == 'l')
      options.settings.locale_dir = optarg;
    else if (c == 's')
      options.mode = Mode::session;
    else if (c == 'x')
      options.mode = Mode::check;
    else if (c == 'n')
      options.mode = Mode::nursery;  // by the broker only: see nursery.h
    else if (c == 'm')
      options.mode = Mode::deliver;  // the same: see delivery_process.h
    else if (c == 'h')
      return fputs(help, stdout) < 0 ? 1 : 0;
    else if (c == 'v')
      return puts("utmfad " UTMFA_VERSION) < 0 ? 1 : 0;
    else
      return 2;
  }
  if (optind < argc) {
    fprintf(stderr, "utmfad: %s: unexpected argument: see utmfad --help\n", argv[optind]);
    return 2;
  }
  return std::nullopt;
}

int refused(const Error& error) {
  fprintf(stderr, "utmfad: %s\n", error.what.c_str());
  Event event;
  event.what = "unavailable";
  event.reason = error.what;
  (void)SystemAudit().record(event);
  return 1;
}

// Started from inside a login process: its signal mask and ignored signals are not ours, and 0 to 2 may be closed.
void clean_start() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int each = 1; each < NSIG; ++each) {
    struct sigaction fallback {};
    fallback.sa_handler = SIG_DFL;
    (void)sigaction(each, &fallback, nullptr);
  }
  umask(077);
  for (int fd = 0; fd < 3; ++fd)
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);
}

// Two descriptors a sign-in; the usual soft limit of 1,024 would be short of limits.root-sign-ins.
void allow_many_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Where there is no systemd nobody else does it after a restart of the machine: what was switched on and never
// confirmed is taken back. A sign-in does not depend on it.
void take_back_unconfirmed(const Settings& settings) {
  struct stat about {};
  if (lstat("/run/systemd/system", &about) == 0 || access(UTMFA_ADMIN, X_OK) != 0) return;
  const pid_t pid = fork();
  if (pid == 0) {
    execle(UTMFA_ADMIN, UTMFA_ADMIN, "--data-dir", settings.data_dir.c_str(), "service", "revert", "--due",
           static_cast<char*>(nullptr), clean_environment);
    _exit(127);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
}

int run(const Options& options) {
  allow_many_descriptors();
  if (options.mode == Mode::serve) take_back_unconfirmed(options.settings);
  ConfigFile config(options.settings.config);
  if (Status loaded = config.load(); !loaded) return refused(loaded.error());
  if (const Result<SandboxUser> user = sandbox_user(options.settings.user); !user) return refused(user.error());
  Result<Records> records = Records::open(options.settings);
  if (!records) return refused(records.error());
  if (options.mode == Mode::check) {
    for (const std::string& warning : config.config().warnings) puts(warning.c_str());
    return 0;
  }
  if (Status dropped = drop_capabilities(); !dropped) return refused(dropped.error());
  Broker broker(options.settings, std::move(config), std::move(*records));
  if (options.mode == Mode::session) return broker.serve_one(Descriptor(3));
  Result<Listening> listening = open_sockets(options.settings.run_dir);
  if (!listening) return refused(listening.error());
  return broker.serve(std::move(*listening));
}

// The login process waits for the first process only, so that it has no child to mind.
bool first_process_ends() {
  const pid_t pid = fork();
  if (pid != 0) _exit(pid < 0 ? 1 : 0);
  return setsid() >= 0 && chdir("/") == 0;
}

}  // namespace
}  // namespace utmfa

int main(int argc, char** argv) {
  utmfa::Options options;
  if (const std::optional<int> status = utmfa::parsed(argc, argv, options)) return *status;
  if (geteuid() != 0) {
    fputs("utmfad: must be started by root: it hands each sign-in to a process without rights\n", stderr);
    return 1;
  }
  utmfa::clean_start();
  if (options.mode == utmfa::Mode::nursery) return utmfa::nursery(options.settings);
  if (options.mode == utmfa::Mode::deliver) return utmfa::run_deliveries(options.settings);
  if (options.mode == utmfa::Mode::session && !utmfa::first_process_ends()) return 1;
  return utmfa::run(options);
}

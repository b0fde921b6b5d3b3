// SPDX-License-Identifier: Apache-2.0
// utmfa-deliver: sends the notices that wait, and ends when none does. A program of its own, so that neither the broker
// nor a sign-in waits for a mail, and so that what a gateway needs (JSON, processes, programs that are setuid) is not in
// theirs. utmfa-deliver(8) is the manual.
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "factors/factor.h"
#include "notice/delivery.h"
#include "signin/words.h"

namespace utmfa {
namespace {

constexpr std::int64_t told_is_forgotten = 86400;

struct Settings {
  std::string config = "/etc/utmfa/utmfa.yaml", data = "/var/lib/utmfa", locale;
  enum class Until { empty, stopped } until = Until::empty;
};

constexpr char help[] =
    "Usage: utmfa-deliver [OPTION]...\n"
    "Sends the notices of utmfa that wait, and ends when none does. See utmfa-deliver(8).\n\n"
    "  --config FILE       configuration (default /etc/utmfa/utmfa.yaml)\n"
    "  --data-dir DIR      where outbox/ and methods/ are (default /var/lib/utmfa)\n"
    "  --locale-dir DIR    translations (default: the installed ones)\n"
    "  --stay              wait for more instead of ending\n"
    "  --help, --version\n";

constexpr option known[] = {{"config", required_argument, nullptr, 'c'},
                            {"data-dir", required_argument, nullptr, 'd'},
                            {"locale-dir", required_argument, nullptr, 'l'},
                            {"stay", no_argument, nullptr, 's'},
                            {"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'v'},
                            {nullptr, 0, nullptr, 0}};

// An exit status instead of settings: there is nothing to do.
std::optional<int> parsed(int argc, char** argv, Settings& settings) {
  for (int c; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    switch (c) {
      case 'c': settings.config = optarg; break;
      case 'd': settings.data = optarg; break;
      case 'l': settings.locale = optarg; break;
      case 's': settings.until = Settings::Until::stopped; break;
      case 'h': return fputs(help, stdout) < 0 ? 1 : 0;
      case 'v': return puts(UTMFA_VERSION) < 0 ? 1 : 0;
      case '?': return 2;
    }
  }
  if (optind == argc) return std::nullopt;
  fprintf(stderr, "utmfa-deliver: %s: unexpected argument: see utmfa-deliver --help\n", argv[optind]);
  return 2;
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// Until something new waits, something is due, or we are to stop.
class Bell {
 public:
  explicit Bell(const std::string& directory) {
    sigset_t caught;
    sigemptyset(&caught);
    for (const int each : {SIGTERM, SIGINT}) sigaddset(&caught, each);
    (void)sigprocmask(SIG_BLOCK, &caught, nullptr);
    signals_ = Descriptor(signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
    news_ = Descriptor(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    ready_ = signals_ && news_ && inotify_add_watch(news_.get(), directory.c_str(), IN_MOVED_TO) >= 0;
  }
  bool ready() const { return ready_; }
  // false: stop.
  bool wait(std::int64_t milliseconds) const {
    pollfd due[] = {{signals_.get(), POLLIN, 0}, {news_.get(), POLLIN, 0}};
    (void)poll(due, 2, static_cast<int>(std::clamp<std::int64_t>(milliseconds, -1, 3600000)));
    char news[4096];
    while (read(news_.get(), news, sizeof news) > 0) {
    }
    return due[0].revents == 0;
  }

 private:
  Descriptor signals_, news_;
  bool ready_ = false;
};

int failed(const Error& error) {
  fprintf(stderr, "utmfa-deliver: %s\n", error.what.c_str());
  Event event;
  event.what = "unavailable";
  event.reason = "utmfa-deliver: " + error.what;
  (void)SystemAudit().record(event);
  return 1;
}

// The configuration is read each time: a gateway that was mended is used at once.
Result<Waiting> one_round(const Settings& settings, Outbox& outbox, Audit& audit) {
  const Result<Config> config = load_config(settings.config, kind_names());
  if (!config) return config.error();
  SystemClock clock;
  SystemRandom random;
  CommandGateway gateway(config->gateway("mail"));
  MethodFileAddresses addresses(settings.data + "/methods");
  Delivery delivery{outbox, gateway, addresses, clock, random, audit, config->issuer, machine_name(), config->language};
  if (Status forgotten = outbox.forget_told(clock.now() - told_is_forgotten); !forgotten) return forgotten.error();
  if (!config->gateway("mail").command.empty()) return deliver_due(delivery);
  if (Status gone = give_all_up(delivery, "there is no gateway for mail"); !gone) return gone.error();
  return Waiting{};
}

int deliver(const Settings& settings) {
  SystemRandom random;
  SystemAudit audit;
  Outbox outbox(settings.data, random);
  const Result<Descriptor> lock = outbox.lock();
  if (!lock && lock.error().code == Code::conflict) return 0;
  if (!lock) return failed(lock.error());
  const Bell bell(outbox.waiting_path());
  if (!bell.ready()) return failed(os_error(outbox.waiting_path(), "cannot be watched"));
  for (;;) {
    const Result<Waiting> waiting = one_round(settings, outbox, audit);
    if (!waiting) return failed(waiting.error());
    if (waiting->count == 0 && settings.until == Settings::Until::empty) return 0;
    const std::int64_t seconds = std::max<Time>(waiting->next - SystemClock().now(), 0);
    if (!bell.wait(waiting->count == 0 ? -1 : seconds * 1000 + 200)) return 0;
  }
}

}  // namespace
}  // namespace utmfa

int main(int argc, char** argv) {
  utmfa::Settings settings;
  if (const std::optional<int> status = utmfa::parsed(argc, argv, settings)) return *status;
  (void)umask(077);
  utmfa::open_catalogues(settings.locale);
  return utmfa::deliver(settings);
}

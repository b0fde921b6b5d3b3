// SPDX-License-Identifier: Apache-2.0
#include "delivery_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "channel.h"
#include "factors/factor.h"
#include "gateway/gateway.h"
#include "sandbox.h"

namespace utmfa {
namespace {

constexpr int channel_at = 3;
constexpr unsigned long longest_validity = 3600;
constexpr std::size_t longest_fault = 500;

[[noreturn]] void become_runner(const Settings& settings, int channel) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = open("/dev/null", O_RDWR);
  const int high = fcntl(channel, F_DUPFD, 16);
  for (int fd = 0; fd < channel_at; ++fd)
    if (nowhere < 0 || dup2(nowhere, fd) < 0) _exit(1);
  if (high < 0 || dup2(high, channel_at) != channel_at) _exit(1);
  close_range(channel_at + 1, ~0U, 0);
  const char* const words[] = {"utmfad", "--deliver", "--config", settings.config.c_str(), nullptr};
  const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", nullptr};
  execve("/proc/self/exe", const_cast<char* const*>(words), const_cast<char* const*>(environment));
  _exit(1);
}

GatewayRequest request_of(const wire::Reader& frame) {
  GatewayRequest request;
  const std::pair<std::string_view, std::string*> fields[] = {
      {"kind", &request.kind},           {"id", &request.id},
      {"user", &request.user},           {"to", &request.to},
      {"extension", &request.extension}, {"language", &request.language},
      {"service", &request.service},     {"from", &request.from}};
  for (const auto& [key, value] : fields) *value = frame.text(key);
  request.text = Secret(frame.text("text"));
  request.code = Secret(frame.text("code"));
  request.expires = static_cast<int>(frame.number("expires", longest_validity, 0));
  return request;
}

// What all messages need, read once.
struct Known {
  Result<Config> config;
  Result<SandboxUser> user;
};

Exchange ran(const Known& known, const GatewayRequest& request) {
  Exchange exchange;
  if (!known.config || !known.user) {
    exchange.fault = known.config ? known.user.error().what : known.config.error().what;
    return exchange;
  }
  // What a stranger's program said is read without rights.
  return CommandGateway(known.config->gateway(request.kind), [&] { return leave_root(*known.user); }).deliver(request);
}

void usual_children() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  (void)sigaction(SIGCHLD, &usual, nullptr);
}

// The broker can end this process before it is told what to send, and ends it from then on.
Result<Packet> request_from_broker(int line) {
  const Descriptor self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!self) return os_error("utmfad", "pidfd_open");
  const wire::Writer running("running");
  if (Status sent = send_packet(line, running.frame(), {self.get()}, Wait::yes); !sent) return sent.error();
  return receive_packet(line, Wait::yes);
}

int deliver_one(const Known& known, int line) {
  Result<Packet> packet = request_from_broker(line);
  if (!packet) return 1;
  const GatewayRequest request = request_of(wire::Reader(packet->bytes));
  wipe(packet->bytes);
  const Exchange exchange = ran(known, request);
  wire::Writer reply("delivered");
  reply.text("id", request.id);
  reply.text("result", name(exchange.reply.result));
  if (!exchange.fault.empty()) reply.text("fault", cleaned(exchange.fault, longest_fault));
  if (!exchange.reply.entered.empty()) reply.text("entered", exchange.reply.entered);
  if (!exchange.reply.detail.empty()) reply.text("detail", exchange.reply.detail);
  reply.number("retry-after", static_cast<unsigned long>(exchange.reply.retry_after));
  return reply.fits() && send_packet(line, reply.frame(), {}, Wait::yes) ? 0 : 1;
}

[[noreturn]] void become_delivery(const Known& known, pid_t runner, int line) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != runner) _exit(1);
  (void)close(channel_at);
  usual_children();
  _exit(deliver_one(known, line));
}

// Those that end leave nothing to reap: the broker sees it by their lines.
void forget_children() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  (void)sigaction(SIGCHLD, &ignored, nullptr);
}

}  // namespace

Result<Descriptor> start_runner(const Settings& settings) {
  Result<ChannelPair> pair = make_channel();
  if (!pair) return pair.error();
  const pid_t broker = getpid(), pid = fork();
  if (pid < 0) return os_error("utmfad", "fork");
  if (pid == 0) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != broker) _exit(1);
    become_runner(settings, pair->sign_in.get());
  }
  return std::move(pair->broker);
}

Result<Descriptor> started_delivery(int runner) {
  Result<ChannelPair> pair = make_channel();
  if (!pair) return pair.error();
  const wire::Writer start("start");
  if (Status sent = send_packet(runner, start.frame(), {pair->sign_in.get()}, Wait::no); !sent) return sent.error();
  return std::move(pair->broker);
}

int run_deliveries(const Settings& settings) {
  (void)prctl(PR_SET_NAME, "utmfad-deliver");
  (void)fcntl(channel_at, F_SETFD, FD_CLOEXEC);
  forget_children();
  const Known known{load_config(settings.config, kind_names()), sandbox_user(settings.user)};
  const pid_t self = getpid();
  for (;;) {
    const Result<Packet> packet = receive_packet(channel_at, Wait::yes);
    if (!packet) break;
    if (packet->descriptors.size() != 1) return 1;
    // Where there is no process to be had its line closes, and that is told.
    if (fork() == 0) become_delivery(known, self, packet->descriptors.front().get());
  }
  (void)close(channel_at);
  while (wait(nullptr) > 0 || errno == EINTR) continue;
  return 0;
}

}  // namespace utmfa

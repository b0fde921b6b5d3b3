// SPDX-License-Identifier: Apache-2.0
#include "delivery_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "channel.h"
#include "factors/factor.h"
#include "gateway/gateway.h"
#include "sandbox.h"

namespace utmfa {
namespace {

constexpr int line_at = 3;
constexpr unsigned long longest_validity = 3600;
constexpr std::size_t longest_fault = 500;

[[noreturn]] void become_delivery(const Settings& settings, int line) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = open("/dev/null", O_RDWR);
  const int high = fcntl(line, F_DUPFD, 16);
  for (int fd = 0; fd < line_at; ++fd)
    if (nowhere < 0 || dup2(nowhere, fd) < 0) _exit(1);
  if (high < 0 || dup2(high, line_at) != line_at) _exit(1);
  close_range(line_at + 1, ~0U, 0);
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

Exchange ran(const Settings& settings, const GatewayRequest& request) {
  Exchange exchange;
  const Result<Config> config = load_config(settings.config, kind_names());
  const Result<SandboxUser> user = sandbox_user(settings.user);
  if (!config || !user) {
    exchange.fault = config ? user.error().what : config.error().what;
    return exchange;
  }
  // What a stranger's program said is read without rights.
  return CommandGateway(config->gateway(request.kind), [&] { return leave_root(*user); }).deliver(request);
}

}  // namespace

Result<DeliveryStart> start_delivery_process(const Settings& settings, std::string_view frame) {
  Result<ChannelPair> pair = make_channel();
  if (!pair) return pair.error();
  const pid_t broker = getpid(), pid = fork();
  if (pid < 0) return os_error("utmfad", "fork");
  if (pid == 0) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != broker) _exit(1);
    become_delivery(settings, pair->sign_in.get());
  }
  Descriptor handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) return os_error("utmfad", "pidfd_open");
  if (Status sent = send_packet(pair->broker.get(), frame, {}, Wait::no); !sent) return sent.error();
  return DeliveryStart{std::move(pair->broker), std::move(handle)};
}

int deliver_one(const Settings& settings) {
  (void)prctl(PR_SET_NAME, "utmfad-deliver");
  (void)fcntl(line_at, F_SETFD, FD_CLOEXEC);
  Result<Packet> packet = receive_packet(line_at, Wait::yes);
  if (!packet) return 1;
  const GatewayRequest request = request_of(wire::Reader(packet->bytes));
  wipe(packet->bytes);
  const Exchange exchange = ran(settings, request);
  wire::Writer reply("delivered");
  reply.text("id", request.id);
  reply.text("result", name(exchange.reply.result));
  if (!exchange.fault.empty()) reply.text("fault", cleaned(exchange.fault, longest_fault));
  if (!exchange.reply.entered.empty()) reply.text("entered", exchange.reply.entered);
  if (!exchange.reply.detail.empty()) reply.text("detail", exchange.reply.detail);
  reply.number("retry-after", static_cast<unsigned long>(exchange.reply.retry_after));
  return reply.fits() && send_packet(line_at, reply.frame(), {}, Wait::yes) ? 0 : 1;
}

}  // namespace utmfa

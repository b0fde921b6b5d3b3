// SPDX-License-Identifier: Apache-2.0
// Hostile gateways, as real programs: each ends in time with all that it started, learns nothing, and is told in words.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/text.h"
#include "gateway/gateway.h"
#include "gateway/run.h"
#include "support/check.h"
#include "support/premises.h"

namespace utmfa {
namespace {

struct Gateways {
  Gateways() : place(test::made_place("/tmp")) { assert_int_equal(chmod(place.c_str(), 0755), 0); }
  ~Gateways() { std::filesystem::remove_all(place); }
  Gateways(const Gateways&) = delete;
  Gateways& operator=(const Gateways&) = delete;

  std::string program(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    const std::string path = place + "/" + name;
    std::ofstream(path) << text;
    assert_int_equal(chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string shell(const std::string& name, const std::string& text) const {
    return program(name, "#!/bin/sh\n" + text);
  }
  // A file that the gateway may write, whoever it is.
  std::string shared(const std::string& name) const {
    const std::string path = program(name, "", 0666);
    return path;
  }
  std::string place;
};

GatewayRules rules_of(const std::string& path, std::int64_t seconds = 10) {
  GatewayRules rules;
  rules.command = {path};
  rules.user = "nobody";
  rules.time_limit = seconds;
  rules.processes = 40;
  return rules;
}

GatewayRequest request() {
  GatewayRequest request;
  request.kind = "voice";
  request.id = "0123abcd";
  request.to = "+819012345678";
  request.text = Secret(std::string_view("hello"));
  return request;
}

Exchange delivered(const std::string& path, std::int64_t seconds = 10) {
  return CommandGateway(rules_of(path, seconds)).deliver(request());
}

void faulty(const Exchange& exchange, std::string_view words) {
  assert_true(exchange.reply.result == Delivered::failed);
  if (exchange.fault.find(words) == std::string::npos)
    fail_msg("expected %s, got: %s", std::string(words).c_str(), exchange.fault.c_str());
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Whether no process has this number any more.
bool gone(const std::string& text) {
  const auto pid = static_cast<pid_t>(utmfa::number(trimmed(text), 2, INT32_MAX).value_or(0));
  return pid > 1 && kill(pid, 0) != 0;
}

void a_good_one_answers(void**) {
  const Gateways gateways;
  const Exchange exchange = delivered(gateways.shell("good",
                                                     "read -r line; echo \"$line\" >&2\n"
                                                     "echo '{\"result\":\"approved\",\"id\":\"0123abcd\"}'\n"));
  assert_string_equal(exchange.fault.c_str(), "");
  assert_true(exchange.reply.result == Delivered::approved);
  assert_true(exchange.complaint == exchange.sent.view());
  assert_true(exchange.sent.view().find("\"to\":\"+819012345678\"") != std::string_view::npos);
  // It need not read what it is told.
  assert_true(delivered(gateways.shell("deaf", "exec <&-; echo '{\"result\":\"sent\"}'")).reply.result ==
              Delivered::sent);
  assert_true(delivered(gateways.shell("refuses", "echo '{\"result\":\"busy\"}'; exit 3")).reply.result ==
              Delivered::busy);
}

void its_world_is_empty(void**) {
  const Gateways gateways;
  assert_int_equal(setenv("UTMFA_TEST_SECRET", "hush", 1), 0);
  const int leaked = open("/dev/null", O_RDONLY);  // not closed on exec, on purpose
  assert_true(leaked > 2);
  const std::string path =
      gateways.program("world",
                       "#!/usr/bin/python3 -I\n"
                       "import json, os, resource, signal\n"
                       "with open('/proc/self/status') as f: s = dict(l.split(':', 1) for l in f)\n"
                       "fds = [f for f in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + f)]\n"
                       "print(json.dumps({'result': 'sent', 'e': dict(os.environ), 'd': len(fds),\n"
                       " 'g': os.getgroups(), 'u': os.getresuid(), 'c': os.getcwd(),\n"
                       " 's': os.getsid(0) == os.getpid(), 'm': s['SigBlk'].strip() + s['SigIgn'].strip(),\n"
                       " 'p': s['CapPrm'].strip(), 'k': resource.getrlimit(resource.RLIMIT_CORE)[1]}))\n");
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  const Exchange exchange = delivered(path);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  close(leaked);
  assert_string_equal(exchange.fault.c_str(), "");
  const std::string& said = exchange.came_back;
  const auto has = [&](const std::string& words) {
    if (said.find(words) == std::string::npos) fail_msg("%s\nis not in %s", words.c_str(), said.c_str());
  };
  has("\"LANG\": \"C.UTF-8\"");
  has("\"PATH\": \"/usr/sbin:/usr/bin:/sbin:/bin\"");
  assert_true(said.find("UTMFA_TEST_SECRET") == std::string::npos && said.find("HOME") == std::string::npos);
  has("\"d\": 3");
  has("\"c\": \"/\"");
  has("\"s\": true");
  // 0x1000 (SIGPIPE) is what Python itself ignores.
  has("\"m\": \"00000000000000000000000001001000\"");
  has("\"k\": 0");
  if (geteuid() != 0) return;
  has("\"g\": []");
  has("\"p\": \"0000000000000000\"");
  assert_true(said.find("\"u\": [0") == std::string::npos);
}

void one_that_hangs_ends_in_time(void**) {
  const Gateways gateways;
  const std::string pids = gateways.shared("pids");
  const Exchange exchange =
      delivered(gateways.shell("hang", "trap '' TERM INT HUP\necho $$ >" + pids + "\nexec tail -f /dev/null"), 1);
  faulty(exchange, "did not answer within 1s");
  assert_in_range(exchange.took_ms, 900, 5000);
  assert_true(gone(text_of(pids)));
  // One that has answered and does not end has not answered.
  faulty(delivered(gateways.shell("late", "echo '{\"result\":\"approved\"}'; exec tail -f /dev/null"), 1),
         "did not answer within 1s");
}

void what_left_its_session_ends_too(void**) {
  const Gateways gateways;
  const std::string pids = gateways.shared("pids");
  const std::string path = gateways.program("escape",
                                            "#!/usr/bin/python3 -I\n"
                                            "import os, signal\n"
                                            "r, w = os.pipe()\n"
                                            "if os.fork() == 0:\n"
                                            "    os.setsid()\n"
                                            "    if os.fork() == 0:\n"
                                            "        with open('" +
                                                pids +
                                                "', 'w') as f: f.write(str(os.getpid()))\n"
                                                "        os.close(w)\n"
                                                "        signal.pause()\n"
                                                "    os._exit(0)\n"
                                                "os.close(w)\n"
                                                "os.read(r, 1)\n"
                                                "os.wait()\n"
                                                "print('{\"result\":\"sent\"}', flush=True)\n");
  const Exchange exchange = delivered(path);
  assert_true(exchange.reply.result == Delivered::sent);
  assert_in_range(exchange.took_ms, 0, 8000);
  assert_true(gone(text_of(pids)));
}

void floods_are_cut_off(void**) {
  const Gateways gateways;
  faulty(delivered(gateways.shell("zero", "exec cat /dev/zero")), "said more than 65536 bytes");
  faulty(delivered(gateways.shell("yes", "exec yes '{\"result\":\"sent\"}'")), "said more than 65536 bytes");
  faulty(delivered(gateways.shell("shout", "exec cat /dev/zero >&2")), "said more than 65536 bytes");
  const Exchange much = delivered(gateways.shell("much", "head -c 10000000 /dev/zero; echo '{\"result\":\"sent\"}'"));
  faulty(much, "said more than 65536 bytes");
  assert_int_equal(much.came_back.size(), 65536);
}

void crashes_and_garbage_are_told(void**) {
  const Gateways gateways;
  faulty(delivered(gateways.shell("crash", "echo '{\"result\":\"approved\"}'; kill -SEGV $$")), "ended by signal 11");
  faulty(delivered(gateways.shell("status", "echo '{\"result\":\"approved\"}'; exit 1")), "ended with status 1");
  const Exchange complaint = delivered(gateways.shell("words", "printf 'one\\n\\033[31mno number\\n' >&2; exit 2"));
  assert_string_equal(complaint.fault.c_str(), "it ended with status 2: ?[31mno number");
  faulty(delivered(gateways.shell("silent", "exit 0")), "it is empty");
  faulty(delivered(gateways.shell("garbage", "head -c 1000 /dev/urandom")), "cannot be used");
  faulty(delivered(gateways.shell("other", "echo '{\"result\":\"approved\",\"id\":\"x\"}'")), "another request");
}

void forks_memory_and_time_are_bounded(void**) {
  const Gateways gateways;
  const Exchange memory = delivered(
      gateways.program("memory", "#!/usr/bin/python3 -I\nx = b'x' * (800 << 20)\nprint('{\"result\":\"sent\"}')\n"));
  faulty(memory, "ended with status 1");
  if (geteuid() != 0) return;  // as oneself, the number of processes is that of the whole person
  const Exchange bomb = delivered(gateways.program("bomb",
                                                   "#!/usr/bin/python3 -I\nimport os\nfor i in range(1000):\n"
                                                   "    if os.fork() == 0:\n        import signal; signal.pause()\n"));
  faulty(bomb, "ended with status 1");
}

void what_others_can_change_is_not_run(void**) {
  const Gateways gateways;
  const std::string sent = "#!/bin/sh\necho '{\"result\":\"sent\"}'\n";
  assert_true(delivered(gateways.program("good", sent)).reply.result == Delivered::sent);
  faulty(delivered(gateways.place + "/nothing"), "does not exist");
  faulty(delivered(gateways.program("open", sent, 0777)), "has mode 0777");
  faulty(delivered(gateways.program("group", sent, 0775)), "has mode 0775");
  faulty(delivered(gateways.program("plain", sent, 0644)), "is not executable");
  faulty(delivered("good"), "is not an absolute path");
  assert_int_equal(mkdir((gateways.place + "/directory").c_str(), 0755), 0);
  faulty(delivered(gateways.place + "/directory"), "is not a regular file");
  assert_int_equal(symlink("good", (gateways.place + "/link").c_str()), 0);
  faulty(delivered(gateways.place + "/link"), "is a symbolic link");
  faulty(delivered(gateways.program("format", "no program\n")), "cannot be started");
  faulty(delivered(gateways.program("interpreter", "#!/no/such/interpreter\n")), "cannot be started");
  assert_int_equal(chmod(gateways.place.c_str(), 0777), 0);
  faulty(delivered(gateways.place + "/good"), "has mode 0777");
  assert_int_equal(chmod(gateways.place.c_str(), 0755), 0);
  if (geteuid() != 0) return;
  assert_int_equal(chown((gateways.place + "/good").c_str(), 65534, 0), 0);
  faulty(delivered(gateways.place + "/good"), "is owned by uid 65534");
  GatewayRules root = rules_of(gateways.program("again", sent));
  root.user = "root";
  faulty(CommandGateway(root).deliver(request()), "does not run as root");
  root.user = "no-such-user";
  faulty(CommandGateway(root).deliver(request()), "there is no user no-such-user");
}

// Other children of the program, and how it treats SIGCHLD, are not touched.
void other_children_stay_ours(void**) {
  const Gateways gateways;
  const std::string path = gateways.program("sent", "#!/bin/sh\necho '{\"result\":\"sent\"}'\n");
  const pid_t child = fork();
  if (child == 0) _exit(7);
  assert_true(delivered(path).reply.result == Delivered::sent);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(WEXITSTATUS(status), 7);
  struct sigaction ignored {
  }, before{};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignored, &before);
  assert_true(delivered(path).reply.result == Delivered::sent);
  sigaction(SIGCHLD, &before, nullptr);
  std::vector<std::thread> threads;
  std::atomic<int> sent = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { sent += delivered(path).reply.result == Delivered::sent ? 1 : 0; });
  for (std::thread& each : threads) each.join();
  assert_int_equal(sent, 8);
  assert_int_equal(waitpid(-1, &status, WNOHANG), -1);  // no child is left
}

// Whoever started it is killed: the gateway ends as well.
void it_ends_with_us(void**) {
  const Gateways gateways;
  const std::string pids = gateways.shared("pids"), fifo = gateways.place + "/fifo";
  assert_int_equal(mkfifo(fifo.c_str(), 0666), 0);
  assert_int_equal(chmod(fifo.c_str(), 0666), 0);
  const std::string path =
      gateways.shell("hang", "echo $$ >" + pids + "\nexec 3>" + fifo + "\necho up >&3\nexec tail -f /dev/null");
  const pid_t starter = fork();
  if (starter == 0) {
    (void)delivered(path, 600);
    _exit(0);
  }
  const int reading = open(fifo.c_str(), O_RDONLY);
  char up[3];
  assert_int_equal(read(reading, up, 3), 3);
  assert_int_equal(kill(starter, SIGKILL), 0);
  assert_int_equal(waitpid(starter, nullptr, 0), starter);
  assert_int_equal(read(reading, up, 3), 0);  // its end of the fifo closes when the last of them has ended
  close(reading);
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::a_good_one_answers),
      cmocka_unit_test(utmfa::its_world_is_empty),
      cmocka_unit_test(utmfa::one_that_hangs_ends_in_time),
      cmocka_unit_test(utmfa::what_left_its_session_ends_too),
      cmocka_unit_test(utmfa::floods_are_cut_off),
      cmocka_unit_test(utmfa::crashes_and_garbage_are_told),
      cmocka_unit_test(utmfa::forks_memory_and_time_are_bounded),
      cmocka_unit_test(utmfa::what_others_can_change_is_not_run),
      cmocka_unit_test(utmfa::other_children_stay_ours),
      cmocka_unit_test(utmfa::it_ends_with_us),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

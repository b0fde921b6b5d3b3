// SPDX-License-Identifier: Apache-2.0
// Starting the nursery, and its loop: one request, one fork.
#include "nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <optional>

#include "channel.h"
#include "names.h"
#include "sandbox.h"
#include "sign_in_process.h"
#include "signin/words.h"
#include "vault/seal.h"

namespace utmfa {
namespace {

constexpr int channel_at = 3, root_at = 4, user_at = 5;
constexpr int most_gone = 16;  // in a row

// In the child, between fork and exec. Descriptors move up first, so that none is overwritten before it is placed.
void place_descriptors(int channel, int root, int user) {
  int high[3] = {channel, root, user};
  for (int& each : high)
    if (each >= 0 && (each = fcntl(each, F_DUPFD, 16)) < 0) _exit(1);
  for (int i = 0; i < 3; ++i)
    if (high[i] < 0)
      close(channel_at + i);
    else if (dup2(high[i], channel_at + i) < 0)
      _exit(1);
  close_range(user_at + 1, ~0U, 0);
}

// The log of the service, or root's terminal, is not for processes without rights; nor is the environment.
void forget_surroundings() {
  const int nowhere = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < channel_at; ++fd)
    if (nowhere < 0 || (nowhere != fd && dup2(nowhere, fd) < 0)) _exit(1);
}

std::string variable(const char* name) {
  const char* value = secure_getenv(name);
  return std::string(name) + "=" + (value == nullptr ? "" : value);
}

[[noreturn]] void become_nursery(const Settings& settings) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* const words[] = {
      "utmfad", "--nursery", "--config", settings.config.c_str(), "--locale-dir", settings.locale_dir.c_str(), nullptr};
  const std::string language = variable("LANG"), zone = variable("TZ");
  const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", language.c_str(),
                                     secure_getenv("TZ") == nullptr ? nullptr : zone.c_str(), nullptr};
  execve("/proc/self/exe", const_cast<char* const*>(words), const_cast<char* const*>(environment));
  _exit(1);
}

// Every module of the name service is loaded now: the filter lets no more code in.
void warm_names() {
  (void)getpwnam("utmfa-no-such-name");
  (void)getgrnam("utmfa-no-such-name");
  int count = 0;
  (void)getgrouplist("utmfa-no-such-name", 0, nullptr, &count);
}

// A piece of the heap that nobody gives back. Through a volatile pointer, or the compiler leaves out what nobody uses.
void keep(std::size_t size) {
  [[maybe_unused]] static void* volatile kept;
  kept = malloc(size);
}

// Takes every free piece of the heap, for good: what a sign-in process allocates then comes from the untouched end of it
// and not from holes in dozens of pages, each of which would have to be copied for it. First the pieces that malloc
// keeps at hand for each size (seven of each up to 1,032 bytes), then the holes, the largest first. Where malloc is
// another one (a sanitizer's), the numbers do not move and nothing more is taken.
void fill_heap() {
  for (std::size_t size = 1032; size >= 24; size -= 16)
    for (int i = 0; i < 7; ++i) keep(size);
  for (std::size_t size = 65536; size >= 24; size = size > 1032 ? size / 2 : size - 16)
    for (struct mallinfo2 before = mallinfo2(); before.fordblks - before.keepcost >= size;) {
      keep(size);
      const struct mallinfo2 after = mallinfo2();
      const bool from_the_end = after.keepcost < before.keepcost;  // no hole of this size is left
      if (from_the_end || after.fordblks >= before.fordblks) break;
      before = after;
    }
}

// Children that end leave nothing to reap: the broker sees it by their channels.
void forget_children() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  (void)sigaction(SIGCHLD, &ignored, nullptr);
}

struct Child {
  pid_t pid;
  Descriptor channel, handle;
};

class Nursery {
 public:
  Nursery(ConfigFile& config, const Seen& name_service) : config_(config), name_service_(name_service) {}

  int serve() {
    const wire::Writer ready("ready");
    if (!send_packet(channel_at, ready.frame(), {}, Wait::yes)) return 1;
    for (;;) {
      Result<Packet> packet = receive_packet(channel_at, Wait::yes);
      if (!packet) return packet.error().code == Code::not_found ? wait_for_all() : 1;
      const wire::Reader frame(packet->bytes);
      if (!frame.valid() || frame.verb() != "start") return 1;
      const std::string door(frame.text("door"));
      if (const Status started = start(door); !started) failed(door, started.error());
    }
  }

 private:
  // A process that cannot be had is no reason to end those that are there. One that was needed and has ended before it could be
  // handed over (somebody came and was gone) is no failure either.
  Status start(std::string_view door) {
    Result<std::optional<Child>> made = fork_one(door);
    for (int more = most_gone; made && !*made && more > 0; --more) made = fork_one(door);
    if (!made) return made.error();
    if (!*made) return Error{Code::unavailable, "nursery: whoever comes is gone at once"};
    wire::Writer frame("started");
    frame.text("door", door);
    frame.number("pid", static_cast<unsigned long>((*made)->pid));
    return send_packet(channel_at, frame.frame(), {(*made)->channel.get(), (*made)->handle.get()}, Wait::yes);
  }

  // Nothing: it has ended.
  Result<std::optional<Child>> fork_one(std::string_view door) {
    Result<ChannelPair> pair = make_channel();
    if (!pair) return pair.error();
    const pid_t self = getpid(), pid = fork();
    if (pid < 0) return os_error("nursery", "fork");
    if (pid == 0) {
      pair->broker = Descriptor();  // or its other end would never be seen to close, and could be tampered with
      child(door, self, std::move(pair->sign_in));
    }
    Descriptor handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!handle && errno == ESRCH) return std::optional<Child>();
    if (!handle) return os_error("nursery", "pidfd_open");
    return std::optional(Child{pid, std::move(pair->broker), std::move(handle)});
  }

  void failed(std::string_view door, const Error& why) {
    wire::Writer frame("failed");
    frame.text("door", door);
    frame.text("why", why.what);
    (void)send_packet(channel_at, frame.frame(), {}, Wait::yes);
  }

  [[noreturn]] void child(std::string_view door, pid_t self, Descriptor channel) {
    // Only the nursery's end would keep a broken channel open.
    close(channel_at);
    const int listening = door == "user" ? user_at : root_at;
    if (door != "session") close(listening == user_at ? root_at : user_at);
    if (door == "session")
      decide_one_sign_in({config_, name_service_, self, std::move(channel), {}, Descriptor(root_at)});
    decide_one_sign_in({config_, name_service_, self, std::move(channel), Descriptor(listening), {}});
  }

  int wait_for_all() {
    close(channel_at);  // all has been handed over
    close(root_at);
    close(user_at);
    while (wait(nullptr) > 0 || errno == EINTR) continue;
    return 0;
  }

  ConfigFile& config_;
  const Seen& name_service_;
};

}  // namespace

Result<NurseryStart> start_nursery(const Settings& settings, const Listening& listening, const Descriptor& connection) {
  Result<ChannelPair> pair = make_channel();
  if (!pair) return pair.error();
  const int root = connection ? connection.get() : listening.root.get();
  const pid_t broker = getpid(), pid = fork();
  if (pid < 0) return os_error("utmfad", "fork");
  if (pid == 0) {
    // Also while it gets ready; again when it leaves root, which makes the kernel forget this.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != broker) _exit(1);
    forget_surroundings();
    place_descriptors(pair->sign_in.get(), root, listening.user.get());
    become_nursery(settings);
  }
  return NurseryStart{std::move(pair->broker), pid};
}

int nursery(const Settings& settings) {
  ConfigFile config(settings.config);
  // The broker, which read it a moment ago, says what is wrong with it.
  if (Status loaded = config.load(); !loaded) return 1;
  const Result<SandboxUser> user = sandbox_user(settings.user);
  if (!user) return 1;
  (void)prctl(PR_SET_NAME, "utmfad");  // not "exe", which is what it was started as
  open_catalogues(settings.locale_dir);
  tzset();
  // No lists of small pieces that are merged all at once, touching every page of the heap, when a large one is wanted.
  (void)mallopt(M_MXFAST, 0);
  warm_vault();
  const Seen name_service(name_service_file);
  warm_names();
  forget_children();
  if (Status left = leave_root(*user); !left) return 1;
  fill_heap();
  return Nursery(config, name_service).serve();
}

}  // namespace utmfa

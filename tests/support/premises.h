// SPDX-License-Identifier: Apache-2.0
// A data directory and a key ring of their own in a temporary place, removed at the end: what tests of vault/ and
// setup/ work on. Also the smallest faults that a kernel can be asked for: a system call that fails,
// in a process of its own.
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "setup/setup.h"

#include "support/check.h"

namespace utmfa::test {

class SetClock final : public Clock {
 public:
  Time now() override { return time; }
  Time time = 1'800'000'000;
};

// What the body answered in a process of its own, whose limits, filters and user end with it; 128 = it was killed.
inline int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

inline std::string made_place(const std::string& below) {
  std::string path = below + "/utmfa-test-XXXXXX";
  assert_non_null(mkdtemp(path.data()));
  return path;
}

// Memory where there is some: these tests are about what is written, not about how fast a disk syncs.
inline std::string quick_place() { return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; }

struct Premises {
  explicit Premises(const std::string& below = quick_place()) : place(made_place(below)) {
    directories = {place + "/data", place + "/keys"};
    for (const std::string& each : {directories.data, directories.keys, directories.methods(), directories.state()})
      assert_int_equal(mkdir(each.c_str(), 0700), 0);
    new_key();
    registry.emplace(directories, *ring, clock, random);
  }
  ~Premises() { std::filesystem::remove_all(place); }
  Premises(const Premises&) = delete;
  Premises& operator=(const Premises&) = delete;

  // Makes and activates one more key; records made before stay readable.
  void new_key() {
    const Result<std::string> id = make_key(directories.keys, random);
    assert_true(static_cast<bool>(id));
    assert_true(static_cast<bool>(activate_key(directories.keys, *id)));
    Result<KeyRing> opened = KeyRing::open(directories.keys);
    assert_true(static_cast<bool>(opened));
    if (ring)
      *ring = std::move(*opened);
    else
      ring.emplace(std::move(*opened));
  }

  // A confirmed and tested method for this person; what a person is shown of it, or the seed.
  std::vector<std::string> enrol(const std::string& user, const std::string& kind) {
    Result<Made> made = factor_for(kind)->make({}, random, clock.time);
    assert_true(static_cast<bool>(made));
    std::vector<std::string> shown = made->shown;
    if (shown.empty()) shown.emplace_back(made->secrets.begin()->second.view());
    const Status done = registry->change(user, [&](Registered& registered) -> Status {
      const Result<std::string> id = add_method(registered, std::move(*made), ring->keys_for(user), random, clock.time);
      if (!id) return id.error();
      if (Status confirmed = confirm_method(registered, *id); !confirmed) return confirmed;
      return mark_tested(registered, *id, clock.time);
    });
    if (!done) print_error("%s\n", done.error().what.c_str());
    assert_true(static_cast<bool>(done));
    return shown;
  }

  std::string state_path(const std::string& user) const { return directories.state() + "/" + user; }
  std::string methods_path(const std::string& user) const { return directories.methods() + "/" + user + ".yaml"; }

  std::string place;
  Directories directories;
  SetClock clock;
  SystemRandom random;
  std::optional<KeyRing> ring;
  std::optional<Registry> registry;
};

// From now on this system call fails in this process; there is no way back.
inline void forbid(unsigned call, int error) {
  sock_filter program[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                           {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)},
                           {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog filter{sizeof program / sizeof *program, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    _exit(99);
}

}  // namespace utmfa::test

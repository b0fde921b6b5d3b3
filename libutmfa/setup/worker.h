// SPDX-License-Identifier: Apache-2.0
// One thread beside the caller's, which does what it is given in that order. After the first Error nothing more is done,
// and that Error is what everybody hears who waits. Used by Batch, so that the disk and the next people go on together.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace utmfa {

class Worker {
 public:
  using Job = std::function<Status()>;
  using Ticket = std::uint64_t;

  Worker() : thread_([this] { run(); }) {}
  ~Worker();  // does what is left first
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Ticket give(Job job);
  // Until this job, and so every earlier one, is over.
  Status wait(Ticket ticket);

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  Ticket given_ = 0, over_ = 0;
  Status status_ = Done{};
  bool ended_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace utmfa

// SPDX-License-Identifier: Apache-2.0
#include "setup/worker.h"

namespace utmfa {

Worker::~Worker() {
  {
    const std::lock_guard<std::mutex> held(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Worker::Ticket Worker::give(Job job) {
  Ticket ticket = 0;
  {
    const std::lock_guard<std::mutex> held(mutex_);
    jobs_.push_back(std::move(job));
    ticket = ++given_;
  }
  changed_.notify_all();
  return ticket;
}

Status Worker::wait(Ticket ticket) {
  std::unique_lock<std::mutex> held(mutex_);
  changed_.wait(held, [&] { return over_ >= ticket; });
  return status_;
}

void Worker::run() {
  std::unique_lock<std::mutex> held(mutex_);
  for (;;) {
    changed_.wait(held, [&] { return ended_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (status_) {
      held.unlock();
      Status done = job();
      held.lock();
      if (!done) status_ = std::move(done);
    }
    ++over_;
    changed_.notify_all();
  }
}

}  // namespace utmfa

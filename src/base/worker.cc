#include "base/worker.h"

#include <utility>

#include "base/signals.h"

namespace ctwin {

Worker::~Worker() {
  if (!thread_.joinable()) return;
  wait();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::start(std::function<void()> job) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !next_; });
    next_ = std::move(job);
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  const SignalsForCaller signals;
  thread_ = std::thread([this] { run(); });
}

void Worker::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_ && !next_; });
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return over_ || next_; });
    if (!next_) return;
    const std::function<void()> job = std::exchange(next_, nullptr);
    busy_ = true;
    lock.unlock();
    changed_.notify_all();
    job();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

bool several_processors() {
  static const bool kSeveral = std::thread::hardware_concurrency() > 1;
  return kSeveral;
}

}  // namespace ctwin

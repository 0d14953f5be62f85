// One thread beside the caller's, for work that can go on meanwhile.
//
// It is started with the first job and does one at a time; another may wait meanwhile, so that it
// is never idle for want of the caller. Whatever jobs touch is the thread's own until `wait` has
// answered.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ctwin {

class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Waits until nothing is left to do.
  ~Worker();

  /// Hands over a job, once the one before has been begun.
  void start(std::function<void()> job);

  /// Waits until nothing is left to do.
  void wait();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> next_;  ///< empty: none waits
  bool busy_ = false;
  bool over_ = false;
  std::thread thread_;
};

/// Whether a second thread does any good on this machine.
bool several_processors();

}  // namespace ctwin

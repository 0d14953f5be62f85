// One thread beside the caller's, for work that can go on meanwhile.
//
// It does one job at a time, is started with the first, and waits for nothing between two of them
// but the next. Whatever a job touches is the thread's own until `wait` has answered.
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
  /// Waits for the job that is being done.
  ~Worker();

  /// Hands over a job. The one before has been waited for.
  void start(std::function<void()> job);

  /// Waits until nothing is left to do.
  void wait();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;  ///< empty: nothing to do
  bool over_ = false;
  std::thread thread_;
};

/// Whether a second thread does any good on this machine.
bool several_processors();

}  // namespace ctwin

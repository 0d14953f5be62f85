#include "base/worker.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace ctwin;

TEST_CASE("a worker does its jobs one after the other, in a thread that is not the caller's") {
  Worker worker;
  std::vector<int> done;
  std::thread::id where[2];
  for (int job = 0; job < 2; ++job) {
    worker.start([&, job] {
      done.push_back(job);
      where[job] = std::this_thread::get_id();
    });
    worker.wait();
    CHECK(done.size() == static_cast<size_t>(job) + 1);
  }
  CHECK(where[0] == where[1]);
  CHECK(where[0] != std::this_thread::get_id());
}

TEST_CASE("one job may wait while another is done, and begins when that ends") {
  Worker worker;
  std::atomic<bool> go = false;
  std::vector<int> done;
  worker.start([&] {
    go.wait(false);
    done.push_back(1);
  });
  worker.start([&] { done.push_back(2); });  // answers though the first is not done
  go = true;
  go.notify_one();
  worker.start([&] { done.push_back(3); });
  worker.wait();
  CHECK(done == std::vector{1, 2, 3});
}

TEST_CASE("a worker without a job keeps nobody waiting") {
  Worker worker;
  worker.wait();
}

TEST_CASE("a worker that ends has done its job") {
  bool done = false;
  {
    Worker worker;
    worker.start([&] { done = true; });
  }
  CHECK(done);
}

TEST_CASE("signals are not the worker's") {
  Worker worker;
  sigset_t blocked;
  worker.start([&] { pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  worker.wait();
  CHECK(sigismember(&blocked, SIGINT) == 1);
  CHECK(sigismember(&blocked, SIGTERM) == 1);
}

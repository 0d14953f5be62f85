#include "base/worker.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <thread>

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

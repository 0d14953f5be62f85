#include "cli/stats_watch.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/posix.h"
#include "base/signals.h"
#include "cli/counters.h"
#include "cli/print_formats.h"
#include "cli/progress.h"

namespace ctwin::cli {

namespace {

class StatsWatch {
 public:
  StatsWatch(Session& session, const Arguments& arguments, ctnetlink::Client& client)
      : session_(session),
        arguments_(arguments),
        client_(client),
        interval_(uint64_t{arguments.questions.watch} * 1'000'000) {}

  int run() {
    Status status = take(first_);
    last_ = first_;
    if (status.ok()) status = client_.backend().fd() >= 0 ? follow_clock() : follow_packets();
    if (!status) return session_.operation_failed(status.error(), arguments_);
    if (arguments_.questions.explain)
      explain_counters(growth(first_, last_), session_.output.buffer());
    return 0;
  }

 private:
  using Counters = std::vector<CpuCounters>;

  Status take(Counters& counters) {
    auto read = read_counters(client_, arguments_.table == Table::kExpect);
    if (!read) return read.error();
    counters = std::move(*read);
    return {};
  }

  /// Prints what has grown since the last time.
  void print(Counters now) {
    fmt::memory_buffer& out = session_.output.buffer();
    const uint64_t time = session_.now();
    for (const CpuCounters& cpu : growth(last_, now)) {
      fmt::format_to(fmt::appender(out), "[{}.{:06}]\t", time / kNanosecondsPerSecond,
                     time % kNanosecondsPerSecond / 1000);
      print_counters(cpu, out);
    }
    session_.output.flush();
    last_ = std::move(now);
  }

  Status follow_clock() {
    for (uint64_t due = monotonic_clock_ns() + interval_; wait_until(due); due += interval_) {
      Counters now;
      if (Status status = take(now); !status) return status;
      print(std::move(now));
    }
    return {};
  }

  /// False when the watch is over.
  bool wait_until(uint64_t due) {
    const HeldSignals held;
    pollfd reader{STDOUT_FILENO, 0, 0};
    while (!session_.is_over()) {
      const uint64_t now = monotonic_clock_ns();
      if (now >= due) return true;
      const timespec timeout = timespec_of(due - now);
      (void)ppoll(&reader, 1, &timeout, &held.before());
      if ((reader.revents & (POLLERR | POLLHUP)) != 0) return false;
    }
    return false;
  }

  /// The first packet behind the end of an interval ends it.
  Status follow_packets() {
    uint64_t due = 0;
    Counters now = last_;
    while (step_feed(session_)) {
      if (Status status = take(now); !status) return status;
      const uint64_t time = session_.now();
      if (due == 0) due = time + interval_;
      if (time < due) continue;
      print(now);
      due += (time - due) / interval_ * interval_ + interval_;
    }
    print(std::move(now));
    return {};
  }

  Session& session_;
  const Arguments& arguments_;
  ctnetlink::Client& client_;
  const uint64_t interval_;  ///< ns
  Counters first_, last_;
};

}  // namespace

int watch_stats(Session& session, const Arguments& arguments) {
  auto client = session.client();
  if (!client) return session.operation_failed(client.error(), arguments);
  const Feed* feed = session.feed();
  const bool packets_come = feed && !feed->is_endless();
  if ((*client)->backend().fd() < 0 && !packets_come)
    return session.messages.report(
        {kUsageProblem,
         "--watch follows the kernel, captures (--pcap), or an engine that is served: ask that one "
         "with --backend unix:PATH"});
  return StatsWatch(session, arguments, **client).run();
}

}  // namespace ctwin::cli

// What the benches of the command line share: programs run and measured, the kernel's global limits
// raised for as long as the bench lives.
#pragma once

#include <sys/resource.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "namespace.h"

namespace ctwin::bench {

/// SIGINT or SIGTERM came; set by `heed_signals`.
extern volatile int interrupted;
void heed_signals();

/// Says why on standard error and exits with 1. Static objects are destroyed.
[[noreturn]] void give_up(const std::string& why);

/// Where the values of the command line's options go, by their names. What else stands there, or
/// has no value, is given up on.
using Options = std::map<std::string, std::variant<unsigned*, std::string*>>;
void read_options(int argc, char** argv, const Options& options);

double seconds_now();
/// User and system time.
double cpu_time(const rusage& usage);

/// What one run came to.
struct Sample {
  double seconds = 0;
  double cpu_seconds = 0;
  long peak_kib = 0;
  int exit_code = 0;
  std::string errors;  ///< the beginning of what was said on standard error
};

/// Runs a program to its end; its output goes to `output`, a path. Time is from before the fork to
/// behind the wait. This process must be small: its own memory counts until the exec.
Sample run_program(const test::NetworkNamespace& where, const std::string& path,
                   const std::vector<std::string>& words, const char* output = "/dev/null");

/// The most memory that a running program has had resident, in KiB.
long peak_of(pid_t pid);

/// The number in a summary such as "… 12 flow entries have been shown."
unsigned long counted(const std::string& errors);

/// nf_conntrack_max and the number of buckets, at least as high as asked for while this lives. A
/// process of its own watches over them, and puts them back also when this one is killed.
class RoomForEntries {
 public:
  explicit RoomForEntries(unsigned long entries);
  RoomForEntries(const RoomForEntries&) = delete;
  RoomForEntries& operator=(const RoomForEntries&) = delete;
  ~RoomForEntries();

 private:
  UniqueFd lifeline_;  ///< the watcher acts when it is closed
  pid_t watcher_ = 0;
};

/// The rest of a main: Bench(settings, namespace, folder).run() with room for `settings.entries`.
template <typename Bench, typename Settings>
int run_bench(const Settings& settings) {
  if (settings.entries == 0 || settings.entries > 10'000'000 || settings.rounds == 0)
    give_up("--entries is 1 to 10000000, --rounds at least 1");
  Result<test::NetworkNamespace> where = test::NetworkNamespace::create();
  if (!where) give_up(where.error().text);
  char folder[] = "/tmp/ctwin-bench-XXXXXX";
  if (!mkdtemp(folder)) give_up("cannot make a folder under /tmp");
  heed_signals();
  // Static, so that giving up puts back what they have changed.
  static const RoomForEntries room(settings.entries + settings.entries / 4);
  static Bench bench(settings, std::move(*where), folder);
  bench.run();
  return interrupted ? 1 : 0;
}

}  // namespace ctwin::bench

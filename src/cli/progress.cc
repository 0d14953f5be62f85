#include "cli/progress.h"

#include <unistd.h>

#include "base/posix.h"

namespace ctwin::cli {

namespace {

constexpr uint64_t kInterval = 200'000'000;  // ns between two lines

/// The line that tells how far a long run has come. It is overwritten, and wiped at the end.
class ProgressLine {
 public:
  void show(const Feed::Progress& progress) {
    const uint64_t now = wall_clock_ns();
    if (begun_ == 0) begun_ = shown_ = now;
    if (now - shown_ < kInterval) return;
    shown_ = now;
    const double seconds = static_cast<double>(now - begun_) * 1e-9;
    std::string line = fmt::format("\r{} packets", progress.packets);
    if (progress.total_bytes != 0)
      line += fmt::format("  {}%", progress.bytes * 100 / progress.total_bytes);
    line += fmt::format("  {:.0f}/s  {} entries\x1b[K",
                        static_cast<double>(progress.packets) / seconds, progress.entries);
    write(line);
    visible_ = true;
  }

  void wipe() {
    if (visible_) write("\r\x1b[K");
    visible_ = false;
  }

 private:
  static void write(std::string_view text) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody looks any more
  }

  uint64_t begun_ = 0;
  uint64_t shown_ = 0;
  bool visible_ = false;
};

ProgressLine& progress_line() {
  static ProgressLine line;
  return line;
}

bool on_terminal() {
  static const bool kTerminal = isatty(STDERR_FILENO) == 1;
  return kTerminal;
}

}  // namespace

bool step_feed(Session& session) {
  Feed* feed = session.feed();
  if (!feed || session.is_over()) return false;
  const bool more = feed->step();
  session.output.end_line();
  if (on_terminal() && !feed->is_endless())
    more ? progress_line().show(feed->progress()) : progress_line().wipe();
  return more;
}

void run_feed(Session& session) {
  while (step_feed(session)) {
  }
  // The signal that ends an endless feed has done its work: the command behind it is another one's.
  if (session.feed() && session.feed()->is_endless()) stop_signal = 0;
}

int finish_feed(Session& session) {
  if (!session.feed()) return 0;
  const Status status = session.feed()->status();
  if (status.ok()) return 0;
  return session.messages.report({kOtherProblem, status.error().text});
}

}  // namespace ctwin::cli

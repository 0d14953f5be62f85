// Where text goes: data to standard output, buffered and checked; words for people to standard
// error, behind the program's prefix, and only after the data that came before them.
#pragma once

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_table.h"
#include "cli/values.h"

namespace ctwin::cli {

/// The name that the program goes by. Called as conntrack it introduces itself as conntrack does.
struct Program {
  explicit Program(std::string_view argv0);

  std::string path;     ///< argv[0]
  std::string name;     ///< "ctwin" or "conntrack"
  std::string version;  ///< the line that -V prints
  std::string prefix;   ///< in front of every message
};

/// Standard output. A write that fails is remembered; a reader that went away (EPIPE) is no error,
/// but there is no one to print for any more.
class Output {
 public:
  fmt::memory_buffer& buffer() { return buffer_; }

  /// Writes the buffer out when it has grown large; call it behind every line.
  void end_line() {
    if (buffer_.size() >= kFlushBytes) flush();
  }
  void flush();

  /// Keeps everything back from now on – until `release`, or for ever: what is printed of a change
  /// is printed when the change is sure to last.
  void hold() { held_ = true; }
  /// Text for standard error that comes behind what was printed so far.
  void write_error(std::string_view text);
  /// Writes what was kept back, in its order.
  void release();
  void discard() { buffer_.clear(), errors_.clear(), held_ = false; }

  /// Nobody reads what is written here.
  bool closed() const { return error_ != 0; }
  /// errno of a failed write other than EPIPE, else 0.
  int error() const;

 private:
  static constexpr size_t kFlushBytes = 1 << 16;
  struct HeldError {
    size_t behind;  ///< bytes of the buffer
    std::string text;
  };
  void write_out(std::string_view text);

  fmt::memory_buffer buffer_;
  std::vector<HeldError> errors_;
  bool held_ = false;
  int error_ = 0;
};

/// Prints messages; flushes `output` first, so that both streams on one pipe stay in order.
class Messages {
 public:
  Messages(const Program& program, Output& output) : program_(program), output_(output) {}

  /// PREFIX text
  void say(std::string_view text);
  /// `text` as it is.
  void raw(std::string_view text);
  /// The problem's text, with the hint at --help behind a usage problem. Returns its exit code.
  int report(const Problem& problem);

 private:
  const Program& program_;
  Output& output_;
};

/// The signal that asked the program to end, 0 while none has. SIGINT and SIGTERM are caught
/// without restarting system calls, SIGPIPE is ignored.
extern volatile std::sig_atomic_t stop_signal;
void catch_signals();

/// Ends the program after this time as SIGINT would, by SIGALRM. 0 is no end.
void stop_after(uint32_t milliseconds);

/// SIGHUP, in the same way: not 0 when it has come. Until this is called it ends the program.
extern volatile std::sig_atomic_t reload_signal;
void catch_reload();

/// What conntrack says of an errno for this command ("Operation failed: …" stands before it).
std::string explain_errno(int code, Command command, Table table);

}  // namespace ctwin::cli

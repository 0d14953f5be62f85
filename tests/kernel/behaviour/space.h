// What the tests of behaviour share: a network namespace that tracks connections, ctwin inside it,
// and ways to hold it up in the middle of its work.
//
// Nothing sleeps here. A wait is for something that can be looked up, and fails the test when it
// has not come after a generous while.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "namespace.h"
#include "table.h"

namespace ctwin::test {

constexpr int kLimitMs = 60'000;

/// Makes the folder of this run, and an /etc that only this process and its children see.
Status prepare_folder();
void remove_folder();
/// A path in that folder.
std::string file_path(std::string_view name);
/// Writes a file there and returns its path.
std::string write_file(std::string_view name, std::string_view text);

/// $CTWIN, else the program that was built along with the test.
std::string ctwin_path();
/// What stands in front of its messages.
const std::string& prefix();

std::vector<std::string> lines_of(const std::string& text);

template <typename Condition>
bool comes_true(const Condition& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (!condition())
    if (std::chrono::steady_clock::now() > limit) return false;
  return true;
}

class Space {
 public:
  Space();

  const NetworkNamespace& where() const { return where_; }
  Table& table() { return table_; }
  /// The entries, sorted by name.
  std::vector<Entry> entries();
  /// Entry::text of each.
  std::vector<std::string> texts();

  Ended ctwin(std::vector<std::string> words, std::string input = {}) const;
  Child start(std::vector<std::string> words, std::string input = {}) const;
  /// `script` finds the program's path in $0.
  Child start_shell(std::string script) const;
  Ended shell(std::string script) const;

  /// Carries out a file's lines, which must succeed.
  void load(std::string_view lines) const;
  /// Starts -E with these words and returns when it is subscribed.
  Child watch(std::vector<std::string> words) const;

 private:
  NetworkNamespace where_;
  Table table_;
};

/// Waits until a watcher has printed all that has happened so far.
void let_it_catch_up(const Child& watcher);
/// Ends a watcher by a signal; all that has happened before is in its output.
Ended stop(Child& watcher, int signal);

/// The socket on which a program listens to netlink groups, as a descriptor of ours.
UniqueFd event_socket(const Child& child);
/// What getsockopt says of its SO_RCVBUF.
int receive_buffer(const UniqueFd& socket);

/// The child sits in this system call.
bool sits_in(pid_t pid, long system_call);
/// Stops a program where it is, until SIGCONT.
void suspend(const Child& child);

/// Standard output for one program, a pipe that takes little and is read when the test wants to.
class SlowReader {
 public:
  SlowReader();
  ~SlowReader();

  /// Redirect to this path.
  const std::string& path() const { return path_; }
  /// The next bytes, as many as there are.
  std::string read_some() const;
  /// Everything that `child` writes until it ends.
  std::string read_to_end(const Child& child) const;
  /// Nobody reads any more.
  void go_away() { fd_ = UniqueFd(); }

 private:
  std::string path_;
  UniqueFd fd_;
};

/// "-I …", or another command, for the UDP flow number `number`.
std::string udp_line(std::string_view command, unsigned number, std::string_view more = {});
/// Part of the line that -L and -E print for it.
std::string udp_tuple(unsigned number);

}  // namespace ctwin::test

// Thin wrappers over system calls, each with an error that names its object.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

#include "ctwin/result.h"

namespace ctwin {

/// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// The whole of a small file, such as those under /proc.
Result<std::string> read_file(const std::string& path);

/// Moves the calling thread into a network namespace: a name under /run/netns, a process id, or a
/// path (anything with a slash). A name of digits alone is taken as a process id.
Status enter_network_namespace(const std::string& target);

/// Wall clock, ns since the epoch.
uint64_t wall_clock_ns();
/// A clock that nobody sets, ns since a time of its own.
uint64_t monotonic_clock_ns();
/// As system calls want it.
timespec timespec_of(uint64_t ns);

}  // namespace ctwin

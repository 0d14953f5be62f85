#include "base/posix.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace ctwin {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

uint64_t clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

Result<std::string> read_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return Error{errno, "cannot open " + path + ": " + std::strerror(errno)};
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(fd.get(), buffer, sizeof buffer);
    if (size == 0) return text;
    if (size > 0)
      text.append(buffer, static_cast<size_t>(size));
    else if (errno != EINTR)
      return Error{errno, "cannot read " + path + ": " + std::strerror(errno)};
  }
}

Status enter_network_namespace(const std::string& target) {
  std::string path = target;
  if (target.find('/') == std::string::npos) {
    const bool digits = target.find_first_not_of("0123456789") == std::string::npos;
    path = digits ? "/proc/" + target + "/ns/net" : "/run/netns/" + target;
  }
  const auto failed = [&](const char* what) {
    const bool refused = errno == EPERM || errno == EACCES;
    return Error{errno, std::string(what) + " network namespace '" + target + "' (" + path +
                            "): " + std::strerror(errno) +
                            (refused ? "; it takes root, or CAP_SYS_ADMIN and CAP_NET_ADMIN" : "")};
  };
  if (target.empty()) return Error{EINVAL, "the name of the network namespace is empty"};
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return failed("cannot open");
  if (setns(fd.get(), CLONE_NEWNET) < 0) return failed("cannot enter");
  return {};
}

uint64_t wall_clock_ns() { return clock_ns(CLOCK_REALTIME); }

uint64_t monotonic_clock_ns() { return clock_ns(CLOCK_MONOTONIC); }

timespec timespec_of(uint64_t ns) {
  return {static_cast<time_t>(ns / kNsPerSecond), static_cast<long>(ns % kNsPerSecond)};
}

}  // namespace ctwin

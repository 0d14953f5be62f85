// The clock of an engine that lives.
#pragma once

#include <cstdint>

#include "base/posix.h"

namespace ctwin::live {

/// Begins at a given time, and nobody sets it back: time goes on evenly.
class Clock {
 public:
  explicit Clock(uint64_t now_ns) : ahead_(now_ns - monotonic_clock_ns()) {}

  /// ns since the epoch.
  uint64_t now_ns() const { return monotonic_clock_ns() + ahead_; }

  /// Goes on from `time_ns`, unless it is later already.
  void at_least(uint64_t time_ns) {
    const uint64_t monotonic = monotonic_clock_ns();
    if (time_ns > monotonic + ahead_) ahead_ = time_ns - monotonic;
  }

 private:
  uint64_t ahead_;  ///< of the monotonic clock, modulo 2^64
};

}  // namespace ctwin::live

// The kernel's jiffy, in which it counts the seconds of its entries.
//
// A program of two BPF instructions reads it exactly. Where BPF is not permitted the coarse clock,
// which moves with the tick, stands in; then nobody knows which jiffy a packet fell into, and
// `exact` says so.
#pragma once

#include <cstdint>

#include "kernel/namespace.h"

namespace ctwin::test {

constexpr uint64_t kJiffyNs = 4'000'000;  ///< HZ=250

class Jiffies {
 public:
  Jiffies();

  bool exact() const { return program_.get() >= 0; }

  /// Now, as ns since the epoch rounded so that every jiffy is one multiple of kJiffyNs.
  uint64_t now();

  /// Returns when the next tick is not near: what is quickly done then falls into one jiffy.
  void avoid_tick();

 private:
  uint64_t read();

  UniqueFd program_;
  uint64_t first_jiffy_ = 0;
  uint64_t first_time_ = 0;  ///< ns since the epoch, of first_jiffy_
  uint64_t tick_seen_ = 0;   ///< monotonic ns of a tick that was waited for
};

}  // namespace ctwin::test

// The engine's one source of randomness: SplitMix64, seeded and repeatable.
#pragma once

#include <cstdint>

namespace ctwin {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Where it stands: Random(state()) goes on with the same numbers.
  uint64_t state() const { return state_; }

  /// Evenly distributed in [0, bound); bound is not 0.
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t state_;
};

}  // namespace ctwin

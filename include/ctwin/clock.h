// What time it is: the wall's, or that of the packets an engine is fed.
#pragma once

#include <cstdint>

namespace ctwin {

class Clock {
 public:
  virtual ~Clock() = default;
  /// ns since the epoch.
  virtual uint64_t now_ns() const = 0;
};

}  // namespace ctwin

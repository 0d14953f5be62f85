// Packets on their way into an engine, a few at a time, so that events can be read while they pass.
#pragma once

#include <cstdint>

#include "ctwin/result.h"

namespace ctwin {

class Feed {
 public:
  virtual ~Feed() = default;

  struct Progress {
    uint64_t packets = 0;
    uint64_t bytes = 0;        ///< read of the captures
    uint64_t total_bytes = 0;  ///< 0 when that is not known
    uint64_t entries = 0;      ///< in the table now
  };

  /// Lets the next packets pass; false when there are none left.
  virtual bool step() = 0;
  /// True when packets come for as long as nobody ends it.
  virtual bool is_endless() const { return false; }
  virtual Progress progress() const = 0;
  /// What was wrong with the captures, if anything: what was read before still counts.
  virtual Status status() const = 0;
};

}  // namespace ctwin

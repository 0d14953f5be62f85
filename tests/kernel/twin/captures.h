// Captures as sequences: the packets of a file, in their order, as if a router between the two ends
// had seen them. Whoever spoke first of two addresses is on the left.
#pragma once

#include "sequence.h"

namespace ctwin::test {

struct CaptureSequences {
  std::vector<Sequence> sequences;
  size_t left_out = 0;  ///< packets that no router would forward, or that were not captured whole
};

/// The files of a folder that are captures, cut into sequences of at most `packets` packets.
Result<CaptureSequences> read_captures(const std::string& folder, size_t packets);

}  // namespace ctwin::test

// What is known of the checksums of captured packets.
#pragma once

#include <cstdint>

#include "io/capture_reader.h"
#include "packet/packet.h"

namespace ctwin::io {

/// What to think of transport checksums.
enum class Checksums : uint8_t {
  kAuto,    ///< unfinished ones, as offloading leaves them in captures, are right; others are
            ///< verified
  kVerify,  ///< all are verified
  kIgnore,  ///< all are right
};

class ChecksumJudge {
 public:
  explicit ChecksumJudge(Checksums checksums) : checksums_(checksums) {}

  packet::ChecksumState judge(const CapturedPacket& captured);

  /// Packets whose checksum was unfinished, or that were merged from several.
  uint64_t offloaded() const { return offloaded_; }

 private:
  Checksums checksums_;
  uint64_t offloaded_ = 0;
};

}  // namespace ctwin::io

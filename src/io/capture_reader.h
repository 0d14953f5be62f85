// Captures as a stream of network-layer packets: classic pcap and pcapng, from a file or a pipe, in
// constant memory.
//
// The link layer is taken off here: Ethernet with VLAN and QinQ tags, PPPoE sessions, Linux cooked
// v1 and v2, raw IP, null and loop. Frames that carry neither IPv4 nor IPv6 are counted and passed
// over.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/posix.h"
#include "ctwin/result.h"

namespace ctwin::io {

enum class PacketDirection : uint8_t { kUnknown, kInbound, kOutbound };

/// One packet. The bytes are valid until the reader is asked for more.
struct CapturedPacket {
  std::span<const uint8_t> bytes;     ///< from the IP header on, as captured; may be cut
  std::span<const uint8_t> ethernet;  ///< the Ethernet header in front, where there is one
  uint32_t wire_length = 0;           ///< bytes from the IP header on, before the cut
  uint64_t time = 0;                  ///< ns since the epoch
  uint32_t interface = 0;             ///< index into `interfaces`
  PacketDirection direction = PacketDirection::kUnknown;
  bool checksum_not_ready = false;  ///< pcapng's flag for partial checksums
  uint16_t segment_size = 0;        ///< as engine::RawPacket has it, from live devices
  uint16_t vlan = 0;                ///< innermost tag's id, 0 for none
};

struct CaptureCounts {
  uint64_t packets = 0;     ///< frames read
  uint64_t not_ip = 0;      ///< of these, passed over
  uint64_t bytes_read = 0;  ///< of the file
  uint64_t file_size = 0;   ///< 0 when it is not known (a pipe)
};

class CaptureReader {
 public:
  /// Opens a file, "-" being standard input. Fails when it cannot be opened, is no capture, or has
  /// a link type that nothing is known of.
  static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);
  /// Reads what is open already; messages call it `name`.
  static Result<std::unique_ptr<CaptureReader>> open(UniqueFd fd, const std::string& name);
  virtual ~CaptureReader() = default;

  /// The next packets that are IP, at least one and at most `packets.size()`; 0 at the end. At
  /// damage (a record that is cut short, a length that cannot be) the packets end too, and `damage`
  /// says so in one line that names file and offset; what was read before still counts.
  virtual size_t read(std::span<CapturedPacket> packets) = 0;
  /// From now on `read` does not wait for a writer. It is 0 also when nothing is there yet, and
  /// `waits_for` is then the descriptor from which more will come, else -1.
  virtual void do_not_wait() = 0;
  virtual int waits_for() const = 0;
  bool next(CapturedPacket& packet) { return read({&packet, 1}) == 1; }

  /// Names of interfaces seen so far; unnamed ones are "if0", "if1", … Classic files have one,
  /// unless each packet of theirs tells its own (Linux cooked v2).
  virtual const std::vector<std::string>& interfaces() const = 0;
  virtual const std::optional<Error>& damage() const = 0;
  virtual const CaptureCounts& counts() const = 0;
};

}  // namespace ctwin::io

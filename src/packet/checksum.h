// Internet checksums (RFC 1071) and SCTP's CRC32c.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "packet/packet.h"

namespace ctwin::packet {

/// The one's complement sum of `bytes`, as 16-bit words in network order, added to `sum`, not
/// folded. A piece of odd length is padded with a zero byte, so only the last one may be odd.
uint64_t add_checksum(std::span<const uint8_t> bytes, uint64_t sum);
/// The checksum field that goes with an unfolded sum: folded and complemented, host order.
uint16_t fold_checksum(uint64_t sum);

/// Brings a checksum up to date with words of what it covers (RFC 1624, 3), which are given as they
/// stand in memory: a one's complement sum does not mind the order of their bytes.
class ChecksumUpdate {
 public:
  explicit ChecksumUpdate(uint8_t* field) : field_(field) {
    uint16_t before;
    std::memcpy(&before, field, sizeof before);
    sum_ = ~uint32_t{before};
  }

  void replace(uint32_t from, uint32_t to) { sum_ += uint64_t{~from} + to; }
  /// `size` is a multiple of four.
  void replace(const uint8_t* from, const uint8_t* to, size_t size) {
    for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
      uint32_t words[2];
      std::memcpy(&words[0], from + i, sizeof words[0]);
      std::memcpy(&words[1], to + i, sizeof words[1]);
      replace(words[0], words[1]);
    }
  }
  void finish() { store(value()); }
  /// For UDP, where a field of zero means that there is no checksum.
  void finish_never_zero() { store(value() == 0 ? UINT16_MAX : value()); }

 private:
  uint16_t value() const {
    uint64_t sum = (sum_ & UINT32_MAX) + (sum_ >> 32);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
  }
  void store(uint16_t value) { std::memcpy(field_, &value, sizeof value); }

  uint8_t* field_;
  uint64_t sum_;
};

/// Is the transport checksum right? Computed over the IP payload length with a pseudo header of
/// protocol `proto` (nf_checksum). A packet that was not captured whole counts as right, and so
/// does one whose `checksum` says that it need not be asked.
bool transport_checksum_ok(const Packet& packet, uint8_t proto);
/// The same without a pseudo header (ICMPv4).
bool plain_checksum_ok(const Packet& packet);
/// SCTP's CRC32c over the IP payload (RFC 9260).
bool sctp_checksum_ok(const Packet& packet);

/// Was the packet captured before hardware finished it? Its checksum is that of the pseudo header
/// alone, or it is longer than Ethernet carries because segments were merged.
bool looks_offloaded(const Packet& packet);

/// The CRC32c of what `crc` is of, followed by `bytes`; 0 is of nothing.
uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t crc);
/// The same by tables alone, for machines whose processor has no instruction for it.
uint32_t crc32c_portable(std::span<const uint8_t> bytes, uint32_t crc);

}  // namespace ctwin::packet

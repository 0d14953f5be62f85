// Internet checksums (RFC 1071) and SCTP's CRC32c.
#pragma once

#include <cstdint>
#include <span>

#include "packet/packet.h"

namespace ctwin::packet {

/// The one's complement sum of `bytes`, as 16-bit words in network order, added to `sum`, not
/// folded. A piece of odd length is padded with a zero byte, so only the last one may be odd.
uint64_t add_checksum(std::span<const uint8_t> bytes, uint64_t sum);
/// The checksum field that goes with an unfolded sum: folded and complemented, host order.
uint16_t fold_checksum(uint64_t sum);

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

// One network-layer packet: where its bytes are and what the headers in front of the transport say.
//
// A Packet views bytes that someone else owns. Its lengths come from the IP header, not from the
// capture: `length` is what was on the wire, `captured` what there is of it, and a check of a
// length always asks `length`, so that a snap length makes no packet malformed. Parsing happens
// once, in `parse_packet`; everything behind it trusts the offsets.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace ctwin::packet {

/// What became of a packet at the network layer.
enum class ParseResult : uint8_t {
  kOk,
  kDropped,   ///< the IP input code drops it before any hook: no counter, no event
  kInvalid,   ///< it reaches the hooks, but its transport header cannot be found (get_l4proto)
  kFragment,  ///< a fragment, to be reassembled before it is looked at
  kCut,       ///< the capture ends in the headers before the transport's: nothing can be said
};

/// What is known of the transport checksum before it is computed.
enum class ChecksumState : uint8_t {
  kUnknown,     ///< to be verified
  kTrusted,     ///< right, or to be filled in by hardware
  kUncheckable  ///< not all bytes were captured
};

struct Packet {
  const uint8_t* bytes = nullptr;  ///< the IP header
  uint32_t captured = 0;           ///< bytes there are, at most `length`
  uint32_t length = 0;             ///< bytes on the wire by the IP header, padding excluded
  uint32_t l4_offset = 0;          ///< where the transport header begins
  uint8_t family = AF_UNSPEC;      ///< AF_INET or AF_INET6
  uint8_t proto = 0;               ///< IPPROTO_* of the transport header
  ChecksumState checksum = ChecksumState::kUnknown;
  bool was_fragmented = false;  ///< put together by defrag
  uint32_t device = 0;          ///< index of the input device (router/interfaces)
  /// Payload of each TCP segment that the device will cut it into (GSO); 0: it is one packet. The
  /// checksum of one that is to be cut is the device's business, too.
  uint16_t segment_size = 0;
  uint64_t time = 0;    ///< ns since the epoch
  uint64_t number = 0;  ///< position in the input, from 1

  uint32_t l4_length() const { return length - l4_offset; }
  uint32_t l4_captured() const { return captured > l4_offset ? captured - l4_offset : 0; }
  const uint8_t* l4() const { return bytes + l4_offset; }
  /// The length of the largest piece that a link will see.
  uint32_t largest_piece() const {
    return segment_size == 0 ? length : l4_offset + (l4()[12] >> 4) * 4u + segment_size;
  }
};

/// Reads the IP header at `bytes` (of which `bytes.size()` were captured) and, for IPv6, walks its
/// extension headers. Sets family, captured, length, l4_offset and proto of `packet`; the other
/// fields are the caller's. Rules: ip_rcv_core and ip6_rcv_core for kDropped, get_l4proto for
/// kInvalid, nf_ct_frag6_gather for what is a fragment.
///
/// A packet that claims more bytes than there are counts as cut: the caller, who knows how long the
/// frame was, drops it when `length` is more than that. The IPv4 header checksum is taken as right
/// when `packet.checksum` is kTrusted. Rules about addresses that depend on the device (::1 from
/// outside) are the router's.
ParseResult parse_packet(std::span<const uint8_t> bytes, Packet& packet);

/// Finds the transport header behind the IP header at `packet.bytes`: sets l4_offset and proto.
/// Needs bytes, captured, length and family, and trusts nothing: it serves packets inside of ICMP
/// errors too, whose `length` is what the error carries, and fragments that nobody put together.
/// kOk, kInvalid (a later fragment, or headers that end nowhere: get_l4proto, ipv6_skip_exthdr) or
/// kCut. An offset behind the end of the packet becomes the end.
ParseResult find_transport(Packet& packet);

/// The length of an IPv6 extension header by its number and its second byte.
constexpr uint32_t extension_length(uint8_t header, uint8_t length_byte) {
  constexpr uint8_t kAuthentication = 51;
  return header == kAuthentication ? (length_byte + 2u) * 4 : (length_byte + 1u) * 8;
}
/// Headers that ipv6_ext_hdr knows: the walk to the transport passes over them.
constexpr bool is_extension(uint8_t header) {
  return header == 0 || header == 43 || header == 44 || header == 51 || header == 59 ||
         header == 60;
}

inline uint16_t load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t load32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
         static_cast<uint32_t>(at[2]) << 8 | at[3];
}

}  // namespace ctwin::packet

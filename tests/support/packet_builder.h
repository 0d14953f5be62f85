// Packets made to measure, with the checksums that belong to them.
//
//   tcp_packet({.src = "10.0.0.1", .dst = "10.0.0.2"},
//              {.sport = 1000, .dport = 80, .flags = "S", .options = {mss(1460), window_scale(7)}})
//
// An address with a colon makes an IPv6 packet. Everything has a default, so a test names only what
// it is about. The checksums are computed here, the slow way, and not by the code under test.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "packet/packet.h"

namespace ctwin::test {

using Bytes = std::vector<uint8_t>;

/// A packet from its IP header on, and where its transport header is.
struct BuiltPacket {
  Bytes bytes{};
  uint32_t l4_offset = 0;
  uint8_t family = AF_INET;
  uint8_t proto = 0;

  /// What the trackers get; valid as long as this packet. Its checksum is to be verified.
  packet::Packet view() const;
  /// The same with only the first `captured` bytes there.
  packet::Packet cut(uint32_t captured) const;
};

/// An IPv6 extension header: its number and its bytes, of which the first is filled in.
struct ExtensionHeader {
  uint8_t number = 0;
  Bytes bytes{};
};

struct Ip {
  std::string_view src = "10.0.0.1";
  std::string_view dst = "10.0.0.2";
  uint8_t ttl = 64;
  uint8_t tos = 0;
  uint16_t id = 0;        ///< IPv4
  uint16_t fragment = 0;  ///< IPv4: flags and offset as they stand in the header
  Bytes options{};        ///< IPv4: padded to 32 bits
  std::vector<ExtensionHeader> extensions{};  ///< IPv6

  /// The same the other way round.
  Ip back() const;
};

constexpr uint16_t kDontFragment = 0x4000;
constexpr uint16_t kMoreFragments = 0x2000;

/// Any transport protocol, its bytes as they are.
BuiltPacket ip_packet(const Ip& ip, uint8_t proto, const Bytes& payload);

struct Tcp {
  uint16_t sport = 1000;
  uint16_t dport = 80;
  std::string_view flags = "S";  ///< of S A F R P U E C
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t window = 65535;
  std::vector<Bytes> options{};  ///< padded to 32 bits with end of options
  Bytes payload{};
  std::optional<uint8_t> header_words{};  ///< of the data offset field, when it is to lie
  std::optional<uint16_t> checksum{};     ///< when it is to be wrong
};
BuiltPacket tcp_packet(const Ip& ip, const Tcp& tcp);

Bytes mss(uint16_t bytes);
Bytes window_scale(uint8_t shift);
Bytes sack_permitted();
Bytes timestamps(uint32_t value, uint32_t echo);
Bytes nop();
/// The blocks' left and right edges.
Bytes sack(const std::vector<std::pair<uint32_t, uint32_t>>& blocks);

struct Udp {
  uint16_t sport = 1000;
  uint16_t dport = 53;
  Bytes payload{};
  std::optional<uint16_t> length{};  ///< of the length field, when it is to lie
  std::optional<uint16_t> checksum{};
};
BuiltPacket udp_packet(const Ip& ip, const Udp& udp);

struct UdpLite {
  uint16_t sport = 1000;
  uint16_t dport = 53;
  Bytes payload{};
  uint16_t coverage = 0;         ///< 0: all of it
  uint8_t checksum_proto = 136;  ///< of the pseudo header; Linux verifies with UDP's number
  std::optional<uint16_t> checksum{};
};
BuiltPacket udplite_packet(const Ip& ip, const UdpLite& udplite);

/// ICMP to IPv4 addresses, ICMPv6 to IPv6 addresses.
struct Icmp {
  uint8_t type = 8;
  uint8_t code = 0;
  uint16_t id = 1;   ///< the fifth and sixth byte, whatever the type
  uint16_t seq = 0;  ///< the seventh and eighth
  Bytes payload{};   ///< of errors, the packet that they are about
  std::optional<uint16_t> checksum{};
};
BuiltPacket icmp_packet(const Ip& ip, const Icmp& icmp);

enum SctpChunk : uint8_t {
  kSctpData = 0,
  kSctpInit = 1,
  kSctpInitAck = 2,
  kSctpSack = 3,
  kSctpHeartbeat = 4,
  kSctpHeartbeatAck = 5,
  kSctpAbort = 6,
  kSctpShutdown = 7,
  kSctpShutdownAck = 8,
  kSctpError = 9,
  kSctpCookieEcho = 10,
  kSctpCookieAck = 11,
  kSctpShutdownComplete = 14,
};

struct Sctp {
  uint16_t sport = 1000;
  uint16_t dport = 2905;
  uint32_t vtag = 0;
  std::vector<Bytes> chunks{};  ///< padded to 32 bits each
  std::optional<uint32_t> checksum{};
};
BuiltPacket sctp_packet(const Ip& ip, const Sctp& sctp);

/// A chunk with its length filled in.
Bytes chunk(uint8_t type, const Bytes& body = {}, uint8_t flags = 0);
/// INIT and INIT ACK: the tag that their sender wants to see.
Bytes init_chunk(uint32_t tag);
Bytes init_ack_chunk(uint32_t tag);

/// Version 1 is PPTP's, with `call_id` as the lower half of the key.
struct Gre {
  uint8_t version = 0;
  uint16_t protocol = 0x0800;
  uint16_t call_id = 0;
  Bytes payload{};
};
BuiltPacket gre_packet(const Ip& ip, const Gre& gre);

/// `size` bytes of something.
Bytes data(size_t size);

}  // namespace ctwin::test

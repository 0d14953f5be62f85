#include "io/link_layer.h"

namespace ctwin::io {

namespace {

constexpr uint16_t kEtherIpv4 = 0x0800;
constexpr uint16_t kEtherIpv6 = 0x86dd;
constexpr uint16_t kEtherVlan = 0x8100;
constexpr uint16_t kEtherServiceVlan = 0x88a8;  // 802.1ad
constexpr uint16_t kEtherOldQinQ = 0x9100;      // before 802.1ad, and still sent
constexpr uint16_t kEtherPppoeSession = 0x8864;

uint16_t load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
uint32_t load32(const uint8_t* at) { return uint32_t{load16(at)} << 16 | load16(at + 2); }

bool is_vlan(uint16_t ether_type) {
  return ether_type == kEtherVlan || ether_type == kEtherServiceVlan || ether_type == kEtherOldQinQ;
}

/// A PPPoE session (RFC 2516) and the PPP protocol that it carries.
bool pass_pppoe(std::span<const uint8_t> frame, LinkHeader& header) {
  constexpr uint32_t kSize = 8;
  constexpr uint16_t kPppIpv4 = 0x0021, kPppIpv6 = 0x0057;
  if (frame.size() < header.size + kSize) return false;
  const uint16_t protocol = load16(&frame[header.size + 6]);
  header.size += kSize;
  return protocol == kPppIpv4 || protocol == kPppIpv6;
}

/// An ethertype and what follows it at `header.size`: tags, perhaps a session, then perhaps IP.
bool pass_tags(std::span<const uint8_t> frame, uint16_t ether_type, LinkHeader& header) {
  constexpr uint32_t kTag = 4;
  while (is_vlan(ether_type)) {
    if (frame.size() < header.size + kTag) return false;
    header.vlan = load16(&frame[header.size]) & 0x0fff;
    ether_type = load16(&frame[header.size + 2]);
    header.size += kTag;
  }
  if (ether_type == kEtherPppoeSession) return pass_pppoe(frame, header);
  return ether_type == kEtherIpv4 || ether_type == kEtherIpv6;
}

bool read_ethernet(std::span<const uint8_t> frame, LinkHeader& header) {
  constexpr uint32_t kSize = 14;
  if (frame.size() < kSize) return false;
  header.size = kSize;
  return pass_tags(frame, load16(&frame[12]), header);
}

/// Cooked captures say where a packet came from (sll_pkttype of packet(7)).
PacketDirection direction_of(uint32_t packet_type) {
  switch (packet_type) {
    case 0:  // to us
    case 1:  // broadcast
    case 2:  // multicast
      return PacketDirection::kInbound;
    case 4:  // from us
      return PacketDirection::kOutbound;
    default:  // from others to others, seen in promiscuous mode
      return PacketDirection::kUnknown;
  }
}

bool read_cooked(std::span<const uint8_t> frame, LinkHeader& header) {
  constexpr uint32_t kSize = 16;
  if (frame.size() < kSize) return false;
  header.size = kSize;
  header.direction = direction_of(load16(&frame[0]));
  return pass_tags(frame, load16(&frame[14]), header);
}

bool read_cooked2(std::span<const uint8_t> frame, LinkHeader& header) {
  constexpr uint32_t kSize = 20;
  if (frame.size() < kSize) return false;
  header.size = kSize;
  header.interface_index = load32(&frame[4]);
  header.direction = direction_of(frame[10]);
  return pass_tags(frame, load16(&frame[0]), header);
}

/// The address family of the system that captured, in its byte order, which need not be the file's;
/// kLoop has it in network order. Every system has its own number for IPv6.
bool read_null(std::span<const uint8_t> frame, LinkHeader& header) {
  constexpr uint32_t kSize = 4;
  if (frame.size() < kSize) return false;
  header.size = kSize;
  uint32_t family = load32(&frame[0]);
  if (family > 0xffff) family = __builtin_bswap32(family);
  switch (family) {
    case 2:   // AF_INET everywhere
    case 10:  // Linux
    case 23:  // Windows
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return true;
    default: return false;
  }
}

bool has_version(std::span<const uint8_t> frame, uint8_t version) {
  return !frame.empty() && frame[0] >> 4 == version;
}

}  // namespace

bool is_supported(uint16_t link_type) {
  switch (static_cast<LinkType>(link_type)) {
    case LinkType::kNull:
    case LinkType::kEthernet:
    case LinkType::kRawLinux:
    case LinkType::kRawOpenBsd:
    case LinkType::kRaw:
    case LinkType::kLoop:
    case LinkType::kLinuxCooked:
    case LinkType::kIpv4:
    case LinkType::kIpv6:
    case LinkType::kLinuxCooked2: return true;
  }
  return false;
}

const char* supported_link_types() {
  return "EN10MB (1), RAW (101), IPV4 (228), IPV6 (229), LINUX_SLL (113), LINUX_SLL2 (276), "
         "NULL (0), LOOP (108)";
}

bool read_link_header(LinkType link_type, std::span<const uint8_t> frame, LinkHeader& header) {
  header = {};
  switch (link_type) {
    case LinkType::kEthernet: return read_ethernet(frame, header);
    case LinkType::kLinuxCooked: return read_cooked(frame, header);
    case LinkType::kLinuxCooked2: return read_cooked2(frame, header);
    case LinkType::kNull:
    case LinkType::kLoop: return read_null(frame, header);
    case LinkType::kIpv4: return has_version(frame, 4);
    case LinkType::kIpv6: return has_version(frame, 6);
    case LinkType::kRaw:
    case LinkType::kRawLinux:
    case LinkType::kRawOpenBsd: return has_version(frame, 4) || has_version(frame, 6);
  }
  return false;
}

}  // namespace ctwin::io

#include "packet_ends.h"

#include <netinet/in.h>

#include <algorithm>

namespace ctwin::test {

namespace {

Address address_at(PacketView packet, size_t at, uint8_t family) {
  Address address;
  address.family = family;
  std::copy_n(packet.begin() + static_cast<ptrdiff_t>(at), address.size(), address.bytes.begin());
  return address;
}

bool has_ports(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
         proto == IPPROTO_SCTP;
}

bool is_query(uint8_t proto, uint8_t type) {
  if (proto == IPPROTO_ICMPV6) return type >= 128;
  return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

/// Where the transport header begins, and its number; the packet's end for later fragments.
size_t skip_extensions(PacketView packet, uint8_t& proto) {
  size_t at = 40;
  proto = packet[6];
  while (at + 8 <= packet.size()) {
    const size_t header = at;
    switch (proto) {
      case IPPROTO_HOPOPTS:
      case IPPROTO_ROUTING:
      case IPPROTO_DSTOPTS: at += 8 + packet[header + 1] * 8u; break;
      case IPPROTO_AH: at += 8 + packet[header + 1] * 4u; break;
      case IPPROTO_FRAGMENT:
        at = (get16(packet, header + 2) & ~7u) == 0 ? header + 8 : packet.size();
        break;
      default: return at;
    }
    proto = packet[header];
  }
  return at;
}

}  // namespace

std::optional<PacketEnds> read_packet_ends(PacketView packet) {
  if (packet.size() < 20) return {};
  const bool six = packet[0] >> 4 == 6;
  if (six && packet.size() < 40) return {};
  PacketEnds ends;
  size_t at = packet.size();
  if (six) {
    ends.src = address_at(packet, 8, AF_INET6), ends.dst = address_at(packet, 24, AF_INET6);
    at = skip_extensions(packet, ends.proto);
  } else {
    ends.src = address_at(packet, 12, AF_INET), ends.dst = address_at(packet, 16, AF_INET);
    ends.proto = packet[9];
    if ((get16(packet, 6) & 0x1fff) == 0) at = (packet[0] & 15u) * 4;
  }
  if (at + 8 > packet.size()) return ends;
  if (has_ports(ends.proto)) {
    ends.has_ports = true;
    ends.sport = static_cast<uint16_t>(get16(packet, at));
    ends.dport = static_cast<uint16_t>(get16(packet, at + 2));
  } else if (ends.proto == IPPROTO_ICMP || ends.proto == IPPROTO_ICMPV6) {
    ends.error = !is_query(ends.proto, packet[at]);
    ends.has_ports = !ends.error;
    ends.sport = ends.dport = static_cast<uint16_t>(get16(packet, at + 4));
  }
  return ends;
}

}  // namespace ctwin::test

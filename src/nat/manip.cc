#include "nat/manip.h"

#include <netinet/in.h>

#include <cstring>

#include "packet/checksum.h"

namespace ctwin::nat {

using conntrack::TupleKey;
using packet::ChecksumUpdate;

namespace {

template <typename Word>
Word load(const uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
void store16(uint8_t* at, uint16_t value) { std::memcpy(at, &value, sizeof value); }

/// What changes in the IP header, for the pseudo header of a transport checksum.
struct AddressChange {
  const uint8_t* from;
  const uint8_t* to;
  size_t size;
};

struct Transport {
  uint8_t* bytes;
  uint32_t length;    ///< there is on the wire, from here on
  uint32_t captured;  ///< of that

  bool has(uint32_t size) const { return length >= size; }
  bool can_reach(uint32_t size) const { return captured >= size; }
};

uint16_t key_of(const TupleKey& target, Manip manip) {
  return manip == Manip::kSource ? target.src_key : target.dst_key;
}
uint8_t* port_at(const Transport& transport, Manip manip) {
  return transport.bytes + (manip == Manip::kSource ? 0 : 2);
}

/// A port, and a checksum at `field` where `header` bytes of transport are there to hold it.
void rewrite_port(const Transport& transport, const TupleKey& target, Manip manip,
                  const AddressChange& addresses, uint32_t field, bool never_zero) {
  if (!transport.can_reach(4)) return;
  uint8_t* port = port_at(transport, manip);
  const uint16_t before = load<uint16_t>(port), after = key_of(target, manip);
  store16(port, after);
  if (field == 0 || !transport.can_reach(field + 2)) return;
  ChecksumUpdate update(transport.bytes + field);
  update.replace(addresses.from, addresses.to, addresses.size);
  update.replace(before, after);
  never_zero ? update.finish_never_zero() : update.finish();
}

bool rewrite_tcp(const Transport& transport, const TupleKey& target, Manip manip,
                 const AddressChange& addresses) {
  constexpr uint32_t kQuoted = 8, kHeader = 20, kChecksum = 16;
  if (!transport.has(kQuoted)) return false;
  rewrite_port(transport, target, manip, addresses, transport.has(kHeader) ? kChecksum : 0, false);
  return true;
}

bool rewrite_udp(const Transport& transport, const TupleKey& target, Manip manip,
                 const AddressChange& addresses, bool lite) {
  constexpr uint32_t kHeader = 8, kChecksum = 6;
  if (!transport.has(kHeader)) return false;
  const bool summed =
      lite || (transport.can_reach(kHeader) && load<uint16_t>(transport.bytes + kChecksum) != 0);
  rewrite_port(transport, target, manip, addresses, summed ? kChecksum : 0, true);
  return true;
}

bool rewrite_sctp(const Transport& transport, const TupleKey& target, Manip manip) {
  constexpr uint32_t kQuoted = 8, kHeader = 12, kChecksum = 8;
  if (!transport.has(kQuoted)) return false;
  if (!transport.can_reach(4)) return true;
  store16(port_at(transport, manip), key_of(target, manip));
  if (!transport.has(kHeader) || transport.captured < transport.length) return true;
  std::memset(transport.bytes + kChecksum, 0, 4);
  const uint32_t crc = packet::crc32c({transport.bytes, transport.length}, 0);
  for (uint32_t i = 0; i < 4; ++i)
    transport.bytes[kChecksum + i] = static_cast<uint8_t>(crc >> (8 * i));
  return true;
}

bool is_icmp_query(uint8_t type) { return type == 0 || type == 8 || (type >= 13 && type <= 18); }

bool rewrite_icmp(const Transport& transport, const TupleKey& target) {
  constexpr uint32_t kHeader = 8, kChecksum = 2, kId = 4;
  if (!transport.has(kHeader)) return false;
  if (!transport.can_reach(kHeader) || !is_icmp_query(transport.bytes[0])) return true;
  ChecksumUpdate update(transport.bytes + kChecksum);
  update.replace(load<uint16_t>(transport.bytes + kId), target.src_key);
  update.finish();
  store16(transport.bytes + kId, target.src_key);
  return true;
}

bool rewrite_icmpv6(const Transport& transport, const TupleKey& target,
                    const AddressChange& addresses) {
  constexpr uint32_t kHeader = 8, kChecksum = 2, kId = 4;
  constexpr uint8_t kEchoRequest = 128, kEchoReply = 129;
  if (!transport.has(kHeader)) return false;
  if (!transport.can_reach(kHeader)) return true;
  ChecksumUpdate update(transport.bytes + kChecksum);
  update.replace(addresses.from, addresses.to, addresses.size);
  if (transport.bytes[0] == kEchoRequest || transport.bytes[0] == kEchoReply) {
    update.replace(load<uint16_t>(transport.bytes + kId), target.src_key);
    store16(transport.bytes + kId, target.src_key);
  }
  update.finish();
  return true;
}

/// Only PPTP's calls have a number, and only their destination is changed.
bool rewrite_gre(const Transport& transport, const TupleKey& target, Manip manip) {
  constexpr uint32_t kHeader = 8, kCallId = 6;
  constexpr uint8_t kVersion = 0x07, kPptp = 1;
  if (!transport.has(kHeader)) return false;
  if (!transport.can_reach(kHeader) || manip == Manip::kSource) return true;
  const uint8_t version = transport.bytes[1] & kVersion;
  if (version > kPptp) return false;
  if (version == kPptp) store16(transport.bytes + kCallId, target.dst_key);
  return true;
}

bool rewrite_transport(const Transport& transport, const TupleKey& target, Manip manip,
                       const AddressChange& addresses) {
  switch (target.proto) {
    case IPPROTO_TCP: return rewrite_tcp(transport, target, manip, addresses);
    case IPPROTO_UDP: return rewrite_udp(transport, target, manip, addresses, false);
    case IPPROTO_UDPLITE: return rewrite_udp(transport, target, manip, addresses, true);
    case IPPROTO_SCTP: return rewrite_sctp(transport, target, manip);
    case IPPROTO_ICMP: return rewrite_icmp(transport, target);
    case IPPROTO_ICMPV6: return rewrite_icmpv6(transport, target, addresses);
    case IPPROTO_GRE: return rewrite_gre(transport, target, manip);
    default: return true;
  }
}

Transport transport_at(const Headers& headers, uint32_t offset) {
  return {headers.bytes + offset, headers.length > offset ? headers.length - offset : 0,
          headers.captured > offset ? headers.captured - offset : 0};
}

bool rewrite_ipv4(const Headers& headers, const TupleKey& target, Manip manip) {
  constexpr uint32_t kChecksum = 10, kSource = 12, kDestination = 16, kSize = 4;
  const bool source = manip == Manip::kSource;
  uint8_t* address = headers.bytes + (source ? kSource : kDestination);
  const AddressChange change{address, source ? target.src.data() : target.dst.data(), kSize};
  const uint32_t header = (headers.bytes[0] & 0x0fu) * 4;
  if (!rewrite_transport(transport_at(headers, header), target, manip, change)) return false;
  ChecksumUpdate update(headers.bytes + kChecksum);
  update.replace(change.from, change.to, kSize);
  update.finish();
  std::memcpy(address, change.to, kSize);
  return true;
}

bool rewrite_ipv6(const Headers& headers, const TupleKey& target, Manip manip) {
  constexpr uint32_t kSource = 8, kDestination = 24, kSize = 16;
  const bool source = manip == Manip::kSource;
  uint8_t* address = headers.bytes + (source ? kSource : kDestination);
  const AddressChange change{address, source ? target.src.data() : target.dst.data(), kSize};
  packet::Packet walk;
  walk.bytes = headers.bytes;
  walk.captured = headers.captured;
  walk.length = headers.length;
  walk.family = AF_INET6;
  if (packet::find_transport(walk) == packet::ParseResult::kOk &&
      !rewrite_transport(transport_at(headers, walk.l4_offset), target, manip, change))
    return false;
  std::memcpy(address, change.to, kSize);
  return true;
}

}  // namespace

Headers headers_of(const conntrack::Skb& skb, uint32_t offset) {
  return {skb.data + offset, skb.packet.captured - offset, skb.packet.length - offset,
          skb.packet.family};
}

bool rewrite(const Headers& headers, const TupleKey& target, Manip manip) {
  return headers.family == AF_INET ? rewrite_ipv4(headers, target, manip)
                                   : rewrite_ipv6(headers, target, manip);
}

void finish_icmp_checksum(const packet::Packet& packet, uint8_t* data) {
  constexpr uint32_t kChecksum = 2;
  uint8_t* field = data + packet.l4_offset + kChecksum;
  field[0] = field[1] = 0;
  uint64_t sum = 0;
  if (packet.family == AF_INET6)
    sum = packet::add_checksum({data + 8, 32}, uint64_t{IPPROTO_ICMPV6} + packet.l4_length());
  sum = packet::add_checksum({packet.l4(), packet.l4_length()}, sum);
  const uint16_t value = packet::fold_checksum(sum);
  field[0] = static_cast<uint8_t>(value >> 8);
  field[1] = static_cast<uint8_t>(value);
}

}  // namespace ctwin::nat

#include "router/icmp_send.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "packet/checksum.h"
#include "router/address_class.h"

namespace ctwin::router {

namespace {

using conntrack::PacketType;
using conntrack::Skb;
using packet::load16;
using packet::load32;

constexpr uint32_t kHeaderV4 = 20, kHeaderV6 = 40, kIcmpHeader = 8, kTcpHeader = 20;
constexpr uint16_t kFragmentOffset = 0x1fff;

void put16(std::vector<uint8_t>& out, uint32_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
void put32(std::vector<uint8_t>& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
void put(std::vector<uint8_t>& out, const Address& address) {
  out.insert(out.end(), address.bytes.begin(),
             address.bytes.begin() + static_cast<std::ptrdiff_t>(address.size()));
}
void store16(std::vector<uint8_t>& out, size_t at, uint16_t value) {
  out[at] = static_cast<uint8_t>(value >> 8);
  out[at + 1] = static_cast<uint8_t>(value);
}

struct Header {
  Address source, destination;
  uint8_t proto = 0;
  uint8_t ttl = 64;
  uint8_t tos = 0;
  bool dont_fragment = false;
};

/// The IP header of a packet with `payload` bytes behind it.
void put_header(std::vector<uint8_t>& out, const Header& header, uint32_t payload) {
  if (is_ipv4(header.source)) {
    constexpr uint16_t kDontFragment = 0x4000;
    out.insert(out.end(), {0x45, header.tos});
    put16(out, kHeaderV4 + payload);
    put16(out, 0);
    put16(out, header.dont_fragment ? kDontFragment : 0);
    out.insert(out.end(), {header.ttl, header.proto});
    put16(out, 0);
  } else {
    put32(out, 6u << 28 | static_cast<uint32_t>(header.tos) << 20);
    put16(out, payload);
    out.insert(out.end(), {header.proto, header.ttl});
  }
  put(out, header.source);
  put(out, header.destination);
  if (is_ipv4(header.source)) store16(out, 10, packet::fold_checksum(packet::add_checksum(out, 0)));
}

uint16_t checksum_of(std::span<const uint8_t> payload, const Header& header, bool pseudo_header) {
  uint64_t sum = 0;
  if (pseudo_header) {
    sum = payload.size() + header.proto;
    for (const Address* address : {&header.source, &header.destination})
      sum = packet::add_checksum(std::span(address->bytes).first(address->size()), sum);
  }
  return packet::fold_checksum(packet::add_checksum(payload, sum));
}

bool was_sent_to_many(const Skb& cause) {
  return cause.type == PacketType::kBroadcast || cause.type == PacketType::kMulticast ||
         cause.type == PacketType::kOtherHost;
}

// ---- IPv4 ----

/// All types but the questions and answers that icmp_pointers knows.
bool is_error_v4(uint8_t type) {
  constexpr uint8_t kEchoReply = 0, kEcho = 8, kTimestamp = 13, kAddressMaskReply = 18;
  const bool query =
      type == kEchoReply || type == kEcho || (type >= kTimestamp && type <= kAddressMaskReply);
  return !query;
}

/// No errors about errors, about later fragments, or about what went to many.
bool may_answer_v4(const Router& router, const Skb& cause) {
  if (was_sent_to_many(cause)) return false;
  const Address destination = destination_of(cause);
  if (is_multicast(destination) || is_limited_broadcast(destination)) return false;
  const Route way = router.find(destination);
  if (way.type == RouteType::kBroadcast) return false;
  if (load16(cause.data + 6) & kFragmentOffset) return false;
  if (cause.data[9] != IPPROTO_ICMP) return true;
  const uint32_t type_at = (cause.data[0] & 0x0fu) * 4;
  return type_at < cause.packet.captured && !is_error_v4(cause.data[type_at]);
}

/// The error comes from the address that its cause went to, if that is this box's, else from the
/// one that the way back suggests.
Address error_source_v4(const Router& router, const Skb& cause, const Address& to) {
  constexpr uint8_t kDummy[] = {192, 0, 0, 8};  // RFC 7600, where there is no address
  const Address destination = destination_of(cause);
  const Route there = router.find(destination);
  if (there.type == RouteType::kLocal) return destination;
  Address source;
  if (router.own_packets().errors_from_inbound_address && cause.in != 0)
    source = router.source_for(to, cause.in);
  if (!source.is_set()) source = router.source_of(router.find(to), to);
  if (source.is_set()) return source;
  source.family = AF_INET;
  std::copy(std::begin(kDummy), std::end(kDummy), source.bytes.begin());
  return source;
}

bool make_error_v4(const Router& router, const Skb& cause, const IcmpError& error,
                   std::vector<uint8_t>& out) {
  constexpr uint32_t kLargest = 576;  // RFC 1812, 4.3.2.3
  constexpr uint8_t kTosBits = 0x1e, kInternetControl = 0xc0;
  if (!may_answer_v4(router, cause)) return false;
  const Address to = source_of(cause);
  const Route back = router.find(to);
  if (back.type == RouteType::kUnspec || is_refusal(back.type)) return false;
  const uint32_t link = router.interfaces()[back.device].mtu;
  const uint32_t mtu = std::min(kLargest, back.mtu != 0 ? back.mtu : link);
  if (mtu <= 2 * kHeaderV4 + kIcmpHeader) return false;
  const uint32_t quoted = std::min(cause.packet.captured, mtu - kHeaderV4 - kIcmpHeader);
  Header header;
  header.source = error_source_v4(router, cause, to);
  header.destination = to;
  header.proto = IPPROTO_ICMP;
  header.ttl = router.own_packets().ttl;
  header.tos = static_cast<uint8_t>((cause.data[1] & kTosBits) | kInternetControl);
  out.clear();
  put_header(out, header, kIcmpHeader + quoted);
  out.insert(out.end(), {error.type, error.code, 0, 0});
  put32(out, error.info);
  out.insert(out.end(), cause.data, cause.data + quoted);
  store16(out, kHeaderV4 + 2, checksum_of(std::span(out).subspan(kHeaderV4), header, false));
  return true;
}

// ---- IPv6 ----

/// is_ineligible: is it an ICMPv6 error, or too short to tell?
bool is_error_v6(const Skb& cause) {
  constexpr uint8_t kInformational = 0x80;
  packet::Packet found = cause.packet;
  if (packet::find_transport(found) != packet::ParseResult::kOk || found.proto != IPPROTO_ICMPV6)
    return false;
  return found.l4_captured() == 0 || !(*found.l4() & kInformational);
}

bool may_answer_v6(const Skb& cause, const IcmpError& error) {
  constexpr uint8_t kTooBig = 2;
  const Address from = source_of(cause);
  const bool to_many = is_multicast(destination_of(cause)) || was_sent_to_many(cause);
  if (to_many && error.type != kTooBig) return false;
  return !is_any(from) && !is_multicast(from) && !is_error_v6(cause);
}

/// From the address that the cause went to, if it is this box's; else from the route's own, else
/// from the one by which the box is known where the cause came in.
Address error_source_v6(const Router& router, const Skb& cause, const Address& to,
                        const Route& back) {
  const Address destination = destination_of(cause);
  const bool to_many = is_multicast(destination) || was_sent_to_many(cause);
  const uint32_t link = is_link_local_v6(destination) ? cause.in : 0;
  const bool own = router.has_address(destination, link) ||
                   router.find(destination, link).type == RouteType::kAnycast;
  if (!to_many && own) return destination;
  if (back.preferred_source.is_set()) return back.preferred_source;
  return router.source_for(to, cause.in != 0 ? cause.in : back.device);
}

bool make_error_v6(const Router& router, const Skb& cause, const IcmpError& error,
                   std::vector<uint8_t>& out) {
  constexpr uint32_t kLargest = 1280;
  if (!may_answer_v6(cause, error)) return false;
  const Address to = source_of(cause);
  const Route back = router.find(to, is_link_local_v6(to) ? cause.in : 0);
  if (back.type == RouteType::kUnspec || back.type == RouteType::kAnycast || is_refusal(back.type))
    return false;
  const uint32_t quoted = std::min(cause.packet.captured, kLargest - kHeaderV6 - kIcmpHeader);
  Header header;
  header.source = error_source_v6(router, cause, to, back);
  if (!header.source.is_set()) return false;
  header.destination = to;
  header.proto = IPPROTO_ICMPV6;
  header.ttl = router.own_packets().hop_limit;
  out.clear();
  put_header(out, header, kIcmpHeader + quoted);
  out.insert(out.end(), {error.type, error.code, 0, 0});
  put32(out, error.info);
  out.insert(out.end(), cause.data, cause.data + quoted);
  store16(out, kHeaderV6 + 2, checksum_of(std::span(out).subspan(kHeaderV6), header, true));
  return true;
}

/// The message has the addresses of the next hop and of the destination, and as an option what
/// there is room for of the packet, in units of eight bytes (RFC 4861, 4.5).
void put_redirect(std::vector<uint8_t>& out, const Skb& cause, const Address& next) {
  constexpr uint8_t kRedirect = 137, kRedirectedHeader = 4;
  constexpr uint32_t kLargest = 1280, kMessage = 40, kOption = 8;
  const uint32_t option =
      std::min(kLargest - kHeaderV6 - kMessage, cause.packet.captured + kOption) & ~7u;
  out.insert(out.end(), {kRedirect, 0, 0, 0});
  put32(out, 0);
  put(out, next);
  put(out, destination_of(cause));
  out.insert(out.end(), {kRedirectedHeader, static_cast<uint8_t>(option / 8)});
  out.insert(out.end(), kOption - 2, 0);
  out.insert(out.end(), cause.data, cause.data + option - kOption);
}

// ---- TCP resets ----

/// The TCP header of a segment that a reset may answer; null where it may not.
const uint8_t* answerable_segment(const Skb& cause, packet::Packet& segment) {
  constexpr uint8_t kReset = 0x04;
  segment = cause.packet;
  if (cause.is_ipv4() && (load16(cause.data + 6) & kFragmentOffset) != 0) return nullptr;
  if (packet::find_transport(segment) != packet::ParseResult::kOk) return nullptr;
  if (segment.proto != IPPROTO_TCP || segment.l4_captured() < kTcpHeader) return nullptr;
  if (segment.l4()[13] & kReset) return nullptr;
  return packet::transport_checksum_ok(segment, IPPROTO_TCP) ? segment.l4() : nullptr;
}

/// RFC 9293, 3.5.2: a reset has the sequence number that the segment acknowledges; where it
/// acknowledges none, the reset acknowledges all of it.
void put_reset(std::vector<uint8_t>& out, const packet::Packet& segment) {
  constexpr uint8_t kFin = 0x01, kSyn = 0x02, kReset = 0x04, kAck = 0x10;
  constexpr uint8_t kWords = kTcpHeader / 4;
  const uint8_t* tcp = segment.l4();
  const uint8_t flags = tcp[13];
  const bool has_ack = flags & kAck;
  const uint32_t payload = segment.l4_length() - (tcp[12] >> 4) * 4u;
  const uint32_t end = load32(tcp + 4) + ((flags & kSyn) != 0) + ((flags & kFin) != 0) + payload;
  out.insert(out.end(), {tcp[2], tcp[3], tcp[0], tcp[1]});
  put32(out, has_ack ? load32(tcp + 8) : 0);
  put32(out, has_ack ? 0 : end);
  out.push_back(kWords << 4);
  out.push_back(has_ack ? kReset : kReset | kAck);
  out.insert(out.end(), 6, 0);  // window, checksum, urgent pointer
}

/// IPv4 addresses in IPv6's clothes are no one's.
bool is_unicast_v6(const Address& address) {
  constexpr uint8_t kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return !is_any(address) && !is_multicast(address) &&
         !std::equal(std::begin(kMapped), std::end(kMapped), address.bytes.begin());
}

}  // namespace

bool make_icmp_error(const Router& router, const Skb& cause, const IcmpError& error,
                     std::vector<uint8_t>& out) {
  const bool v4 = cause.is_ipv4();
  if (cause.packet.captured < (v4 ? kHeaderV4 : kHeaderV6)) return false;
  return v4 ? make_error_v4(router, cause, error, out) : make_error_v6(router, cause, error, out);
}

bool make_redirect_v6(const Router& router, const Skb& cause, const Address& next,
                      std::vector<uint8_t>& out) {
  const auto& addresses = router.interfaces()[cause.in].addresses;
  const auto own = std::ranges::find_if(
      addresses, [](const InterfaceAddress& entry) { return is_link_local_v6(entry.address); });
  if (own == addresses.end()) return false;
  if (!(next == destination_of(cause)) && !is_link_local_v6(next)) return false;
  const Address to = source_of(cause);
  const Route back = router.find(to, cause.in);
  if (back.type != RouteType::kUnicast || back.gateway.is_set()) return false;
  std::vector<uint8_t> message;
  put_redirect(message, cause, next);
  Header header;
  header.source = own->address;
  header.destination = to;
  header.proto = IPPROTO_ICMPV6;
  header.ttl = UINT8_MAX;  // so that everybody sees that it did not come from another link
  store16(message, 2, checksum_of(message, header, true));
  out.clear();
  put_header(out, header, static_cast<uint32_t>(message.size()));
  out.insert(out.end(), message.begin(), message.end());
  return true;
}

bool may_be_rejected(const Skb& cause) {
  packet::Packet found = cause.packet;
  if (cause.is_ipv4()) {
    if (load16(cause.data + 6) & kFragmentOffset) return false;
    found.proto = cause.data[9];
    found.l4_offset = std::min((cause.data[0] & 0x0fu) * 4, found.length);
  } else if (packet::find_transport(found) != packet::ParseResult::kOk ||
             found.l4_offset >= found.length) {
    return false;
  }
  // Protocols without a checksum over all of their payload are not asked, nor is UDP without one.
  switch (found.proto) {
    case IPPROTO_SCTP:
    case IPPROTO_UDPLITE:
    case IPPROTO_GRE:
    case IPPROTO_ESP:
    case IPPROTO_AH: return true;
    case IPPROTO_UDP:
      if (found.l4_length() < 8) break;
      if (found.l4_captured() < 8 || load16(found.l4() + 6) == 0) return true;
      break;
    default: break;
  }
  const bool plain = cause.is_ipv4() && found.proto != IPPROTO_TCP && found.proto != IPPROTO_UDP;
  if (!plain) return packet::transport_checksum_ok(found, found.proto);
  // The sum is over the IP header, too, which is all ones: a payload of zeros does no harm.
  constexpr uint16_t kNothing = 0xffff;
  const std::span payload(found.l4(), found.l4_captured());
  return packet::plain_checksum_ok(found) ||
         packet::fold_checksum(packet::add_checksum(payload, 0)) == kNothing;
}

bool make_tcp_reset(const Router& router, const Skb& cause, std::vector<uint8_t>& out) {
  const bool v4 = cause.is_ipv4();
  packet::Packet segment;
  if (!answerable_segment(cause, segment)) return false;
  Header header;
  header.source = destination_of(cause);
  header.destination = source_of(cause);
  header.proto = IPPROTO_TCP;
  header.ttl = v4 ? router.own_packets().ttl : router.own_packets().hop_limit;
  header.dont_fragment = true;
  if (v4) {
    if (is_multicast(header.source) || is_limited_broadcast(header.source)) return false;
    if (router.find(header.source).type == RouteType::kBroadcast) return false;
  } else if (!is_unicast_v6(header.source) || !is_unicast_v6(header.destination)) {
    return false;
  }
  const Route back = router.find(header.destination);
  if (back.type == RouteType::kUnspec || is_refusal(back.type)) return false;
  out.clear();
  put_header(out, header, kTcpHeader);
  const size_t tcp = out.size();
  put_reset(out, segment);
  store16(out, tcp + 16, checksum_of(std::span(out).subspan(tcp), header, true));
  return true;
}

}  // namespace ctwin::router

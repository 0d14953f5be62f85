// Every match, in the order of rule.h. The functions are the kernel's: xt_<name>.c, ip_packet_match
// and ip6_packet_match.
#include "rules/matches.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ctwin::rules {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::PacketType;
using packet::load16;
using packet::load32;
using router::RouteType;

namespace {

constexpr uint32_t kIpv4Header = 20, kIpv6Header = 40;
constexpr uint8_t kNoNextHeader = 59, kFragmentHeader = 44, kRoutingHeader = 43;

Address address_at(const uint8_t* bytes, uint8_t family) {
  Address address;
  address.family = family;
  std::memcpy(address.bytes.data(), bytes, address.size());
  return address;
}

/// The bytes of an extension header that the kernel's walk reads.
uint32_t bytes_asked(uint8_t header) {
  return header == kFragmentHeader || header == kRoutingHeader ? 4 : 2;
}

std::string_view device_name(const Passage& passage, uint32_t device) {
  return device == 0 ? std::string_view() : passage.world.router.interfaces().name(device);
}

}  // namespace

// ---- the packet ----

Passage::Passage(conntrack::Skb& skb_in, Hook hook_in, const Firewall::World& world_in,
                 MatchStates& states_in)
    : skb(skb_in), hook(hook_in), world(world_in), states(states_in) {
  in = in_device(skb, hook);
  out = out_device(skb, hook);
  in_name = device_name(*this, in);
  out_name = device_name(*this, out);
  has_header = skb.packet.captured >= (is_v4() ? kIpv4Header : kIpv6Header);
  proto = skb.packet.proto;
  l4_offset = skb.packet.l4_offset;
  // Conntrack's walk is content with less of a last header than the one that rules take.
  const bool ends_early = !is_v4() && l4_offset >= skb.packet.length;
  if (skb.unparsed || ends_early) find_transport();
}

/// For a packet in which conntrack found no transport.
void Passage::find_transport() {
  walk = Walk::kCut;
  if (!has_header) return;
  if (!is_v4()) return walk_v6();
  walk = Walk::kFound;
  proto = skb.data[9];
  l4_offset = (skb.data[0] & 0x0fu) * 4;
  fragment_offset = load16(skb.data + 6) & 0x1fff;
}

/// ipv6_find_hdr for any header: unlike conntrack's walk it takes "no next header" for one, and a
/// later fragment for what its fragment header says.
void Passage::walk_v6() {
  uint8_t next = skb.data[6];
  uint32_t offset = kIpv6Header;
  while (packet::is_extension(next) && next != kNoNextHeader) {
    const uint32_t needed = offset + bytes_asked(next);
    walk = needed > skb.packet.length ? Walk::kNowhere : Walk::kCut;
    if (needed > skb.packet.captured) return;
    const uint8_t* at = skb.data + offset;
    const bool fragment = next == kFragmentHeader;
    const uint32_t length = fragment ? 8 : packet::extension_length(next, at[1]);
    next = at[0];
    if (fragment && (load16(at + 2) & ~7) != 0) {
      const bool more = packet::is_extension(next) && next != kNoNextHeader;
      walk = more ? Walk::kNowhere : Walk::kFound;
      fragment_offset = load16(at + 2) & 0xfff8;
      break;
    }
    offset += length;
  }
  if (fragment_offset == 0) walk = Walk::kFound;
  proto = next;
  l4_offset = offset;
}

const uint8_t* Passage::transport(uint32_t size) {
  if (walk == Walk::kCut) return nullptr;
  const uint32_t end = l4_offset + size;
  if (end > skb.packet.length) {
    hot_drop = true;
    return nullptr;
  }
  return end > skb.packet.captured ? nullptr : skb.data + l4_offset;
}

Address Passage::source_address() const { return address_at(source(), skb.packet.family); }
Address Passage::destination_address() const {
  return address_at(destination(), skb.packet.family);
}

// ---- the IP header ----

namespace {

bool is_zero(const Address& address) {
  return std::ranges::all_of(address.bytes, [](uint8_t byte) { return byte == 0; });
}

bool holds(const AddressMatch& match, const uint8_t* address, size_t size) {
  uint32_t differs = 0;
  for (size_t i = 0; i < size; i += 4) {
    uint32_t theirs, wanted, mask;
    std::memcpy(&theirs, address + i, 4);
    std::memcpy(&wanted, match.address.bytes.data() + i, 4);
    std::memcpy(&mask, match.mask.bytes.data() + i, 4);
    differs |= (theirs & mask) ^ (wanted & mask);
  }
  return (differs == 0) != match.invert;
}

bool holds(const DeviceMatch& match, std::string_view name) {
  if (!match.set) return true;
  const bool same = match.prefix ? name.starts_with(match.name) : name == match.name;
  return same != match.invert;
}

bool protocol_holds(const HeaderMatch& header, Passage& passage) {
  if (header.proto == 0) return true;
  switch (passage.walk) {
    case Passage::Walk::kCut: return false;
    case Passage::Walk::kNowhere: passage.hot_drop = true; return false;
    case Passage::Walk::kFound: break;
  }
  return (header.proto == passage.proto) != header.proto_invert;
}

}  // namespace

bool matches(const HeaderMatch& header, Passage& passage) {
  if (!holds(header.in, passage.in_name) || !holds(header.out, passage.out_name)) return false;
  if (!passage.has_header) {
    const bool asks = header.proto != 0 || header.fragment || !is_zero(header.source.mask) ||
                      !is_zero(header.destination.mask);
    return !asks;
  }
  const size_t size = passage.address_size();
  if (!holds(header.source, passage.source(), size)) return false;
  if (!holds(header.destination, passage.destination(), size)) return false;
  if (!protocol_holds(header, passage)) return false;
  if (!header.fragment) return true;
  return (passage.fragment_offset != 0) != header.fragment_invert;
}

// ---- matches ----

namespace {

/// The options of a TCP header: is one of them there? A length of 0 counts as one byte.
bool has_tcp_option(std::span<const uint8_t> options, uint8_t wanted) {
  for (size_t i = 0; i < options.size();) {
    if (options[i] == wanted) return true;
    const bool has_length = options[i] >= 2 && i + 1 < options.size();
    i += has_length && options[i + 1] != 0 ? options[i + 1] : 1;
  }
  return false;
}

bool is_v6_unicast(const uint8_t* address) {
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr uint8_t kUnspecified[16] = {};
  return address[0] != 0xff && std::memcmp(address, kMapped, sizeof kMapped) != 0 &&
         std::memcmp(address, kUnspecified, sizeof kUnspecified) != 0;
}
bool is_v6_unspecified(const uint8_t* address) {
  return std::all_of(address, address + 16, [](uint8_t byte) { return byte == 0; });
}

constexpr uint16_t bit(RouteType type) {
  return static_cast<uint16_t>(1u << static_cast<unsigned>(type));
}

/// match_type6: the first three kinds must all hold, one of the others is enough.
bool is_of_type_v6(const router::Router& router, const Address& address, uint16_t wanted,
                   uint32_t device) {
  const uint8_t* bytes = address.bytes.data();
  if (wanted & bit(RouteType::kMulticast) && bytes[0] != 0xff) return false;
  if (wanted & bit(RouteType::kUnicast) && !is_v6_unicast(bytes)) return false;
  if (wanted & bit(RouteType::kUnspec) && !is_v6_unspecified(bytes)) return false;
  constexpr uint16_t kByRoute =
      bit(RouteType::kLocal) | bit(RouteType::kAnycast) | bit(RouteType::kUnreachable);
  if (!(wanted & kByRoute)) return true;
  const RouteType route = router.find(address, device).type;
  const bool nowhere = route == RouteType::kUnspec || route == RouteType::kBlackhole ||
                       route == RouteType::kUnreachable || route == RouteType::kProhibit ||
                       route == RouteType::kThrow;
  if (nowhere) return wanted & bit(RouteType::kUnreachable);
  const bool local = device != 0 ? router.has_address(address, device) : route == RouteType::kLocal;
  return (local && wanted & bit(RouteType::kLocal)) ||
         (route == RouteType::kAnycast && wanted & bit(RouteType::kAnycast));
}

bool is_of_type(const Passage& passage, const Address& address, uint16_t wanted, uint32_t device) {
  const router::Router& router = passage.world.router;
  return passage.is_v4() ? (wanted & bit(router.address_type(address, device))) != 0
                         : is_of_type_v6(router, address, wanted, device);
}

bool under(const AddressMatch& match, const std::array<uint8_t, 16>& address, size_t size) {
  for (size_t i = 0; i < size; ++i)
    if ((address[i] ^ match.address.bytes[i]) & match.mask.bytes[i]) return false;
  return true;
}

uint16_t state_of(const Passage& passage, const Conn* ct) {
  if (!ct)
    return passage.skb.ct.info == CtInfo::kUntracked ? ConntrackMatch::kUntracked
                                                     : ConntrackMatch::kInvalid;
  uint16_t state = 0;
  switch (passage.info()) {
    case CtInfo::kEstablished:
    case CtInfo::kEstablishedReply: state = ConntrackMatch::kEstablished; break;
    case CtInfo::kRelated:
    case CtInfo::kRelatedReply: state = ConntrackMatch::kRelated; break;
    case CtInfo::kNew: state = ConntrackMatch::kNew; break;
    case CtInfo::kUntracked:
    case CtInfo::kInvalid: break;
  }
  if (ct->has(kSrcNat)) state |= ConntrackMatch::kSnat;
  if (ct->has(kDstNat)) state |= ConntrackMatch::kDnat;
  return state;
}

/// One match asked of one packet.
class Question {
 public:
  Question(Passage& passage, uint32_t state) : p_(passage), state_(state) {}

  bool operator()(const TcpMatch& match) const;
  bool operator()(const UdpMatch& match) const;
  bool operator()(const SctpMatch& match) const;
  bool operator()(const IcmpMatch& match) const;
  bool operator()(const MultiportMatch& match) const;
  bool operator()(const ConntrackMatch& match) const;
  bool operator()(const MarkMatch& match) const;
  bool operator()(const ConnlabelMatch& match) const;
  bool operator()(const ConnbytesMatch& match) const;
  bool operator()(const CommentMatch&) const { return true; }
  bool operator()(const LimitMatch&) const {
    return p_.states.limit(state_, p_.world.tracker.now());
  }
  bool operator()(const LengthMatch& match) const;
  bool operator()(const TtlMatch& match) const;
  bool operator()(const TosMatch& match) const;
  bool operator()(const DscpMatch& match) const;
  bool operator()(const IprangeMatch& match) const;
  bool operator()(const AddrtypeMatch& match) const;
  bool operator()(const StatisticMatch& match) const;
  bool operator()(const MacMatch& match) const;
  bool operator()(const PkttypeMatch& match) const;
  bool operator()(const RecentMatch& match) const;
  bool operator()(const RtMatch& match) const;
  bool operator()(const PhysdevMatch& match) const;

 private:
  bool chunks_hold(const SctpMatch& match, uint32_t offset) const;
  uint8_t ttl() const { return p_.skb.data[p_.is_v4() ? 8 : 7]; }
  /// TOS or traffic class.
  uint8_t tos() const {
    if (p_.is_v4()) return p_.skb.data[1];
    return static_cast<uint8_t>(load16(p_.skb.data) >> 4);
  }
  const uint8_t* routing_header() const;

  Passage& p_;
  uint32_t state_;
};

// ---- transport ----

bool Question::operator()(const TcpMatch& match) const {
  constexpr uint32_t kHeader = 20;
  if (p_.fragment_offset != 0) {
    // A fragment that could overwrite the flags of a header that passed already.
    if (p_.fragment_offset == 1) p_.hot_drop = true;
    return false;
  }
  const uint8_t* tcp = p_.transport(kHeader);
  if (!tcp || !match.sport.holds(load16(tcp)) || !match.dport.holds(load16(tcp + 2))) return false;
  if (((tcp[13] & match.flags_mask) == match.flags_compare) == match.flags_invert) return false;
  if (match.option == 0) return true;
  const uint32_t length = (tcp[12] >> 4) * 4u;
  if (length < kHeader) {
    p_.hot_drop = true;
    return false;
  }
  const uint8_t* whole = p_.transport(length);
  if (!whole) return false;
  return has_tcp_option({whole + kHeader, whole + length}, match.option) != match.option_invert;
}

bool Question::operator()(const UdpMatch& match) const {
  if (p_.fragment_offset != 0) return false;
  const uint8_t* udp = p_.transport(8);
  return udp && match.sport.holds(load16(udp)) && match.dport.holds(load16(udp + 2));
}

bool Question::operator()(const SctpMatch& match) const {
  constexpr uint32_t kHeader = 12;
  if (p_.fragment_offset != 0) return false;
  const uint8_t* sctp = p_.transport(kHeader);
  if (!sctp || (match.sport && !match.sport->holds(load16(sctp))) ||
      (match.dport && !match.dport->holds(load16(sctp + 2))))
    return false;
  return match.chunks == SctpMatch::Chunks::kNotAsked ||
         chunks_hold(match, kHeader) != match.chunks_invert;
}

/// A walk over the chunks, the first of which is behind `offset` bytes of transport. A packet in
/// which a chunk's header is missing, or has no length, is dropped; the negated match holds for it.
bool Question::chunks_hold(const SctpMatch& match, uint32_t offset) const {
  using Chunks = SctpMatch::Chunks;
  constexpr uint32_t kChunkHeader = 4;
  std::bitset<256> missing = match.types;
  do {
    const uint8_t* head = p_.transport(offset + kChunkHeader);
    if (head && load16(head + offset + 2) == 0) p_.hot_drop = true;
    if (p_.hot_drop) return false;
    if (!head) return match.chunks_invert;
    const uint8_t* chunk = head + offset;
    const auto flags = std::ranges::find(match.flags, chunk[0], &SctpMatch::ChunkFlags::type);
    const bool wanted = match.types[chunk[0]] &&
                        (flags == match.flags.end() || (chunk[1] & flags->mask) == flags->flags);
    if (wanted && match.chunks == Chunks::kAny) return true;
    if (!wanted && match.chunks == Chunks::kOnly) return false;
    if (wanted) missing.reset(chunk[0]);
    offset += (load16(chunk + 2) + 3u) & ~3u;
  } while (p_.l4_offset + offset < p_.skb.packet.length);
  return match.chunks == Chunks::kOnly || (match.chunks == Chunks::kAll && missing.none());
}

bool Question::operator()(const IcmpMatch& match) const {
  constexpr uint8_t kAny = 255;
  if (p_.fragment_offset != 0) return false;
  const uint8_t* icmp = p_.transport(8);
  if (!icmp) return false;
  const bool same = icmp[0] == match.type && icmp[1] >= match.code_min && icmp[1] <= match.code_max;
  return (same || (!match.six && match.type == kAny)) != match.invert;
}

bool Question::operator()(const MultiportMatch& match) const {
  using Side = MultiportMatch::Side;
  if (p_.fragment_offset != 0) return false;
  const uint8_t* ports = p_.transport(4);
  if (!ports) return false;
  const uint16_t source = load16(ports), destination = load16(ports + 2);
  const bool found = std::ranges::any_of(match.ports, [&](const Interval<uint16_t>& range) {
    return (match.side != Side::kDestination && range.holds(source)) ||
           (match.side != Side::kSource && range.holds(destination));
  });
  return found != match.invert;
}

// ---- conntrack ----

bool Question::operator()(const ConntrackMatch& match) const {
  using M = ConntrackMatch;
  const Conn* ct = p_.entry();
  // A part that is not asked holds.
  const auto part = [&](M::Part which, bool is) {
    return !(match.asked & which) || is != ((match.inverted & which) != 0);
  };
  if (!part(M::kState, (state_of(p_, ct) & match.states) != 0)) return false;
  if (!ct) return match.asked & M::kState;

  const bool original = direction_of(p_.info()) == Direction::kOriginal;
  if (!part(M::kDirection, original == match.original)) return false;
  const size_t size = p_.address_size();
  const auto& [orig, repl] = ct->tuple;
  if (!part(M::kOrigSrc, under(match.orig_src, orig.src, size)) ||
      !part(M::kOrigDst, under(match.orig_dst, orig.dst, size)) ||
      !part(M::kReplSrc, under(match.repl_src, repl.src, size)) ||
      !part(M::kReplDst, under(match.repl_dst, repl.dst, size)))
    return false;

  if (!part(M::kProto, orig.proto == match.proto)) return false;
  const auto within = [](const Interval<uint16_t>& range, uint16_t key) {
    const uint16_t port = ntohs(key);
    return port >= range.min && port <= range.max;
  };
  if (!part(M::kOrigSrcPort, within(match.orig_src_port, orig.src_key)) ||
      !part(M::kOrigDstPort, within(match.orig_dst_port, orig.dst_key)) ||
      !part(M::kReplSrcPort, within(match.repl_src_port, repl.src_key)) ||
      !part(M::kReplDstPort, within(match.repl_dst_port, repl.dst_key)))
    return false;

  if (!part(M::kStatus, (match.statuses & ct->status) != 0)) return false;
  // The timer of an entry that is not confirmed is not running: the kernel sees no time left.
  const conntrack::Tick left =
      ct->has(kConfirmed) ? ct->expiry - p_.world.tracker.now() : conntrack::Tick{0};
  const auto seconds =
      static_cast<uint64_t>(std::max<conntrack::Tick>(left, 0)) / conntrack::kTicksPerSecond;
  return part(M::kExpires, seconds >= match.expires.min && seconds <= match.expires.max);
}

bool Question::operator()(const MarkMatch& match) const {
  if (!match.of_connection) return ((p_.skb.mark & match.mask) == match.mark) != match.invert;
  const Conn* ct = p_.entry();
  return ct && ((ct->mark & match.mask) == match.mark) != match.invert;
}

bool Question::operator()(const ConnlabelMatch& match) const {
  Conn* ct = p_.entry();
  if (!ct || !(ct->features & conntrack::kHasLabels)) return match.invert;
  conntrack::ConnTable& table = p_.world.tracker.table();
  const conntrack::Extension* extension = table.extension(*ct);
  if (extension && extension->labels.test(match.bit)) return !match.invert;
  if (!match.set) return match.invert;
  table.extend(*ct).labels.set(match.bit);
  p_.world.tracker.cache_event(*ct, conntrack::kEventLabel);
  return !match.invert;
}

bool Question::operator()(const ConnbytesMatch& match) const {
  using What = ConnbytesMatch::What;
  using Way = ConnbytesMatch::Direction;
  const Conn* ct = p_.entry();
  if (!ct || !(ct->features & conntrack::kHasAccounting)) return false;
  const conntrack::Extension* extension = p_.world.tracker.table().extension(*ct);
  if (!extension) return false;
  uint64_t packets = 0, bytes = 0;
  if (match.direction != Way::kReply) {
    packets += extension->counters[0].packets;
    bytes += extension->counters[0].bytes;
  }
  if (match.direction != Way::kOriginal) {
    packets += extension->counters[1].packets;
    bytes += extension->counters[1].bytes;
  }
  switch (match.what) {
    case What::kPackets: return match.range.holds(packets);
    case What::kBytes: return match.range.holds(bytes);
    case What::kAverage: return match.range.holds(packets == 0 ? 0 : bytes / packets);
  }
  return false;
}

// ---- the packet itself ----

bool Question::operator()(const LengthMatch& match) const {
  const uint32_t length = p_.skb.packet.length;
  return (length >= match.length.min && length <= match.length.max) != match.length.invert;
}

bool Question::operator()(const TtlMatch& match) const {
  switch (match.how) {
    case TtlMatch::How::kEqual: return ttl() == match.value;
    case TtlMatch::How::kNotEqual: return ttl() != match.value;
    case TtlMatch::How::kLess: return ttl() < match.value;
    case TtlMatch::How::kGreater: return ttl() > match.value;
  }
  return false;
}

bool Question::operator()(const TosMatch& match) const {
  return ((tos() & match.mask) == match.value) != match.invert;
}

bool Question::operator()(const DscpMatch& match) const {
  return (tos() >> 2 == match.dscp) != match.invert;
}

bool Question::operator()(const IprangeMatch& match) const {
  const size_t size = p_.address_size();
  const auto outside = [&](const uint8_t* address, const Address& min, const Address& max) {
    return std::memcmp(address, min.bytes.data(), size) < 0 ||
           std::memcmp(address, max.bytes.data(), size) > 0;
  };
  if (match.has_source &&
      outside(p_.source(), match.source_min, match.source_max) != match.source_invert)
    return false;
  return !match.has_destination || outside(p_.destination(), match.destination_min,
                                           match.destination_max) == match.destination_invert;
}

bool Question::operator()(const AddrtypeMatch& match) const {
  const uint32_t device = match.limit_in ? p_.in : match.limit_out ? p_.out : 0;
  if (match.source != 0 &&
      is_of_type(p_, p_.source_address(), match.source, device) == match.source_invert)
    return false;
  return match.destination == 0 || is_of_type(p_, p_.destination_address(), match.destination,
                                              device) != match.destination_invert;
}

bool Question::operator()(const StatisticMatch& match) const {
  const bool chosen = match.random ? (p_.world.random.next() & INT32_MAX) < match.probability
                                   : p_.states.nth(state_, match);
  return chosen != match.invert;
}

/// Only Ethernet has such addresses; on other links neither the match nor its inverse holds.
bool Question::operator()(const MacMatch& match) const {
  constexpr size_t kEthernetHeader = 14, kSource = 6;
  const auto header = p_.skb.link_header;
  if (header.size() < kEthernetHeader) return false;
  return std::ranges::equal(header.subspan(kSource, match.address.size()), match.address) !=
         match.invert;
}

bool Question::operator()(const PkttypeMatch& match) const {
  constexpr uint8_t kFirstMulticast = 224, kLastMulticast = 239;
  PacketType type = p_.skb.type;
  if (type == PacketType::kLoopback) {
    const uint8_t first = *p_.destination();
    const bool multicast = !p_.is_v4() || (first >= kFirstMulticast && first <= kLastMulticast);
    type = multicast ? PacketType::kMulticast : PacketType::kBroadcast;
  }
  return (type == match.type) != match.invert;
}

bool Question::operator()(const RecentMatch& match) const {
  Sighting sighting;
  sighting.address = match.destination ? p_.destination_address() : p_.source_address();
  // As it was before the box took one off.
  const bool forwarded = p_.out != 0 && p_.in != 0;
  sighting.ttl = static_cast<uint8_t>(ttl() + forwarded);
  sighting.now = p_.world.tracker.now();
  return p_.states.recent(state_, match, sighting);
}

/// The routing header of an IPv6 packet; null when there is none.
const uint8_t* Question::routing_header() const {
  const packet::Packet& packet = p_.skb.packet;
  uint8_t next = p_.skb.data[6];
  uint32_t offset = kIpv6Header;
  while (next != kRoutingHeader) {
    if (!packet::is_extension(next) || next == kNoNextHeader) return nullptr;
    if (offset + bytes_asked(next) > packet.captured) break;
    const uint8_t* at = p_.skb.data + offset;
    const bool fragment = next == kFragmentHeader;
    if (fragment && (load16(at + 2) & ~7) != 0) return nullptr;
    offset += fragment ? 8 : packet::extension_length(next, at[1]);
    next = at[0];
  }
  if (offset + 4 <= packet.captured) return p_.skb.data + offset;
  if (offset + 4 > packet.length) p_.hot_drop = true;
  return nullptr;
}

bool Question::operator()(const RtMatch& match) const {
  if (p_.is_v4()) return false;
  const uint8_t* header = routing_header();
  if (!header) return false;
  const uint32_t length = (header[1] + 1u) * 8;
  const auto offset = static_cast<uint32_t>(header - p_.skb.data);
  if (p_.skb.packet.length - offset < length) {
    p_.hot_drop = true;
    return false;
  }
  const bool segments = header[3] >= match.segments_min && header[3] <= match.segments_max;
  if (match.has_segments && segments == match.segments_invert) return false;
  if (match.has_length && (length == match.length) == match.length_invert) return false;
  return !match.has_type || (header[2] == match.type) != match.type_invert;
}

/// Nothing comes by a bridge: a question holds when it is asked the other way round.
bool Question::operator()(const PhysdevMatch& match) const {
  if (!match.in.empty() && !match.in_invert) return false;
  if (!match.out.empty() && !match.out_invert) return false;
  if (match.is_in && !match.is_in_invert) return false;
  if (match.is_out && !match.is_out_invert) return false;
  return !match.is_bridged || match.is_bridged_invert;
}

/// What asks no byte of the packet, and so can be asked of one that was cut before its header ends.
bool needs_header(const Match& match) {
  return !std::holds_alternative<CommentMatch>(match) &&
         !std::holds_alternative<LimitMatch>(match) &&
         !std::holds_alternative<StatisticMatch>(match) &&
         !std::holds_alternative<ConntrackMatch>(match) &&
         !std::holds_alternative<MarkMatch>(match) && !std::holds_alternative<PhysdevMatch>(match);
}

}  // namespace

bool matches(const Match& match, uint32_t state, Passage& passage) {
  if (!passage.has_header && needs_header(match)) [[unlikely]]
    return false;
  return std::visit(Question(passage, state), match);
}

}  // namespace ctwin::rules

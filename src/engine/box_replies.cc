// What the box makes itself in answer to packets, and what leaves it in pieces.
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "engine/box.h"
#include "engine/passage.h"
#include "packet/checksum.h"
#include "router/icmp_send.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::Skb;
using rules::RejectTarget;

namespace {

struct ErrorKind {
  RejectTarget::With with;
  uint8_t type, code;    ///< ICMP
  uint8_t type6, code6;  ///< ICMPv6
};

constexpr uint8_t kUnreachable = 3, kUnreachable6 = 1;
constexpr uint32_t kDestinationV4 = 16;
constexpr uint32_t kFragmentUnit = 8;  ///< bytes; no fragment but the last has less

// The kernel's numbers for --reject-with (nf_reject_ipv4.c, nf_reject_ipv6.c: reject_map).
constexpr ErrorKind kErrors[] = {
    {RejectTarget::With::kNetUnreachable, kUnreachable, 0, 0, 0},
    {RejectTarget::With::kHostUnreachable, kUnreachable, 1, 0, 0},
    {RejectTarget::With::kProtUnreachable, kUnreachable, 2, 0, 0},
    {RejectTarget::With::kPortUnreachable, kUnreachable, 3, kUnreachable6, 4},
    {RejectTarget::With::kNetProhibited, kUnreachable, 9, 0, 0},
    {RejectTarget::With::kHostProhibited, kUnreachable, 10, 0, 0},
    {RejectTarget::With::kAdminProhibited, kUnreachable, 13, 0, 0},
    {RejectTarget::With::kNoRoute6, 0, 0, kUnreachable6, 0},
    {RejectTarget::With::kAdminProhibited6, 0, 0, kUnreachable6, 1},
    {RejectTarget::With::kAddressUnreachable6, 0, 0, kUnreachable6, 3},
    {RejectTarget::With::kPortUnreachable6, 0, 0, kUnreachable6, 4},
    {RejectTarget::With::kPolicyFail6, 0, 0, kUnreachable6, 5},
    {RejectTarget::With::kRejectRoute6, 0, 0, kUnreachable6, 6},
};

/// The bytes of an IPv6 packet that stay in front of a fragment header: what every hop reads, a
/// routing header and the options before it (ip6_find_1stfragopt). `next_at` becomes where the
/// number of the header behind them stands.
uint32_t unfragmentable_length(const Skb& skb, uint32_t& next_at) {
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kDestination = 60;
  uint32_t offset = 40;
  next_at = 6;
  bool routed = false;
  for (;;) {
    const uint8_t next = skb.data[next_at];
    const bool passed = next == kHopByHop || next == kRouting || (next == kDestination && !routed);
    if (!passed || offset + 2 > skb.packet.captured) return offset;
    routed |= next == kRouting;
    next_at = offset;
    offset += packet::extension_length(next, skb.data[offset + 1]);
  }
}

/// In a TCP header: what a device that completes the checksum begins with.
void store_pseudo_header_sum(const Skb& skb) {
  constexpr uint32_t kChecksum = 16;
  const bool v4 = skb.is_ipv4();
  const std::span<const uint8_t> addresses(skb.data + (v4 ? 12 : 8), v4 ? 8 : 32);
  const uint16_t sum =
      packet::fold_checksum(packet::add_checksum(addresses, IPPROTO_TCP + skb.packet.l4_length()));
  uint8_t* const field = skb.data + skb.packet.l4_offset + kChecksum;
  field[0] = static_cast<uint8_t>(~sum >> 8), field[1] = static_cast<uint8_t>(~sum);
}

/// For as long as it is quoted a segment has the checksum that the kernel's has until it leaves: of
/// the pseudo header alone.
class PendingChecksum {
 public:
  explicit PendingChecksum(const Skb& skb) {
    constexpr uint32_t kChecksum = 16, kSize = 20;
    if (!skb.checksum_pending || skb.packet.l4_captured() < kSize) return;
    place_ = skb.data + skb.packet.l4_offset + kChecksum;
    std::memcpy(complete_, place_, sizeof complete_);
    store_pseudo_header_sum(skb);
  }
  ~PendingChecksum() {
    if (place_) std::memcpy(place_, complete_, sizeof complete_);
  }
  PendingChecksum(const PendingChecksum&) = delete;
  PendingChecksum& operator=(const PendingChecksum&) = delete;

 private:
  uint8_t* place_ = nullptr;
  uint8_t complete_[2];
};

}  // namespace

void Box::reject(Skb& cause, RejectTarget::With with) {
  if (with == RejectTarget::With::kTcpReset) {
    std::vector<uint8_t> bytes;
    if (!router::make_tcp_reset(router_, cause, bytes)) return;
    close_flow(cause);
    send_made(bytes, cause);
    return;
  }
  if (!router::may_be_rejected(cause)) return;
  for (const ErrorKind& kind : kErrors) {
    if (kind.with != with) continue;
    const bool v4 = cause.is_ipv4();
    send_error(cause, v4 ? kind.type : kind.type6, v4 ? kind.code : kind.code6, 0);
  }
}

void Box::send_error(const Skb& cause, uint8_t type, uint8_t code, uint32_t info) {
  std::vector<uint8_t> bytes;
  const PendingChecksum pending(cause);
  if (!router::make_icmp_error(router_, cause, {type, code, info}, bytes)) return;
  if (error_limiter_.allow(source_of(cause), type, code, tracker_.now()))
    send_made(bytes, cause, cause.in);
}

/// There is a shorter way: by a neighbour on the sender's own link.
void Box::send_redirect(const Skb& cause, const router::Route& route) {
  constexpr uint8_t kRedirect = 5, kForHost = 1;
  if (!cause.is_ipv4()) return send_redirect_v6(cause, route);
  const uint8_t* next =
      route.gateway.is_set() ? route.gateway.bytes.data() : cause.data + kDestinationV4;
  send_error(cause, kRedirect, kForHost, packet::load32(next));
}

/// A neighbour's discovery message: it is about the flow, and not attached to it.
void Box::send_redirect_v6(const Skb& cause, const router::Route& route) {
  const Address destination = destination_of(cause);
  const Address next = route.gateway.is_set() ? route.gateway : destination;
  std::vector<uint8_t> bytes;
  if (!router::make_redirect_v6(router_, cause, next, bytes)) return;
  if (!error_limiter_.allow_redirect_v6(source_of(cause), destination, tracker_.now())) return;
  Skb apart;
  apart.packet = cause.packet;
  send_made(bytes, apart, cause.in);
}

/// It goes the other way in the flow of the packet that caused it (nf_conntrack_attach).
void Box::send_made(std::vector<uint8_t>& bytes, const Skb& cause, uint32_t link) {
  Skb made;
  if (packet::parse_packet(bytes, made.packet) != packet::ParseResult::kOk) return;
  made.data = bytes.data();
  made.capacity = static_cast<uint32_t>(bytes.size());
  made.packet.checksum = packet::ChecksumState::kTrusted;
  made.packet.time = cause.packet.time;
  made.packet.number = cause.packet.number;
  if (cause.ct.index != 0) {
    const bool original = direction_of(cause.ct.info) == Direction::kOriginal;
    made.ct.index = cause.ct.index;
    made.ct.info = original ? CtInfo::kRelatedReply : CtInfo::kRelated;
    made.looped = true;
  }
  made.tracked_by_none = cause.ct.info == CtInfo::kUntracked && is_icmp(made.packet.proto);
  made.checksum_pending = made.is_ipv4() && made.packet.proto == IPPROTO_TCP;
  const Passage passage(tracker_, made);
  if (observer_) observer_->begins(made, true);
  Lookup lookup;
  if (!made.looped) tracker_.look_ahead(made.packet, lookup);
  output(made, lookup, link);
}

/// The reset that is about to be sent ends the connection for both (nf_conntrack_tcp_set_closing).
void Box::close_flow(const Skb& cause) {
  constexpr uint8_t kClose = 8;
  if (cause.ct.index == 0) return;
  Conn& ct = tracker_.table()[cause.ct.index];
  if (ct.tuple[0].proto != IPPROTO_TCP || !ct.has(kConfirmed) || ct.has(kDying)) return;
  const uint8_t before = std::exchange(ct.track.tcp.state, kClose);
  if (before == kClose || ct.has(kFixedTimeout)) return;
  ct.expiry = tracker_.now() + settings_.tcp.state[kClose] * conntrack::kTicksPerSecond;
  tracker_.timer_changed(cause.ct.index);
  tracker_.cache_event(ct, conntrack::kEventProtoinfo);
}

// ---- out of a device ----

void Box::depart(const Skb& skb, std::span<const uint8_t> bytes, uint32_t length) {
  if (output_) output_({skb.out, skb.packet.time, bytes, length});
}

/// Whoever cuts it computes the checksums from that of the pseudo header.
void Box::depart_uncut(const Skb& skb) {
  const packet::Packet& packet = skb.packet;
  store_pseudo_header_sum(skb);
  if (output_)
    output_({skb.out, packet.time, std::span<const uint8_t>(skb.data, packet.captured),
             packet.length, packet.segment_size, packet.l4_offset});
}

/// Whole, or in fragments no larger than those it came in, but for IPv6's least MTU (ip_fragment,
/// ip6_fragment).
void Box::emit(Skb& skb, const router::Route& route) {
  constexpr uint16_t kDontFragment = 0x4000;
  constexpr uint8_t kFragmentationNeeded = 4, kPacketTooBig = 2;
  constexpr uint32_t kMinMtuV6 = 1280;
  const packet::Packet& packet = skb.packet;
  const bool v4 = skb.is_ipv4();
  uint32_t mtu = router_.interfaces()[skb.out].mtu;
  if (route.mtu != 0 && route.mtu < mtu) mtu = route.mtu;
  const uint32_t largest = skb.largest_fragment;
  if (packet.segment_size != 0 && packet.largest_piece() <= mtu) {
    depart_uncut(skb);
    return ends(skb, "sent");
  }
  if (packet.length <= mtu && (largest == 0 || (!v4 && packet.length <= largest))) {
    depart(skb, {skb.data, packet.captured}, packet.length);
    return ends(skb, "sent");
  }
  const bool refuses =
      packet.segment_size != 0 || (v4 && (packet::load16(skb.data + 6) & kDontFragment) != 0 &&
                                   (largest == 0 || largest > mtu));
  if (refuses || (!v4 && (largest == 0 || largest > mtu))) {
    send_error(skb, v4 ? kUnreachable : kPacketTooBig, v4 ? kFragmentationNeeded : 0, mtu);
    return ends(skb, "dropped: larger than the link carries");
  }
  if (largest != 0) mtu = std::min(mtu, v4 ? largest : std::max(largest, kMinMtuV6));
  v4 ? emit_fragments_v4(skb, mtu) : emit_fragments_v6(skb, mtu);
  ends(skb, "sent in fragments");
}

void Box::emit_fragments_v4(const Skb& skb, uint32_t mtu) {
  constexpr uint16_t kMoreFragments = 0x2000;
  const packet::Packet& packet = skb.packet;
  const uint32_t header = (skb.data[0] & 0x0fu) * 4;
  const uint32_t payload = packet.length - header;
  const uint32_t room = mtu < header + kFragmentUnit ? kFragmentUnit : (mtu - header) & ~7u;
  for (uint32_t at = 0; at < payload; at += room) {
    const uint32_t size = std::min(room, payload - at);
    const uint32_t there = packet.captured > header + at ? packet.captured - header - at : 0;
    fragment_.assign(skb.data, skb.data + header);
    fragment_.insert(fragment_.end(), skb.data + header + at,
                     skb.data + header + at + std::min(size, there));
    const uint32_t total = header + size;
    const uint32_t field = at / 8 | (at + size < payload ? kMoreFragments : 0u);
    fragment_[2] = static_cast<uint8_t>(total >> 8), fragment_[3] = static_cast<uint8_t>(total);
    fragment_[6] = static_cast<uint8_t>(field >> 8), fragment_[7] = static_cast<uint8_t>(field);
    fragment_[10] = fragment_[11] = 0;
    const uint16_t sum = packet::fold_checksum(packet::add_checksum({fragment_.data(), header}, 0));
    fragment_[10] = static_cast<uint8_t>(sum >> 8), fragment_[11] = static_cast<uint8_t>(sum);
    depart(skb, fragment_, total);
  }
}

void Box::emit_fragments_v6(const Skb& skb, uint32_t mtu) {
  constexpr uint32_t kHeader = 40, kFragmentHeader = 8;
  constexpr uint8_t kFragment = 44;
  const packet::Packet& packet = skb.packet;
  uint32_t next_at = 0;
  const uint32_t front = unfragmentable_length(skb, next_at);
  const uint32_t payload = packet.length - front;
  const uint32_t least = front + kFragmentHeader + kFragmentUnit;
  const uint32_t room = mtu < least ? kFragmentUnit : (mtu - front - kFragmentHeader) & ~7u;
  const uint8_t next = skb.data[next_at];
  const uint32_t id = static_cast<uint32_t>(tracker_.random().next());
  for (uint32_t at = 0; at < payload; at += room) {
    const uint32_t size = std::min(room, payload - at);
    const uint32_t there = packet.captured > front + at ? packet.captured - front - at : 0;
    const uint32_t field = at | (at + size < payload ? 1u : 0u);
    const uint32_t total = front + kFragmentHeader + size;
    fragment_.assign(skb.data, skb.data + front);
    fragment_[next_at] = kFragment;
    const uint32_t length = total - kHeader;
    fragment_[4] = static_cast<uint8_t>(length >> 8), fragment_[5] = static_cast<uint8_t>(length);
    for (const uint32_t byte :
         {uint32_t{next}, 0u, field >> 8, field, id >> 24, id >> 16, id >> 8, id})
      fragment_.push_back(static_cast<uint8_t>(byte));
    fragment_.insert(fragment_.end(), skb.data + front + at,
                     skb.data + front + at + std::min(size, there));
    depart(skb, fragment_, total);
  }
}

}  // namespace ctwin::engine

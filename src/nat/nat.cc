#include "nat/nat.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "conntrack/tuple.h"
#include "nat/manip.h"
#include "packet/checksum.h"

namespace ctwin::nat {

using conntrack::Conn;
using conntrack::ConnIndex;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::Hook;
using conntrack::Skb;
using conntrack::TupleKey;

namespace {

constexpr size_t kFirstBuckets = 1024;

uint32_t nat_bit(Manip manip) { return manip == Manip::kSource ? kSrcNat : kDstNat; }
uint32_t done_bit(Manip manip) { return manip == Manip::kSource ? kSrcNatDone : kDstNatDone; }
constexpr Manip opposite(Manip manip) {
  return manip == Manip::kSource ? Manip::kDestination : Manip::kSource;
}

/// The status bit that says whether packets of this direction are rewritten on that side: answers
/// have their destination rewritten where queries had their source.
uint32_t wanted_bit(Manip manip, Direction dir) {
  return nat_bit(dir == Direction::kReply ? opposite(manip) : manip);
}

bool same_source(const TupleKey& a, const TupleKey& b) {
  return a.src == b.src && a.src_key == b.src_key && a.proto == b.proto && a.family == b.family &&
         a.zone == b.zone;
}

}  // namespace

Nat::Nat(conntrack::Tracker& tracker) : tracker_(tracker) { tracker_.watch_entries(this); }
Nat::~Nat() { tracker_.watch_entries(nullptr); }

// ---- bindings ----

bool Nat::set_up(ConnIndex index, const Range& range, Manip manip) {
  if (manip == Manip::kSource) last_range_ = range;
  return map(index, range, manip);
}

bool Nat::map(ConnIndex index, const Range& range, Manip manip) {
  Conn& ct = tracker_.table()[index];
  if (ct.has(kConfirmed)) return true;
  TupleKey current;
  conntrack::invert_tuple(ct.tuple[1], ct.tuple[0].zone, current);
  const TupleKey chosen = choose_unique(tracker_, *this, ct, current, range, manip);
  if (!(chosen == current)) {
    conntrack::invert_tuple(chosen, ct.tuple[1].zone, ct.tuple[1]);
    ct.status |= nat_bit(manip);
  }
  if (manip == Manip::kSource) remember_source(index);
  ct.status |= done_bit(manip);
  return true;
}

bool Nat::set_up_null(ConnIndex index, Manip manip) {
  const TupleKey& reply = tracker_.table()[index].tuple[1];
  Range range;
  range.flags = kMapIps;
  range.min_address.family = reply.family;
  range.min_address.bytes = manip == Manip::kSource ? reply.dst : reply.src;
  range.max_address = range.min_address;
  return map(index, range, manip);
}

// ---- the by-source list ----

/// Any spread does: who shares a source shares a bucket, whatever the hash.
uint32_t Nat::tag_of(const TupleKey& tuple) {
  uint64_t words[2];
  std::memcpy(words, tuple.src.data(), sizeof words);
  const uint64_t rest = uint64_t{tuple.src_key} << 8 | tuple.proto;
  uint64_t hash = (words[0] ^ rest << 32) * 0x9e3779b97f4a7c15;
  hash = (hash ^ hash >> 29 ^ words[1]) * 0xbf58476d1ce4e5b9;
  return static_cast<uint32_t>(hash >> 32) | 1;
}

Nat::Link& Nat::link_of(ConnIndex index) {
  if (links_.size() == 0) links_ = ReservedArray<Link>(size_t{tracker_.table().capacity()} + 1);
  links_end_ = std::max<size_t>(links_end_, index + 1);
  return links_[index];
}

Nat::Head Nat::head_for(ConnIndex first) const {
  if (first == 0) return {};
  const Link& link = links_[first];
  return {first, (link.tag & ~Head::kOthersBehind) | (link.next != 0 ? Head::kOthersBehind : 0)};
}

void Nat::push_front(ConnIndex index, uint32_t tag) {
  Head& head = heads_[bucket_of(tag)];
  Link& link = links_[index];
  link.next = head.first;
  link.previous = 0;
  link.tag = tag;
  if (head.first != 0) links_[head.first].previous = index;
  head = head_for(index);
}

void Nat::remember_source(ConnIndex index) {
  if (heads_.size() == 0) heads_ = ReservedArray<Head>(kFirstBuckets);
  if (sources_ * 2 >= heads_.size()) grow();
  if (link_of(index).tag != 0) return;
  ++sources_;
  push_front(index, tag_of(tracker_.table()[index].tuple[0]));
}

/// Oldest first, so that the youngest stays in front.
void Nat::grow() {
  constexpr size_t kAhead = 8;
  const ReservedArray<Head> old = std::exchange(heads_, ReservedArray<Head>(heads_.size() * 2));
  for (size_t i = 0; i < old.size(); ++i) {
    if (i + kAhead < old.size()) __builtin_prefetch(&links_[old[i + kAhead].first], 1);
    ConnIndex index = old[i].first;
    if (index == 0) continue;
    while (links_[index].next != 0) index = links_[index].next;
    while (index != 0) {
      const ConnIndex younger = links_[index].previous;
      push_front(index, links_[index].tag);
      index = younger;
    }
  }
}

void Nat::forget(ConnIndex index) {
  if (links_end_ <= index) return;
  Link& link = links_[index];
  if (link.tag != 0) {
    if (link.previous != 0)
      links_[link.previous].next = link.next;
    else
      heads_[bucket_of(link.tag)] = head_for(link.next);
    if (link.next != 0) links_[link.next].previous = link.previous;
    --sources_;
  }
  link = {};
}

void Nat::await_source(const TupleKey& tuple) const {
  if (heads_.size() == 0) return;
  __builtin_prefetch(&heads_[bucket_of(tag_of(tuple))], 1);
  TupleKey mapped = tuple, reply;
  choose_address(mapped, last_range_, Manip::kSource, tuple.zone);
  const conntrack::ConnTable& table = tracker_.table();
  if (conntrack::invert_tuple(mapped, tuple.zone, reply)) table.prefetch_bucket(table.hash(reply));
}

bool Nat::find(const TupleKey& tuple, const Range& range, TupleKey& mapped) const {
  if (heads_.size() == 0) return false;
  const conntrack::ConnTable& table = tracker_.table();
  const uint32_t wanted = tag_of(tuple);
  const Head& head = heads_[bucket_of(wanted)];
  if ((head.tag | 1) != wanted && !(head.tag & Head::kOthersBehind)) return false;
  for (ConnIndex index = head.first; index != 0; index = links_[index].next) {
    if (links_[index].tag != wanted) continue;
    const Conn& other = table[index];
    if (!same_source(other.tuple[0], tuple)) continue;
    conntrack::invert_tuple(other.tuple[1], tuple.zone, mapped);
    mapped.dst = tuple.dst;
    mapped.dst_key = tuple.dst_key;
    if (in_range(mapped, range, Manip::kSource)) return true;
  }
  return false;
}

// ---- devices ----

void Nat::bind_to_device(ConnIndex index, uint32_t device) {
  link_of(index).device = device;
  tracker_.table()[index].features |= conntrack::kBoundToDevice;
}

void Nat::restore(ConnIndex index, uint32_t device) {
  if (tracker_.table()[index].has(kSrcNatDone)) remember_source(index);
  if (device != 0) link_of(index).device = device;
}

bool Nat::left_its_device(const Skb& skb) const {
  const Conn& ct = tracker_.table()[skb.ct.index];
  if (!(ct.features & conntrack::kBoundToDevice)) return false;
  return direction_of(skb.ct.info) == Direction::kOriginal &&
         links_[skb.ct.index].device != skb.out;
}

void Nat::end_flow(const Skb& skb) {
  Conn& ct = tracker_.table()[skb.ct.index];
  tracker_.account(ct, skb.ct.info, skb.packet);
  tracker_.kill(ct);
}

// ---- packets ----

bool Nat::translate(Skb& skb, Hook hook) {
  if (skb.ct.info == CtInfo::kRelated || skb.ct.info == CtInfo::kRelatedReply)
    if (is_icmp(skb.packet.proto)) return translate_error(skb, hook);
  const Conn& ct = tracker_.table()[skb.ct.index];
  const Manip manip = manip_at(hook);
  const Direction dir = direction_of(skb.ct.info);
  if (!ct.has(wanted_bit(manip, dir))) return true;
  TupleKey target;
  conntrack::invert_tuple(ct.tuple[index_of(opposite(dir))], 0, target);
  return rewrite(headers_of(skb), target, manip);
}

/// The error itself, and the packet that it quotes: that one is seen from its other end.
bool Nat::translate_error(Skb& skb, Hook hook) {
  constexpr uint32_t kIcmpHeader = 8;
  constexpr uint8_t kRedirect = 5, kRedirectV6 = 137;
  const packet::Packet& packet = skb.packet;
  const bool v4 = skb.is_ipv4();
  if (packet.l4_length() < kIcmpHeader + (v4 ? 20 : 40)) return false;
  const bool sum_ok = v4 ? packet::plain_checksum_ok(packet)
                         : packet::transport_checksum_ok(packet, IPPROTO_ICMPV6);
  if (!sum_ok) return false;
  const Conn& ct = tracker_.table()[skb.ct.index];
  if (packet.l4()[0] == (v4 ? kRedirect : kRedirectV6)) {
    if (!ct.has(kSrcNatDone | kDstNatDone) || ct.status & (kSrcNat | kDstNat)) return false;
  }
  const Manip manip = manip_at(hook);
  const Direction dir = direction_of(skb.ct.info);
  if (!ct.has(wanted_bit(manip, dir))) return true;
  if (packet.l4_captured() < kIcmpHeader + (v4 ? 20 : 40)) return true;
  const TupleKey& theirs = ct.tuple[index_of(opposite(dir))];
  if (!rewrite(headers_of(skb, packet.l4_offset + kIcmpHeader), theirs, opposite(manip)))
    return false;
  if (packet.captured == packet.length) finish_icmp_checksum(packet, skb.data);
  TupleKey target;
  conntrack::invert_tuple(theirs, 0, target);
  target.proto = packet.proto;
  return rewrite(headers_of(skb), target, manip);
}

}  // namespace ctwin::nat

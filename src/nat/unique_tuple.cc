#include "nat/unique_tuple.h"

#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "conntrack/tuple.h"
#include "conntrack/zone.h"

namespace ctwin::nat {

using conntrack::Conn;
using conntrack::ConnTable;
using conntrack::Direction;
using conntrack::Tracker;
using conntrack::TupleKey;

namespace {

/// The most candidates that one round of the search tries, and where rounds end.
constexpr uint32_t kMostAttempts = 128;
constexpr uint32_t kFewestAttempts = 16;
/// When so few attempts are left, entries in TIME_WAIT are no obstacle any more.
constexpr uint32_t kHarderThreshold = 32;

bool has_ports(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
         proto == IPPROTO_SCTP;
}

/// What is mapped of the transport: a port, a key, or ICMP's id, which both sides share.
uint16_t& key_of(TupleKey& tuple, Manip manip) {
  return manip == Manip::kSource || conntrack::is_icmp_key(tuple) ? tuple.src_key : tuple.dst_key;
}
uint16_t key_of(const TupleKey& tuple, Manip manip) {
  return key_of(const_cast<TupleKey&>(tuple), manip);
}

bool address_in_range(const std::array<uint8_t, 16>& address, const Range& range) {
  return address >= range.min_address.bytes && address <= range.max_address.bytes;
}

/// Protocols without ports fit into any range (l4proto_in_range).
bool key_in_range(const TupleKey& tuple, const Range& range, Manip manip) {
  if (!has_ports(tuple.proto) && !conntrack::is_icmp_key(tuple) && tuple.proto != IPPROTO_GRE)
    return true;
  const uint16_t key = ntohs(key_of(tuple, manip));
  return key >= range.min_port && key <= range.max_port;
}

/// Bob Jenkins' hash of four words, as the kernel's jhash2 computes it (lookup3): the choice of an
/// address depends on it.
uint32_t jhash4(const uint32_t (&words)[4], uint32_t seed) {
  constexpr uint32_t kInit = 0xdeadbeef;
  uint32_t a = kInit + (4 << 2) + seed, b = a, c = a;
  a += words[0], b += words[1], c += words[2];
  a -= c, a ^= std::rotl(c, 4), c += b;
  b -= a, b ^= std::rotl(a, 6), a += c;
  c -= b, c ^= std::rotl(b, 8), b += a;
  a -= c, a ^= std::rotl(c, 16), c += b;
  b -= a, b ^= std::rotl(a, 19), a += c;
  c -= b, c ^= std::rotl(b, 4), b += a;
  a += words[3];
  c ^= b, c -= std::rotl(b, 14);
  a ^= c, a -= std::rotl(c, 11);
  b ^= a, b -= std::rotl(a, 25);
  c ^= b, c -= std::rotl(b, 16);
  a ^= c, a -= std::rotl(c, 4);
  b ^= a, b -= std::rotl(a, 14);
  c ^= b, c -= std::rotl(b, 24);
  return c;
}

uint32_t raw_word(const std::array<uint8_t, 16>& address, size_t i) {
  uint32_t word;
  std::memcpy(&word, address.data() + 4 * i, sizeof word);
  return word;
}

/// In whatever zones.
bool same_ends(const TupleKey& a, TupleKey b) {
  b.zone = a.zone;
  return a == b;
}

class UniqueTuple {
 public:
  UniqueTuple(Tracker& tracker, const Conn& ct, const Range& range, Manip manip)
      : tracker_(tracker), ct_(ct), range_(range), manip_(manip) {}

  TupleKey choose(const SourceIndex& sources, const TupleKey& current) {
    const bool random = range_.has(kProtoRandom | kProtoRandomFully);
    const bool keeps = in_range(current, range_, Manip::kSource);
    if (manip_ == Manip::kSource && !random && keeps && !is_used_beside_mirror(current))
      return current;
    TupleKey tuple = current;
    choose_address(tuple, range_, manip_, conntrack::zone_of(ct_).id);
    if (manip_ == Manip::kSource && !random && !keeps) {
      // Most likely no flow has that source: have its table's memory ready by then.
      await_user_of(tuple);
      TupleKey mapped;
      if (sources.find(current, range_, mapped) && !is_used(mapped)) return mapped;
    }
    if (!random && is_fit(tuple)) return tuple;
    search_key(tuple);
    return tuple;
  }

 private:
  bool is_fit(const TupleKey& tuple) {
    if (!range_.has(kProtoSpecified)) return !is_used(tuple);
    return !range_.has(kProtoOffset) && key_in_range(tuple, range_, manip_) &&
           (range_.min_port == range_.max_port || !is_used(tuple));
  }

  /// Who waits for the answers to `tuple`. An entry with the same original tuple is the same flow.
  ConnTable::Found user_of(const TupleKey& tuple) const {
    TupleKey reply;
    conntrack::invert_tuple(tuple, ct_.tuple[1].zone, reply);
    const ConnTable& table = tracker_.table();
    const ConnTable::Found found =
        find_clash(table, reply, conntrack::zone_of(ct_), Direction::kReply);
    if (found.index == 0) return found;
    return table[found.index].tuple[0] == ct_.tuple[0] ? ConnTable::Found{} : found;
  }

  void await_user_of(const TupleKey& tuple) const {
    TupleKey reply;
    conntrack::invert_tuple(tuple, ct_.tuple[1].zone, reply);
    const ConnTable& table = tracker_.table();
    table.prefetch_bucket(table.hash(reply));
  }

  bool is_used(const TupleKey& tuple) {
    const bool used = user_of(tuple).index != 0;
    tracker_.stats().found += used;
    return used;
  }

  /// The same flow seen from its other end is no obstacle where clashes are resolved: its packets
  /// crossed ours (nf_nat_used_tuple_new).
  bool is_used_beside_mirror(const TupleKey& tuple) {
    if (!is_used(tuple)) return false;
    if (!conntrack::allows_clash(tuple.proto)) return true;
    const ConnTable& table = tracker_.table();
    ConnTable::Found found = table.find(tuple);
    if (found.index == 0) found = user_of(tuple);
    if (found.index == 0) return false;
    const Conn& other = table[found.index];
    if (other.status & (kSrcNat | kDstNat | kSeqAdjust)) return true;
    return !(same_ends(other.tuple[0], ct_.tuple[1]) && same_ends(other.tuple[1], ct_.tuple[0]));
  }

  /// The same, but takes the place of an old connection when few attempts are left
  /// (nf_nat_used_tuple_harder).
  bool is_used_after_all(const TupleKey& tuple, uint32_t attempts_left) {
    constexpr uint8_t kSynSent = 1, kTimeWait = 7;
    if (attempts_left > kHarderThreshold || tuple.proto != IPPROTO_TCP ||
        ct_.track.tcp.state != kSynSent)
      return is_used(tuple);
    const ConnTable::Found found = user_of(tuple);
    if (found.index == 0) return false;
    Conn& other = tracker_.table()[found.index];
    const bool may_end = found.dir == Direction::kReply && other.has(kSrcNat) &&
                         !(other.status & (kFixedTimeout | kDying | kOffload)) &&
                         other.track.tcp.state >= kTimeWait;
    const uint32_t advance = ct_.track.tcp.seen[0].td_end - other.track.tcp.seen[0].td_end;
    if (!may_end || static_cast<int32_t>(advance) <= 0) return true;
    tracker_.destroy(found.index, 0);
    return false;
  }

  struct KeyRange {
    uint32_t first, size;
  };

  /// Where ports are searched when the range names none: near what they were used for.
  static KeyRange usual_ports(uint16_t port) {
    constexpr uint32_t kPrivileged = 1024, kLowest = 512, kMiddle = 600;
    if (port < kLowest) return {1, kLowest - 1};
    if (port < kPrivileged) return {kMiddle, kPrivileged - kMiddle};
    return {kPrivileged, 65536 - kPrivileged};
  }

  KeyRange keys(const TupleKey& tuple) const {
    if (range_.has(kProtoSpecified)) {
      const auto [low, high] = std::minmax(range_.min_port, range_.max_port);
      return {low, high - low + 1u};
    }
    if (conntrack::is_icmp_key(tuple)) return {0, 65536};
    if (tuple.proto == IPPROTO_GRE) return {1, 65535};
    return usual_ports(ntohs(key_of(tuple, manip_)));
  }

  bool may_search(const TupleKey& tuple) const {
    if (conntrack::is_icmp_key(tuple)) return true;
    if (tuple.proto == IPPROTO_GRE) return ct_.has(kExpected);
    return has_ports(tuple.proto) && (range_.has(kProtoSpecified) || manip_ == Manip::kSource);
  }

  uint32_t random16() { return static_cast<uint32_t>(tracker_.random().below(65536)); }

  uint32_t first_offset(uint16_t key) {
    if (range_.has(kProtoOffset)) return static_cast<uint32_t>(ntohs(key) - range_.base_port);
    const bool random = range_.has(kProtoRandom | kProtoRandomFully) || manip_ == Manip::kSource;
    return random ? random16() : 0;
  }

  /// Tries keys until one is free; the last one stays if none is (nf_nat_l4proto_unique_tuple).
  void search_key(TupleKey& tuple) {
    if (!may_search(tuple)) return;
    uint16_t& key = key_of(tuple, manip_);
    const KeyRange range = keys(tuple);
    uint32_t offset = first_offset(key);
    for (uint32_t attempts = std::min(range.size, kMostAttempts);; attempts /= 2) {
      for (uint32_t i = 0; i < attempts; ++i, ++offset) {
        // In 16 bits, as the kernel counts.
        key = htons(static_cast<uint16_t>(range.first + (offset & 0xffff) % range.size));
        if (!is_used_after_all(tuple, attempts - i)) return;
      }
      if (attempts >= range.size || attempts < kFewestAttempts) return;
      offset = random16();
    }
  }

  Tracker& tracker_;
  const Conn& ct_;
  const Range& range_;
  Manip manip_;
};

}  // namespace

bool in_range(const TupleKey& tuple, const Range& range, Manip manip) {
  const auto& address = manip == Manip::kSource ? tuple.src : tuple.dst;
  if (range.has(kMapIps) && !address_in_range(address, range)) return false;
  return !range.has(kProtoSpecified) || key_in_range(tuple, range, manip);
}

void choose_address(TupleKey& tuple, const Range& range, Manip manip, uint16_t zone) {
  if (!range.has(kMapIps)) return;
  auto& address = manip == Manip::kSource ? tuple.src : tuple.dst;
  if (range.min_address.bytes == range.max_address.bytes) {
    address = range.min_address.bytes;
    return;
  }
  const size_t words = tuple.family == AF_INET ? 1 : 4;
  const bool persistent = range.has(kPersistent);
  const uint32_t source[4] = {raw_word(tuple.src, 0), raw_word(tuple.src, 1),
                              raw_word(tuple.src, 2), raw_word(tuple.src, 3)};
  uint32_t draw = jhash4(source, persistent ? 0 : raw_word(tuple.dst, words - 1) ^ zone);
  bool below_max = false;
  for (size_t i = 0; i < words; ++i) {
    const uint32_t low = below_max ? 0 : ntohl(raw_word(range.min_address.bytes, i));
    const uint32_t size =
        below_max ? UINT32_MAX : ntohl(raw_word(range.max_address.bytes, i)) - low + 1;
    const uint32_t word = htonl(low + static_cast<uint32_t>((uint64_t{draw} * size) >> 32));
    std::memcpy(address.data() + 4 * i, &word, sizeof word);
    if (word != raw_word(range.max_address.bytes, i)) below_max = true;
    if (!persistent) draw ^= raw_word(tuple.dst, i);
  }
}

TupleKey choose_unique(Tracker& tracker, const SourceIndex& sources, const Conn& ct,
                       const TupleKey& current, const Range& range, Manip manip) {
  return UniqueTuple(tracker, ct, range, manip).choose(sources, current);
}

}  // namespace ctwin::nat

#include "engine/nat_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

#include "conntrack/tuple.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnTable;
using conntrack::Direction;
using conntrack::Tracker;
using conntrack::TupleKey;
using netlink::Attr;

namespace {

constexpr size_t kNatAttrs = CTA_NAT_V6_MAXIP + 1;
constexpr size_t kPortAttrs = CTA_PROTONAT_PORT_MAX + 1;

constexpr std::array<AttrRule, kNatAttrs> kNatRules = [] {
  std::array<AttrRule, kNatAttrs> rules{};
  rules[CTA_NAT_V4_MINIP] = rules[CTA_NAT_V4_MAXIP] = kU32Rule;
  rules[CTA_NAT_V6_MINIP] = rules[CTA_NAT_V6_MAXIP] = at_least(16);
  rules[CTA_NAT_PROTO] = kNestedRule;
  return rules;
}();

constexpr std::array<AttrRule, kPortAttrs> kPortRules = [] {
  std::array<AttrRule, kPortAttrs> rules{};
  rules[CTA_PROTONAT_PORT_MIN] = rules[CTA_PROTONAT_PORT_MAX] = kU16Rule;
  return rules;
}();

/// The most candidates that one round of the search tries, and where rounds end.
constexpr uint32_t kMostAttempts = 128;
constexpr uint32_t kFewestAttempts = 16;

int read_ports(const Attr& attr, NatRequest& request) {
  Attrs<kPortAttrs> ports;
  if (const int code = read_attrs(attr.payload, kPortRules, ports)) return code;
  if (ports.has(CTA_PROTONAT_PORT_MIN)) {
    request.min_port = request.max_port = front<uint16_t>(ports[CTA_PROTONAT_PORT_MIN]);
    request.has_port = true;
  }
  if (ports.has(CTA_PROTONAT_PORT_MAX)) {
    request.max_port = front<uint16_t>(ports[CTA_PROTONAT_PORT_MAX]);
    request.has_port = true;
  }
  return 0;
}

bool is_icmp_flow(const TupleKey& tuple) { return is_icmp(tuple.proto); }

bool has_ports(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
         proto == IPPROTO_SCTP;
}

/// What is mapped of the transport: a port, a key, or ICMP's id, which both sides share.
uint16_t& key_of(TupleKey& tuple, NatSide side) {
  return side == NatSide::kSource || is_icmp_flow(tuple) ? tuple.src_key : tuple.dst_key;
}

std::array<uint8_t, 16>& address_of(TupleKey& tuple, NatSide side) {
  return side == NatSide::kSource ? tuple.src : tuple.dst;
}

/// The search for a tuple that nobody uses (get_unique_tuple).
class UniqueTuple {
 public:
  UniqueTuple(Tracker& tracker, const Conn& ct, const Zone& zone, NatSide side,
              const NatRequest& range)
      : tracker_(tracker), ct_(ct), zone_(zone), side_(side), range_(range) {}

  TupleKey choose(const TupleKey& current) {
    if (side_ == NatSide::kSource && address_fits(current) && port_fits(current) &&
        !is_used(current))
      return current;
    TupleKey tuple = current;
    if (range_.has_address) address_of(tuple, side_) = range_.min_address;
    if (range_.has_port) {
      if (port_fits(tuple) && (range_.min_port == range_.max_port || !is_used(tuple))) return tuple;
    } else if (!is_used(tuple)) {
      return tuple;
    }
    search_port(tuple);
    return tuple;
  }

 private:
  bool address_fits(TupleKey tuple) const {
    if (!range_.has_address) return true;
    const auto& address = address_of(tuple, side_);
    return address >= range_.min_address && address <= range_.max_address;
  }

  /// Protocols without ports fit into any range.
  bool port_fits(TupleKey tuple) const {
    if (!range_.has_port) return true;
    if (!has_ports(tuple.proto) && !is_icmp_flow(tuple) && tuple.proto != IPPROTO_GRE) return true;
    const uint16_t port = ntohs(key_of(tuple, side_));
    return port >= range_.min_port && port <= range_.max_port;
  }

  ConnTable::Found user_of(const TupleKey& tuple) const {
    TupleKey reply;
    conntrack::invert_tuple(tuple, 0, reply);
    const ConnTable& table = tracker_.table();
    const ConnTable::Found found = find_clash(table, reply, zone_, Direction::kReply);
    if (found.index == 0) return found;
    return table[found.index].tuple[0] == ct_.tuple[0] ? ConnTable::Found{} : found;
  }

  bool is_used(const TupleKey& tuple) {
    const bool used = user_of(tuple).index != 0;
    tracker_.stats().found += used;
    return used;
  }

  struct PortRange {
    uint32_t first, size;
  };

  /// Where ports are searched when the request names none: near what they were used for.
  static PortRange usual_range(uint16_t port) {
    constexpr uint32_t kPrivileged = 1024, kLowest = 512, kMiddle = 600;
    if (port < kLowest) return {1, kLowest - 1};
    if (port < kPrivileged) return {kMiddle, kPrivileged - kMiddle};
    return {kPrivileged, 65536 - kPrivileged};
  }

  PortRange search_range(uint16_t port) const {
    if (range_.has_port) {
      const auto [low, high] = std::minmax(range_.min_port, range_.max_port);
      return {low, high - low + 1u};
    }
    return port_is_id_ ? PortRange{0, 65536} : usual_range(port);
  }

  /// Tries ports until one is free; the last one stays if none is, as in the kernel.
  void search_port(TupleKey& tuple) {
    port_is_id_ = is_icmp_flow(tuple);
    if (!port_is_id_ && !has_ports(tuple.proto)) return;
    const bool destination = side_ == NatSide::kDestination;
    if (!port_is_id_ && !range_.has_port && destination) return;
    uint16_t& key = key_of(tuple, side_);
    const PortRange ports = search_range(ntohs(key));
    uint32_t offset = destination ? 0 : static_cast<uint32_t>(tracker_.random().below(65536));
    for (uint32_t attempts = std::min(ports.size, kMostAttempts);; attempts /= 2) {
      for (uint32_t i = 0; i < attempts; ++i, ++offset) {
        key = htons(static_cast<uint16_t>(ports.first + offset % ports.size));
        if (!is_used(tuple)) return;
      }
      if (attempts >= ports.size || attempts < kFewestAttempts) return;
      offset = static_cast<uint32_t>(tracker_.random().below(65536));
    }
  }

  Tracker& tracker_;
  const Conn& ct_;
  const Zone& zone_;
  NatSide side_;
  const NatRequest& range_;
  bool port_is_id_ = false;
};

}  // namespace

int read_nat(const Attr& attr, uint8_t family, NatRequest& request) {
  Attrs<kNatAttrs> nat;
  if (const int code = read_attrs(attr.payload, kNatRules, nat)) return code;
  const bool v4 = family == AF_INET;
  const uint16_t min = v4 ? CTA_NAT_V4_MINIP : CTA_NAT_V6_MINIP;
  const uint16_t max = v4 ? CTA_NAT_V4_MAXIP : CTA_NAT_V6_MAXIP;
  const size_t size = v4 ? 4 : 16;
  if (nat.has(min)) {
    request.has_address = true;
    std::memcpy(request.min_address.data(), nat[min].payload.data(), size);
  }
  request.max_address = request.min_address;
  if (nat.has(max)) std::memcpy(request.max_address.data(), nat[max].payload.data(), size);
  return nat.has(CTA_NAT_PROTO) ? read_ports(nat[CTA_NAT_PROTO], request) : 0;
}

void set_up_nat(Tracker& tracker, Conn& ct, const Zone& zone, NatSide side,
                const NatRequest* request) {
  const bool source = side == NatSide::kSource;
  NatRequest unchanged;
  if (!request) {
    unchanged.has_address = true;
    unchanged.min_address = unchanged.max_address = source ? ct.tuple[1].dst : ct.tuple[1].src;
    request = &unchanged;
  }
  TupleKey current;
  conntrack::invert_tuple(ct.tuple[1], 0, current);
  const TupleKey chosen = UniqueTuple(tracker, ct, zone, side, *request).choose(current);
  if (chosen != current) {
    conntrack::invert_tuple(chosen, ct.tuple[1].zone, ct.tuple[1]);
    ct.status |= source ? kSrcNat : kDstNat;
  }
  ct.status |= source ? kSrcNatDone : kDstNatDone;
}

}  // namespace ctwin::engine

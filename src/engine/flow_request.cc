#include "engine/flow_request.h"

#include <netinet/in.h>

#include <cerrno>

#include "base/tuple.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnTable;
using conntrack::Direction;
using conntrack::TupleKey;
using netlink::Attr;

const std::array<AttrRule, kFlowAttrs> kFlowRules = [] {
  std::array<AttrRule, kFlowAttrs> rules{};
  for (const uint16_t type :
       {CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_TUPLE_MASTER, CTA_PROTOINFO, CTA_HELP, CTA_NAT_SRC,
        CTA_NAT_DST, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY, CTA_FILTER})
    rules[type] = kNestedRule;
  for (const uint16_t type :
       {CTA_STATUS, CTA_STATUS_MASK, CTA_TIMEOUT, CTA_MARK, CTA_MARK_MASK, CTA_ID})
    rules[type] = kU32Rule;
  rules[CTA_ZONE] = kU16Rule;
  rules[CTA_LABELS] = rules[CTA_LABELS_MASK] = binary(sizeof(Labels));
  rules[ctnetlink::kCtaTimestampEvent] = kRejectedRule;
  return rules;
}();

namespace {

constexpr size_t kTupleAttrs = CTA_TUPLE_ZONE + 1;
constexpr size_t kIpAttrs = CTA_IP_V6_DST + 1;
constexpr size_t kProtoAttrs = CTA_PROTO_ICMPV6_CODE + 1;

constexpr std::array<AttrRule, kTupleAttrs> kTupleRules = [] {
  std::array<AttrRule, kTupleAttrs> rules{};
  rules[CTA_TUPLE_IP] = rules[CTA_TUPLE_PROTO] = kNestedRule;
  rules[CTA_TUPLE_ZONE] = kU16Rule;
  return rules;
}();

constexpr std::array<AttrRule, kIpAttrs> kIpRules = [] {
  std::array<AttrRule, kIpAttrs> rules{};
  rules[CTA_IP_V4_SRC] = rules[CTA_IP_V4_DST] = kU32Rule;
  rules[CTA_IP_V6_SRC] = rules[CTA_IP_V6_DST] = at_least(16);
  return rules;
}();

constexpr std::array<AttrRule, kProtoAttrs> kProtoRules = [] {
  std::array<AttrRule, kProtoAttrs> rules{};
  rules[CTA_PROTO_NUM] = kU8Rule;
  return rules;
}();

/// What a protocol demands beyond its number.
constexpr std::array<AttrRule, kProtoAttrs> kPortRules = [] {
  std::array<AttrRule, kProtoAttrs> rules{};
  rules[CTA_PROTO_SRC_PORT] = rules[CTA_PROTO_DST_PORT] = kU16Rule;
  return rules;
}();

constexpr std::array<AttrRule, kProtoAttrs> kIcmpRules = [] {
  std::array<AttrRule, kProtoAttrs> rules{};
  rules[CTA_PROTO_ICMP_TYPE] = rules[CTA_PROTO_ICMP_CODE] = kU8Rule;
  rules[CTA_PROTO_ICMP_ID] = kU16Rule;
  return rules;
}();

constexpr std::array<AttrRule, kProtoAttrs> kIcmpv6Rules = [] {
  std::array<AttrRule, kProtoAttrs> rules{};
  rules[CTA_PROTO_ICMPV6_TYPE] = rules[CTA_PROTO_ICMPV6_CODE] = kU8Rule;
  rules[CTA_PROTO_ICMPV6_ID] = kU16Rule;
  return rules;
}();

int read_address(const Attrs<kIpAttrs>& ip, uint16_t type, uint8_t family,
                 std::array<uint8_t, 16>& address) {
  if (!ip.has(type)) return EINVAL;
  std::memcpy(address.data(), ip[type].payload.data(), family == AF_INET ? 4 : 16);
  return 0;
}

int read_addresses(const Attr& attr, uint32_t parts, TupleKey& key) {
  Attrs<kIpAttrs> ip;
  if (const int code = read_attrs(attr.payload, kIpRules, ip)) return code;
  const bool v4 = key.family == AF_INET;
  if (parts & kPartSrc) {
    const uint16_t type = v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC;
    if (const int code = read_address(ip, type, key.family, key.src)) return code;
  }
  if (parts & kPartDst) {
    const uint16_t type = v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST;
    if (const int code = read_address(ip, type, key.family, key.dst)) return code;
  }
  return 0;
}

int read_ports(const Attrs<kProtoAttrs>& proto, uint32_t parts, TupleKey& key) {
  if (parts & kPartSrcPort) {
    if (!proto.has(CTA_PROTO_SRC_PORT)) return EINVAL;
    key.src_key = raw_front<uint16_t>(proto[CTA_PROTO_SRC_PORT]);
  }
  if (parts & kPartDstPort) {
    if (!proto.has(CTA_PROTO_DST_PORT)) return EINVAL;
    key.dst_key = raw_front<uint16_t>(proto[CTA_PROTO_DST_PORT]);
  }
  return 0;
}

/// Attribute numbers and parts of ICMP or ICMPv6.
struct IcmpNames {
  uint16_t type, code, id;
  uint32_t type_part, code_part, id_part;
};
constexpr IcmpNames kIcmpNames{CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMP_CODE, CTA_PROTO_ICMP_ID,
                               kPartIcmpType,       kPartIcmpCode,       kPartIcmpId};
constexpr IcmpNames kIcmpv6Names{CTA_PROTO_ICMPV6_TYPE, CTA_PROTO_ICMPV6_CODE, CTA_PROTO_ICMPV6_ID,
                                 kPartIcmpv6Type,       kPartIcmpv6Code,       kPartIcmpv6Id};

/// Only types that an answer exists for make a flow.
int read_icmp(const Attrs<kProtoAttrs>& proto, const IcmpNames& names, uint32_t parts,
              TupleKey& key) {
  uint8_t type_and_code[2] = {0, 0};
  if (parts & names.type_part) {
    if (!proto.has(names.type)) return EINVAL;
    type_and_code[0] = front<uint8_t>(proto[names.type]);
    if (icmp_reply_type(key.proto, type_and_code[0]) == 255) return EINVAL;
  }
  if (parts & names.code_part) {
    if (!proto.has(names.code)) return EINVAL;
    type_and_code[1] = front<uint8_t>(proto[names.code]);
  }
  if (parts & names.id_part) {
    if (!proto.has(names.id)) return EINVAL;
    key.src_key = raw_front<uint16_t>(proto[names.id]);
  }
  std::memcpy(&key.dst_key, type_and_code, sizeof key.dst_key);
  return 0;
}

int read_proto(const Attr& attr, uint32_t parts, TupleKey& key) {
  Attrs<kProtoAttrs> proto;
  if (const int code = read_attrs(attr.payload, kProtoRules, proto)) return code;
  if (!(parts & kPartProto)) return 0;
  if (!proto.has(CTA_PROTO_NUM)) return EINVAL;
  key.proto = front<uint8_t>(proto[CTA_PROTO_NUM]);
  Attrs<kProtoAttrs> unused;
  switch (key.proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
    case IPPROTO_GRE:
      if (const int code = read_attrs(attr.payload, kPortRules, unused)) return code;
      return read_ports(proto, parts, key);
    case IPPROTO_ICMP:
      if (const int code = read_attrs(attr.payload, kIcmpRules, unused)) return code;
      return read_icmp(proto, kIcmpNames, parts, key);
    case IPPROTO_ICMPV6:
      if (const int code = read_attrs(attr.payload, kIcmpv6Rules, unused)) return code;
      return read_icmp(proto, kIcmpv6Names, parts, key);
    default: return 0;
  }
}

constexpr uint32_t kPartsOfProto = kAllParts & ~(kPartSrc | kPartDst | kPartZone | kPartProto);

bool is_tuple_family(uint8_t family) { return family == AF_INET || family == AF_INET6; }

/// Does the tuple have the parts that the filter names? Comparing an IPv6 address succeeds when it
/// differs: so does the kernel up to 6.18, whose ctnetlink takes "unequal" for "equal" there.
bool address_matches(uint8_t family, const std::array<uint8_t, 16>& wanted,
                     const std::array<uint8_t, 16>& seen) {
  return family == AF_INET ? wanted == seen : wanted != seen;
}

bool icmp_matches(const IcmpNames& names, uint32_t parts, const TupleKey& wanted,
                  const TupleKey& seen) {
  uint8_t want[2], have[2];
  std::memcpy(want, &wanted.dst_key, sizeof want);
  std::memcpy(have, &seen.dst_key, sizeof have);
  return (!(parts & names.type_part) || want[0] == have[0]) &&
         (!(parts & names.code_part) || want[1] == have[1]) &&
         (!(parts & names.id_part) || wanted.src_key == seen.src_key);
}

bool tuple_matches(uint8_t family, uint32_t parts, const TupleKey& wanted, const TupleKey& seen) {
  if ((parts & kPartSrc) && !address_matches(family, wanted.src, seen.src)) return false;
  if ((parts & kPartDst) && !address_matches(family, wanted.dst, seen.dst)) return false;
  if ((parts & kPartProto) && wanted.proto != seen.proto) return false;
  switch (seen.proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
      return (!(parts & kPartSrcPort) || wanted.src_key == seen.src_key) &&
             (!(parts & kPartDstPort) || wanted.dst_key == seen.dst_key);
    case IPPROTO_ICMP: return icmp_matches(kIcmpNames, parts, wanted, seen);
    case IPPROTO_ICMPV6: return icmp_matches(kIcmpv6Names, parts, wanted, seen);
    default: return true;
  }
}

}  // namespace

Zone read_zone(const FlowAttrs& attrs) {
  Zone zone;
  if (attrs.has(CTA_ZONE)) zone.id = front<uint16_t>(attrs[CTA_ZONE]);
  return zone;
}

int read_tuple(const Attr& attr, uint32_t parts, uint8_t family, bool reply, Zone* zone,
               TupleKey& key) {
  key = {};
  Attrs<kTupleAttrs> tuple;
  if (const int code = read_attrs(attr.payload, kTupleRules, tuple)) return code;
  if (!is_tuple_family(family)) return EOPNOTSUPP;
  key.family = family;
  if (parts & (kPartSrc | kPartDst)) {
    if (!tuple.has(CTA_TUPLE_IP)) return EINVAL;
    if (const int code = read_addresses(tuple[CTA_TUPLE_IP], parts, key)) return code;
  }
  if (parts & kPartProto) {
    if (!tuple.has(CTA_TUPLE_PROTO)) return EINVAL;
    if (const int code = read_proto(tuple[CTA_TUPLE_PROTO], parts, key)) return code;
  } else if (parts & kPartsOfProto) {
    return EINVAL;
  }
  if ((parts & kPartZone) && tuple.has(CTA_TUPLE_ZONE)) {
    if (!zone || zone->id != 0) return EINVAL;
    *zone = {front<uint16_t>(tuple[CTA_TUPLE_ZONE]), !reply, reply};
  }
  return 0;
}

bool FlowFilter::wanted(uint8_t family, const FlowAttrs& attrs) {
  return family != AF_UNSPEC || attrs.has(CTA_MARK) || attrs.has(CTA_FILTER) ||
         attrs.has(CTA_STATUS) || attrs.has(CTA_ZONE);
}

int FlowFilter::read_mark(const FlowAttrs& attrs) {
  if (!attrs.has(CTA_MARK)) return attrs.has(CTA_MARK_MASK) ? EINVAL : 0;
  mark_value_ = front<uint32_t>(attrs[CTA_MARK]);
  mark_mask_ = attrs.has(CTA_MARK_MASK) ? front<uint32_t>(attrs[CTA_MARK_MASK]) : UINT32_MAX;
  return 0;
}

int FlowFilter::read_status(const FlowAttrs& attrs) {
  if (!attrs.has(CTA_STATUS)) return attrs.has(CTA_STATUS_MASK) ? EINVAL : 0;
  status_value_ = front<uint32_t>(attrs[CTA_STATUS]);
  status_mask_ =
      attrs.has(CTA_STATUS_MASK) ? front<uint32_t>(attrs[CTA_STATUS_MASK]) : status_value_;
  return status_mask_ == 0 ? EINVAL : 0;
}

/// CTA_FILTER is younger than the rest and read strictly: marked as a nest, nothing unknown in it,
/// sizes exact.
int FlowFilter::read_flags(const Attr& attr) {
  if (!attr.nested) return EINVAL;
  netlink::AttrReader reader(attr);
  for (Attr flags; reader.next(flags);) {
    const bool known = flags.type == CTA_FILTER_ORIG_FLAGS || flags.type == CTA_FILTER_REPLY_FLAGS;
    if (!known || flags.nested || !flags.holds<uint32_t>()) return EINVAL;
    const uint32_t parts = flags.native<uint32_t>();
    if (parts & ~kAllParts) return EINVAL;
    (flags.type == CTA_FILTER_ORIG_FLAGS ? orig_parts_ : reply_parts_) = parts;
  }
  return reader.malformed() ? EINVAL : 0;
}

int FlowFilter::read_tuples(const FlowAttrs& attrs) {
  Zone zone{zone_.value_or(0)};
  if (orig_parts_ != 0) {
    if (!attrs.has(CTA_TUPLE_ORIG)) return EINVAL;
    if (const int code =
            read_tuple(attrs[CTA_TUPLE_ORIG], orig_parts_, family_, false, &zone, orig_))
      return code;
  }
  if (reply_parts_ != 0) {
    if (!attrs.has(CTA_TUPLE_REPLY)) return EINVAL;
    if (const int code =
            read_tuple(attrs[CTA_TUPLE_REPLY], reply_parts_, family_, true, &zone, reply_))
      return code;
  }
  if (zone_) zone_ = zone.id;
  return 0;
}

int FlowFilter::read(uint8_t family, const FlowAttrs& attrs) {
  family_ = family;
  if (const int code = read_mark(attrs)) return code;
  if (const int code = read_status(attrs)) return code;
  if (attrs.has(CTA_ZONE)) zone_ = front<uint16_t>(attrs[CTA_ZONE]);
  if (!attrs.has(CTA_FILTER)) return 0;
  if (const int code = read_flags(attrs[CTA_FILTER])) return code;
  return read_tuples(attrs);
}

bool FlowFilter::matches(const Conn& ct) const {
  if (family_ != AF_UNSPEC && ct.tuple[0].family != family_) return false;
  if (zone_ && conntrack::zone_of(ct).id != *zone_) return false;
  if (orig_parts_ != 0 && !tuple_matches(family_, orig_parts_, orig_, ct.tuple[0])) return false;
  if (reply_parts_ != 0 && !tuple_matches(family_, reply_parts_, reply_, ct.tuple[1])) return false;
  if ((ct.mark & mark_mask_) != mark_value_) return false;
  return (ct.status & status_mask_) == status_value_;
}

}  // namespace ctwin::engine

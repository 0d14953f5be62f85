#include "request_builder.h"

namespace ctwin::test {

namespace {

bool is_icmp(const SmallTuple& tuple) {
  return tuple.proto == IPPROTO_ICMP || tuple.proto == IPPROTO_ICMPV6;
}

uint8_t answer_to(uint8_t type) {
  switch (type) {
    case 8: return 0;
    case 0: return 8;
    case 13:
    case 15:
    case 17:
    case 139: return static_cast<uint8_t>(type + 1);
    case 14:
    case 16:
    case 18:
    case 140: return static_cast<uint8_t>(type - 1);
    case 128: return 129;
    case 129: return 128;
    default: return type;
  }
}

}  // namespace

SmallTuple reply_to(const SmallTuple& tuple) {
  SmallTuple reply = tuple;
  std::swap(reply.src, reply.dst);
  if (is_icmp(tuple))
    reply.dport = static_cast<uint16_t>(answer_to(static_cast<uint8_t>(tuple.dport >> 8)) << 8 |
                                        (tuple.dport & 0xff));
  else
    std::swap(reply.sport, reply.dport);
  return reply;
}

std::array<std::byte, 16> host(uint8_t number, bool v6) {
  std::array<std::byte, 16> bytes{};
  bytes[0] = std::byte{v6 ? uint8_t{0xfd} : uint8_t{10}};
  bytes[v6 ? 15 : 3] = std::byte{number};
  return bytes;
}

AttrBytes addresses_of(const SmallTuple& tuple) {
  const size_t size = tuple.v6 ? 16 : 4;
  const auto src = host(tuple.src, tuple.v6), dst = host(tuple.dst, tuple.v6);
  AttrBytes attrs;
  attrs.raw(tuple.v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, std::span(src).first(size));
  return attrs.raw(tuple.v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, std::span(dst).first(size));
}

AttrBytes protocol_of(const SmallTuple& tuple) {
  AttrBytes attrs;
  attrs.u8(CTA_PROTO_NUM, tuple.proto);
  const auto type = static_cast<uint8_t>(tuple.dport >> 8);
  const auto code = static_cast<uint8_t>(tuple.dport);
  switch (tuple.proto) {
    case IPPROTO_ICMP:
      attrs.u16(CTA_PROTO_ICMP_ID, tuple.sport);
      return attrs.u8(CTA_PROTO_ICMP_TYPE, type).u8(CTA_PROTO_ICMP_CODE, code);
    case IPPROTO_ICMPV6:
      attrs.u16(CTA_PROTO_ICMPV6_ID, tuple.sport);
      return attrs.u8(CTA_PROTO_ICMPV6_TYPE, type).u8(CTA_PROTO_ICMPV6_CODE, code);
    default:
      attrs.u16(CTA_PROTO_SRC_PORT, tuple.sport);
      return attrs.u16(CTA_PROTO_DST_PORT, tuple.dport);
  }
}

AttrBytes tuple_attr(uint16_t type, const SmallTuple& tuple) {
  AttrBytes inner, attrs;
  inner.nest(CTA_TUPLE_IP, addresses_of(tuple)).nest(CTA_TUPLE_PROTO, protocol_of(tuple));
  return attrs.nest(type, inner);
}

AttrBytes tuples_of(const SmallTuple& tuple) {
  AttrBytes attrs = tuple_attr(CTA_TUPLE_ORIG, tuple);
  return attrs.add(tuple_attr(CTA_TUPLE_REPLY, reply_to(tuple)));
}

}  // namespace ctwin::test

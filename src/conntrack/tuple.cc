#include "conntrack/tuple.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <bit>
#include <cstddef>

#include "base/tuple.h"

namespace ctwin::conntrack {

namespace {

uint16_t raw16(const uint8_t* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint16_t type_and_code(uint8_t type, uint8_t code) {
  const uint8_t bytes[2] = {type, code};
  return raw16(bytes);
}

/// The transport's part of a tuple, in network order.
struct Keys {
  uint16_t src = 0;
  uint16_t dst = 0;
};

/// GRE is told apart by keys only in PPTP's version (RFC 2637); others are one flow an address
/// pair.
ExtractResult extract_gre(const packet::Packet& packet, Keys& keys) {
  constexpr uint16_t kPptpProtocol = 0x880b;
  constexpr uint32_t kBaseHeader = 4;
  constexpr uint32_t kPptpHeader = 8;
  const uint8_t* gre = packet.l4();
  if (packet.l4_length() < kBaseHeader) return ExtractResult::kOk;
  if (packet.l4_captured() < kBaseHeader) return ExtractResult::kNotCaptured;
  const bool version1 = (gre[1] & 0x07) == 1;
  if (!version1) return ExtractResult::kOk;
  if (packet.l4_length() < kPptpHeader) return ExtractResult::kOk;
  if (packet::load16(gre + 2) != kPptpProtocol) return ExtractResult::kInvalid;
  if (packet.l4_captured() < kPptpHeader) return ExtractResult::kNotCaptured;
  keys.dst = raw16(gre + 6);
  return ExtractResult::kOk;
}

ExtractResult extract_keys(const packet::Packet& packet, Keys& keys) {
  const uint8_t* l4 = packet.l4();
  switch (packet.proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
      if (packet.l4_length() < 4) return ExtractResult::kInvalid;
      if (packet.l4_captured() < 4) return ExtractResult::kNotCaptured;
      keys = {raw16(l4), raw16(l4 + 2)};
      return ExtractResult::kOk;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      if (packet.l4_length() < 8) return ExtractResult::kInvalid;
      if (packet.l4_captured() < 8) return ExtractResult::kNotCaptured;
      keys = {raw16(l4 + 4), raw16(l4)};
      return ExtractResult::kOk;
    case IPPROTO_GRE: return extract_gre(packet, keys);
    default: return ExtractResult::kOk;
  }
}

/// An IPv4 address fills its sixteen bytes in two stores: a hash that reads words right behind
/// narrower stores would wait for them.
void store_v4(std::array<uint8_t, 16>& to, const uint8_t* from) {
  uint32_t address;
  std::memcpy(&address, from, sizeof address);
  const uint64_t words[2] = {address, 0};
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(to.data(), words, sizeof words);
}

}  // namespace

ExtractResult extract_tuple(const packet::Packet& packet, uint16_t zone, TupleKey& tuple) {
  if (packet.family == AF_INET) {
    store_v4(tuple.src, packet.bytes + 12);
    store_v4(tuple.dst, packet.bytes + 16);
  } else {
    std::memcpy(tuple.src.data(), packet.bytes + 8, 16);
    std::memcpy(tuple.dst.data(), packet.bytes + 24, 16);
  }
  Keys keys;
  const ExtractResult result = extract_keys(packet, keys);
  const uint64_t rest = uint64_t{keys.src} | uint64_t{keys.dst} << 16 |
                        uint64_t{packet.family} << 32 | uint64_t{packet.proto} << 40 |
                        uint64_t{zone} << 48;
  static_assert(offsetof(TupleKey, src_key) == 32 && offsetof(TupleKey, zone) == 38);
  std::memcpy(reinterpret_cast<uint8_t*>(&tuple) + offsetof(TupleKey, src_key), &rest, sizeof rest);
  return result;
}

bool invert_tuple(const TupleKey& tuple, uint16_t zone, TupleKey& inverse) {
  inverse.src = tuple.dst;
  inverse.dst = tuple.src;
  inverse.family = tuple.family;
  inverse.proto = tuple.proto;
  inverse.zone = zone;
  if (!is_icmp_key(tuple)) {
    inverse.src_key = tuple.dst_key;
    inverse.dst_key = tuple.src_key;
    return true;
  }
  uint8_t bytes[2];
  std::memcpy(bytes, &tuple.dst_key, sizeof bytes);
  const uint8_t answer = icmp_reply_type(tuple.proto, bytes[0]);
  inverse.src_key = tuple.src_key;
  inverse.dst_key = type_and_code(answer, bytes[1]);
  return answer != 255;
}

Tuple to_tuple(const TupleKey& key) {
  Tuple tuple;
  tuple.src.bytes = key.src;
  tuple.dst.bytes = key.dst;
  tuple.src.family = tuple.dst.family = key.family;
  tuple.proto = key.proto;
  tuple.has_proto = true;
  const TransportKind kind = key.proto == IPPROTO_DCCP ? TransportKind::kNone  // not tracked
                                                       : transport_kind(key.proto);
  tuple.has_ports = kind != TransportKind::kNone;
  if (kind == TransportKind::kIcmp) {
    uint8_t bytes[2];
    std::memcpy(bytes, &key.dst_key, sizeof bytes);
    tuple.icmp_id = ntohs(key.src_key);
    tuple.icmp_type = bytes[0];
    tuple.icmp_code = bytes[1];
  } else {
    tuple.sport = ntohs(key.src_key);
    tuple.dport = ntohs(key.dst_key);
  }
  return tuple;
}

}  // namespace ctwin::conntrack

#include "base/tuple.h"

#include <array>

namespace ctwin {

namespace {

/// Types that answer each other, by IANA's registries.
struct IcmpPair {
  uint8_t query;
  uint8_t answer;
};
constexpr std::array<IcmpPair, 4> kIcmpPairs{{{8, 0}, {13, 14}, {15, 16}, {17, 18}}};
constexpr std::array<IcmpPair, 2> kIcmpv6Pairs{{{128, 129}, {139, 140}}};

template <size_t kSize>
uint8_t answer_in(const std::array<IcmpPair, kSize>& pairs, uint8_t type) {
  for (const IcmpPair& pair : pairs) {
    if (pair.query == type) return pair.answer;
    if (pair.answer == type) return pair.query;
  }
  return 255;
}

}  // namespace

uint8_t icmp_reply_type(uint8_t proto, uint8_t type) {
  return proto == IPPROTO_ICMP ? answer_in(kIcmpPairs, type) : answer_in(kIcmpv6Pairs, type);
}

void invert_addresses(const Tuple& tuple, Tuple& reply) {
  reply.src = tuple.dst;
  reply.dst = tuple.src;
}

void invert_ports(const Tuple& tuple, Tuple& reply) {
  reply.has_ports = tuple.has_ports;
  reply.sport = tuple.dport;
  reply.dport = tuple.sport;
  reply.icmp_id = tuple.icmp_id;
  reply.icmp_code = tuple.icmp_code;
  if (is_icmp(tuple.proto)) reply.icmp_type = icmp_reply_type(tuple.proto, tuple.icmp_type);
}

}  // namespace ctwin

// Random requests. Some are right, most are nearly right; wrong ones are made by leaving out,
// cutting, lengthening and flipping.
#include <fmt/format.h>

#include <random>

#include "cases.h"

namespace ctwin::test {

namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Bytes request() {
    const uint8_t type = pick<uint8_t>({0, 0, 0, 0, 1, 1, 2, 2, 3});
    const SmallTuple tuple = flow();
    AttrBytes attrs;
    if (type == IPCTNL_MSG_CT_NEW && chance(80)) {
      attrs = one_in_eight_damaged(tuples(tuple));
      if (chance(95)) attrs.u32(CTA_TIMEOUT, timeout());
    } else if (chance(80)) {
      attrs = tuple_part(chance(80) ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY, tuple);
    }
    for (uint64_t n = pick<uint64_t>({0, 0, 1, 1, 2, 4}); n > 0; --n) attrs.add(extra(tuple));
    const uint8_t family =
        chance(95) ? (tuple.v6 ? AF_INET6 : AF_INET) : pick<uint8_t>({0, 2, 7, 10});
    const MessageHead head{conntrack_type(type), flags(type), family,
                           static_cast<uint8_t>(chance(30))};
    Bytes bytes = message(head, attrs, 1);
    if (chance(3)) bytes[16 + below(bytes.size() - 16)] ^= static_cast<std::byte>(1 << below(8));
    return bytes;
  }

 private:
  bool chance(unsigned percent) { return below(100) < percent; }
  uint64_t below(uint64_t bound) { return random_() % bound; }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

  SmallTuple flow() {
    SmallTuple tuple;
    tuple.proto = pick<uint8_t>({6, 6, 6, 17, 17, 1, 58, 132, 136, 47, 33, 50});
    tuple.v6 = chance(30);
    tuple.src = static_cast<uint8_t>(1 + below(2));
    tuple.dst = static_cast<uint8_t>(1 + below(2));
    tuple.sport = pick<uint16_t>({1, 1000});
    tuple.dport = pick<uint16_t>({1, 1000});
    const bool icmp = tuple.proto == IPPROTO_ICMP || tuple.proto == IPPROTO_ICMPV6;
    if (icmp) tuple.dport = static_cast<uint16_t>(pick<uint16_t>({0, 8, 3, 13, 128, 129}) << 8);
    return tuple;
  }

  AttrBytes tuple_part(uint16_t type, const SmallTuple& tuple) {
    AttrBytes inner;
    inner.nest(CTA_TUPLE_IP, addresses_of(tuple)).nest(CTA_TUPLE_PROTO, protocol_of(tuple));
    if (chance(8)) inner.u16(CTA_TUPLE_ZONE, zone());
    return nest(type, inner);
  }
  AttrBytes tuples(const SmallTuple& tuple) {
    return both(tuple_part(CTA_TUPLE_ORIG, tuple),
                tuple_part(CTA_TUPLE_REPLY, chance(95) ? reply_to(tuple) : flow()));
  }
  AttrBytes one_in_eight_damaged(const AttrBytes& attrs) {
    if (!chance(12)) return attrs;
    Bytes bytes = attrs.bytes();
    bytes[below(bytes.size())] ^= static_cast<std::byte>(1 << below(8));
    return AttrBytes{}.garbage(bytes);
  }

  uint16_t zone() { return pick<uint16_t>({0, 5, 5, 7}); }
  /// None that could pass while the test runs; an entry that has none left ends at once.
  uint32_t timeout() { return pick<uint32_t>({1000, 1000, 400000, 0xffffffff}); }
  uint32_t status() {
    uint32_t bits = pick<uint32_t>({8, 8, 0xa, 0xe, 0xe, 0x40e, 0});
    if (chance(20)) bits ^= uint32_t{1} << below(16);
    return bits;
  }

  uint16_t flags(uint8_t type) {
    uint16_t bits = chance(90) ? NLM_F_ACK : 0;
    if (chance(5)) bits |= NLM_F_ECHO;
    if (type == IPCTNL_MSG_CT_NEW) {
      if (chance(70)) bits |= NLM_F_CREATE;
      if (chance(30)) bits |= NLM_F_EXCL;
    } else if (chance(type == IPCTNL_MSG_CT_DELETE ? 3 : 30)) {
      bits |= NLM_F_DUMP;
    }
    return bits;
  }

  AttrBytes protoinfo() {
    AttrBytes inner;
    if (chance(70)) {
      if (chance(70)) inner.u8(CTA_PROTOINFO_TCP_STATE, static_cast<uint8_t>(below(11)));
      if (chance(50)) inner.u8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, static_cast<uint8_t>(below(16)));
      if (chance(50)) inner.u8(CTA_PROTOINFO_TCP_WSCALE_REPLY, static_cast<uint8_t>(below(16)));
      if (chance(50)) inner.u16(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, static_cast<uint16_t>(random_()));
      if (chance(50)) inner.u16(CTA_PROTOINFO_TCP_FLAGS_REPLY, static_cast<uint16_t>(random_()));
      return nest(CTA_PROTOINFO, nest(CTA_PROTOINFO_TCP, inner));
    }
    inner.u8(CTA_PROTOINFO_SCTP_STATE, static_cast<uint8_t>(below(10)));
    if (chance(90)) inner.u32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, number());
    inner.u32(CTA_PROTOINFO_SCTP_VTAG_REPLY, number());
    return nest(CTA_PROTOINFO, nest(CTA_PROTOINFO_SCTP, inner));
  }

  AttrBytes three_numbers(uint16_t type) {
    AttrBytes inner;
    for (uint16_t part = 1; part <= 3; ++part)
      if (chance(93)) inner.u32(part, number());
    return nest(type, inner);
  }

  AttrBytes filter() {
    const auto parts = [&] {
      uint32_t bits = 0;
      for (int i = 0; i < 4; ++i) bits |= chance(50) ? uint32_t{1} << below(12) : 0;
      return chance(90) ? bits | 8 : bits;
    };
    AttrBytes inner;
    if (chance(70)) inner.host32(CTA_FILTER_ORIG_FLAGS, parts());
    if (chance(40)) inner.host32(CTA_FILTER_REPLY_FLAGS, parts());
    return nest(CTA_FILTER, inner);
  }

  uint32_t number() { return static_cast<uint32_t>(random_()); }

  /// A number of any size where anything may be wanted; but no timeout, see above.
  AttrBytes any_attr() {
    const auto type = static_cast<uint16_t>(1 + below(28));
    return AttrBytes{}.number(type, number(), below(type == CTA_TIMEOUT ? 4 : 9));
  }

  AttrBytes extra(const SmallTuple& tuple) {
    switch (below(17)) {
      case 0: return attr32(CTA_STATUS, status());
      case 1: return attr32(CTA_MARK, pick<uint32_t>({0, 1, 0xff, number()}));
      case 2: return attr32(CTA_MARK_MASK, pick<uint32_t>({0, 1, 0xff, number()}));
      case 3: return protoinfo();
      case 4: return attr16(CTA_ZONE, zone());
      case 5: return three_numbers(pick<uint16_t>({CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY}));
      case 6: return three_numbers(CTA_SYNPROXY);
      case 7: return AttrBytes{}.number(CTA_LABELS, number(), pick<size_t>({0, 4, 8, 16, 17}));
      case 8: return attr32(CTA_ID, chance(80) ? kAnyEntry : number());
      case 9: return tuple_part(CTA_TUPLE_MASTER, flow());
      case 10: return filter();
      case 11: return attr32(kStatusMaskAttr, pick<uint32_t>({0, 2, 8, 0xffff}));
      case 12: return tuple_part(CTA_TUPLE_REPLY, chance(80) ? reply_to(tuple) : flow());
      case 13: return attr32(CTA_TIMEOUT, timeout());
      case 14: return protoinfo();
      case 15: return attr32(CTA_STATUS, status());
      default: return any_attr();
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

Case random_case(uint64_t seed, size_t length) {
  Generator generator(seed);
  Case one{fmt::format("random requests, CTWIN_SEED={}", seed), {}};
  for (size_t i = 0; i < length; ++i) one.datagrams.push_back(generator.request());
  return one;
}

}  // namespace ctwin::test

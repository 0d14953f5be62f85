#include <fmt/format.h>

#include "cases.h"

namespace ctwin::test {

namespace {

using Cases = std::vector<Case>;

/// Something of everything.
std::vector<Bytes> population() {
  const AttrBytes assured = attr32(CTA_STATUS, 0xe), seen = attr32(CTA_STATUS, 0xa);
  const auto mark = [](uint32_t value) { return attr32(CTA_MARK, value); };
  AttrBytes zoned = tuple_attr(CTA_TUPLE_ORIG, {IPPROTO_TCP, 5, 6, 1, 2});
  AttrBytes inner;
  inner.nest(CTA_TUPLE_IP, addresses_of({IPPROTO_TCP, 6, 5, 2, 1}));
  inner.nest(CTA_TUPLE_PROTO, protocol_of({IPPROTO_TCP, 6, 5, 2, 1})).u16(CTA_TUPLE_ZONE, 7);
  zoned.nest(CTA_TUPLE_REPLY, inner).u32(CTA_TIMEOUT, 1000);
  return {create(kUdp, both(assured, mark(0x10))),
          create(kTcp, both(seen, mark(0x11))),
          create(kSctp),
          create(kPing, mark(0xffffffff)),
          create(kUdp6, both(seen, mark(0x10))),
          create(kTcp6, attr16(CTA_ZONE, 7)),
          create(kPing6),
          create({IPPROTO_UDP, 3, 4, 1000, 53}, attr16(CTA_ZONE, 7)),
          create({IPPROTO_TCP, 3, 2, 2000, 80, true}),
          create({IPPROTO_UDPLITE, 1, 2, 1000, 53}),
          create({50, 1, 2, 0, 0}),
          message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate}, zoned)};
}

/// A filter for a dump and for flushes of both versions.
void add_filter(Cases& cases, const std::string& name, const AttrBytes& attrs,
                uint8_t family = AF_UNSPEC) {
  for (const uint8_t version : {0, 1}) {
    Case one{fmt::format("{}, family {} version {}", name, family, version), population()};
    one.datagrams.push_back(dump(attrs, family));
    one.datagrams.push_back(
        message({conntrack_type(IPCTNL_MSG_CT_GET_CTRZERO), NLM_F_DUMP, family}, attrs));
    one.datagrams.push_back(flush(attrs, family, version));
    one.datagrams.push_back(dump());
    cases.push_back(std::move(one));
  }
}

void add_simple_filters(Cases& cases) {
  for (const uint8_t family : {0, 2, 10, 7}) add_filter(cases, "no filter", {}, family);
  for (const uint32_t mark : {0u, 0x10u, 0x11u, 0xffffffffu}) {
    add_filter(cases, fmt::format("mark {:#x}", mark), attr32(CTA_MARK, mark));
    for (const uint32_t mask : {0u, 0x10u, 0x1u, 0xffffffffu})
      add_filter(cases, fmt::format("mark {:#x}/{:#x}", mark, mask),
                 both(attr32(CTA_MARK, mark), attr32(CTA_MARK_MASK, mask)));
  }
  add_filter(cases, "mark mask alone", attr32(CTA_MARK_MASK, 1));
  add_filter(cases, "mark mask alone", attr32(CTA_MARK_MASK, 1), AF_INET);
  for (const uint32_t status : {0u, 2u, 4u, 8u, 0xau, 0xeu, 0x200u}) {
    add_filter(cases, fmt::format("status {:#x}", status), attr32(CTA_STATUS, status));
    for (const uint32_t mask : {0u, 2u, 4u, 0xffffffffu})
      add_filter(cases, fmt::format("status {:#x}/{:#x}", status, mask),
                 both(attr32(CTA_STATUS, status), attr32(kStatusMaskAttr, mask)));
  }
  add_filter(cases, "status mask alone", attr32(kStatusMaskAttr, 2));
  add_filter(cases, "status mask alone", attr32(kStatusMaskAttr, 2), AF_INET6);
  for (const uint16_t zone : {0, 7, 9})
    for (const uint8_t family : {AF_UNSPEC, AF_INET})
      add_filter(cases, fmt::format("zone {}", zone), attr16(CTA_ZONE, zone), family);
  add_filter(cases, "everything at once",
             both(attr32(CTA_MARK, 0x10), attr32(CTA_STATUS, 8)).u16(CTA_ZONE, 0), AF_INET6);
}

AttrBytes flags_attr(uint32_t orig, uint32_t reply) {
  AttrBytes inner;
  if (orig != 0) inner.host32(CTA_FILTER_ORIG_FLAGS, orig);
  if (reply != 0) inner.host32(CTA_FILTER_REPLY_FLAGS, reply);
  return nest(CTA_FILTER, inner);
}

/// Every part of a tuple by itself and with the protocol, for every protocol, in either direction.
void add_tuple_filters(Cases& cases) {
  for (const SmallTuple& tuple : {kUdp, kTcp, kSctp, kPing, kUdp6, kTcp6, kPing6}) {
    for (unsigned bit = 0; bit < 13; ++bit) {
      const uint32_t part = uint32_t{1} << bit;
      for (const uint32_t flags : {part, part | 8}) {
        const AttrBytes orig = both(flags_attr(flags, 0), tuple_attr(CTA_TUPLE_ORIG, tuple));
        const AttrBytes reply =
            both(flags_attr(0, flags), tuple_attr(CTA_TUPLE_REPLY, reply_to(tuple)));
        add_filter(cases, fmt::format("original of protocol {}, parts {:#x}", tuple.proto, flags),
                   orig, family_of(tuple));
        add_filter(cases, fmt::format("reply of protocol {}, parts {:#x}", tuple.proto, flags),
                   reply, family_of(tuple));
      }
    }
    for (const uint32_t flags : {0xbu, 0x3bu, 0x1cbu, 0xe0bu, 0xfffu})
      add_filter(cases, fmt::format("protocol {}, parts {:#x}", tuple.proto, flags),
                 both(flags_attr(flags, flags), tuples_of(tuple)), family_of(tuple));
  }
}

void add_odd_filters(Cases& cases) {
  const AttrBytes tuples = tuples_of(kUdp);
  const AttrBytes by_source = flags_attr(1, 0);
  add_filter(cases, "a filter without flags", flags_attr(0, 0), AF_INET);
  add_filter(cases, "a filter without a family", both(by_source, tuples), AF_UNSPEC);
  add_filter(cases, "a filter of a strange family", both(by_source, tuples), 7);
  add_filter(cases, "a filter of the other family", both(by_source, tuples), AF_INET6);
  add_filter(cases, "a filter without its tuple", by_source, AF_INET);
  add_filter(cases, "an unmarked filter",
             both(AttrBytes{}.raw(CTA_FILTER, AttrBytes{}.host32(1, 1).bytes()), tuples), AF_INET);
  for (const size_t size : {0, 2, 3, 5, 8})
    add_filter(cases, fmt::format("filter flags of {} bytes", size),
               both(nest(CTA_FILTER, AttrBytes{}.number(1, 0, size)), tuples), AF_INET);
  add_filter(cases, "an unknown part of a filter",
             both(nest(CTA_FILTER, AttrBytes{}.host32(1, 1).host32(3, 1)), tuples), AF_INET);
  add_filter(cases, "filter flags marked as a nest",
             both(nest(CTA_FILTER, AttrBytes{}.host32(1 | NLA_F_NESTED, 1)), tuples), AF_INET);
  const std::array<std::byte, 4> zeros{};
  for (const size_t size : {1, 2, 4})
    add_filter(
        cases, fmt::format("{} bytes behind the filter's flags", size),
        both(nest(CTA_FILTER, AttrBytes{}.host32(1, 1).garbage(std::span(zeros).first(size))),
             tuples),
        AF_INET);
  AttrBytes zoned;
  zoned.nest(CTA_TUPLE_IP, addresses_of(kUdp)).u16(CTA_TUPLE_ZONE, 7);
  for (const uint32_t flags : {1u, 4u, 5u}) {
    const AttrBytes attrs = both(flags_attr(flags, 0), nest(CTA_TUPLE_ORIG, zoned));
    add_filter(cases, fmt::format("a zone in the tuple, parts {}", flags), attrs, AF_INET);
    add_filter(cases, fmt::format("a zone beside it, parts {}", flags),
               both(attrs, attr16(CTA_ZONE, 7)), AF_INET);
    add_filter(cases, fmt::format("zone 0 beside it, parts {}", flags),
               both(attrs, attr16(CTA_ZONE, 0)), AF_INET);
  }
  add_filter(cases, "a tuple without a filter", tuples, AF_INET);
}

/// Counters, which only matter where they are kept.
void add_counters(Cases& cases) {
  Case one{"reading and zeroing", population()};
  const AttrBytes orig = tuple_attr(CTA_TUPLE_ORIG, kUdp);
  one.datagrams.push_back(
      message({conntrack_type(IPCTNL_MSG_CT_GET_CTRZERO), NLM_F_ACK, AF_INET}, orig));
  one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_GET_STATS), NLM_F_ACK, 0}, {}));
  one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_GET_STATS), NLM_F_DUMP, 0}, {}));
  one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_GET_STATS), NLM_F_DUMP, 2}, orig));
  for (const uint8_t type :
       {IPCTNL_MSG_CT_GET_STATS_CPU, IPCTNL_MSG_CT_GET_DYING, IPCTNL_MSG_CT_GET_UNCONFIRMED})
    for (const uint16_t flags : {NLM_F_ACK, NLM_F_DUMP, NLM_F_ROOT, NLM_F_MATCH})
      for (const uint8_t family : {AF_UNSPEC, AF_INET})
        one.datagrams.push_back(message({conntrack_type(type), flags, family}, orig));
  cases.push_back(std::move(one));
}

/// Enough entries for several datagrams, and a second dump before the first is over.
void add_long_dumps(Cases& cases) {
  Case one{"a long dump", {}};
  for (uint16_t port = 1; port <= 400; ++port)
    one.datagrams.push_back(create({IPPROTO_UDP, 1, 2, port, 53}, {}, NLM_F_CREATE));
  one.datagrams.push_back(dump());
  Bytes two = dump();
  const Bytes second = dump();
  two.insert(two.end(), second.begin(), second.end());
  one.datagrams.push_back(two);
  one.datagrams.push_back(flush());
  one.datagrams.push_back(two);
  one.datagrams.push_back(dump());
  cases.push_back(std::move(one));
}

}  // namespace

std::vector<Case> table_cases() {
  Cases cases;
  add_simple_filters(cases);
  add_tuple_filters(cases);
  add_odd_filters(cases);
  add_counters(cases);
  add_long_dumps(cases);
  return cases;
}

}  // namespace ctwin::test

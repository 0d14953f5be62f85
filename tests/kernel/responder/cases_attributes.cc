#include <fmt/format.h>

#include "cases.h"

namespace ctwin::test {

namespace {

using Cases = std::vector<Case>;

/// The attribute at creation, and at a change of an entry that has it not.
void add_both_ways(Cases& cases, const std::string& name, const SmallTuple& tuple,
                   const AttrBytes& attrs, bool look_often = false) {
  cases.push_back({name,
                   {create(tuple, attrs), get(tuple), remove(tuple), create(tuple),
                    update(tuple, attrs), get(tuple), update(tuple)},
                   look_often});
}

/// Every attribute in sizes that it should not have, nests as bytes that are none.
void add_sizes(Cases& cases) {
  const std::array<std::byte, 24> zeros{};
  for (uint16_t type = 1; type < 30; ++type) {
    Case one{fmt::format("attribute {} in many sizes", type), {create(kTcp)}};
    for (const size_t size : {0, 1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 20}) {
      const AttrBytes attr = AttrBytes{}.raw(type, std::span(zeros).first(size));
      one.datagrams.push_back(create(kUdp, attr));
      one.datagrams.push_back(update(kUdp, attr));
      one.datagrams.push_back(update(kTcp, attr));
      one.datagrams.push_back(get(kTcp, attr));
      one.datagrams.push_back(dump(attr));
      one.datagrams.push_back(remove(kUdp, attr));
      one.datagrams.push_back(flush(attr, AF_INET6, 1));
    }
    one.look_often = type == CTA_TIMEOUT;
    cases.push_back(std::move(one));
  }
}

void add_statuses(Cases& cases) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    const uint32_t one = uint32_t{1} << bit;
    cases.push_back(
        {fmt::format("status bit {}", bit),
         {create(kUdp, attr32(CTA_STATUS, one)), create(kTcp, attr32(CTA_STATUS, one | 8)),
          get(kTcp), update(kTcp, attr32(CTA_STATUS, 8)), get(kTcp),
          update(kTcp, attr32(CTA_STATUS, 8 | one)), update(kTcp, attr32(CTA_STATUS, 8 ^ one)),
          update(kTcp, attr32(CTA_STATUS, 0xe | one)), get(kTcp),
          update(kTcp, attr32(CTA_STATUS, 0xe)), update(kTcp, attr32(CTA_STATUS, 0x8)),
          update(kTcp, both(attr32(CTA_TIMEOUT, 50), attr32(CTA_STATUS, 0xe)))}});
  }
  for (const uint32_t status : {0u, 8u, 0xau, 0xcu, 0xeu, 0x40eu, 0x18eu, 0xffffffffu, 0xfffffdfeu})
    add_both_ways(cases, fmt::format("status {:#x}", status), kUdp, attr32(CTA_STATUS, status));
}

void add_marks(Cases& cases) {
  for (const uint32_t mark : {0u, 1u, 0xffffffffu, 0x12345678u})
    for (const uint32_t mask : {0u, 0xffu, 0xffffffffu, 0xf0f0f0f0u}) {
      const AttrBytes masked = both(attr32(CTA_MARK, mark), attr32(CTA_MARK_MASK, mask));
      add_both_ways(cases, fmt::format("mark {:#x}/{:#x}", mark, mask), kUdp, masked);
      cases.push_back({fmt::format("mark {:#x}/{:#x} over another", mark, mask),
                       {create(kUdp, attr32(CTA_MARK, 0xabcdef01)), update(kUdp, masked), get(kUdp),
                        update(kUdp, attr32(CTA_MARK, mark)),
                        update(kUdp, attr32(CTA_MARK_MASK, 1)), remove(kUdp)}});
    }
}

void add_timeouts(Cases& cases) {
  for (const uint32_t timeout :
       {0u, 30u, 0x83126du, 0x83126eu, 0x83126fu, 0x7fffffffu, 0x80000000u, 0xffffffffu})
    add_both_ways(cases, fmt::format("timeout {}", timeout), kUdp, attr32(CTA_TIMEOUT, timeout),
                  timeout == 0);
  cases.push_back({"a fixed timeout",
                   {create(kUdp, attr32(CTA_STATUS, 0x408)), update(kUdp, attr32(CTA_TIMEOUT, 5)),
                    update(kUdp, attr32(CTA_MARK, 5)),
                    update(kUdp, both(attr32(CTA_TIMEOUT, 5), attr32(CTA_MARK, 6))), get(kUdp)}});
}

AttrBytes tcp_info(const AttrBytes& inner) {
  return nest(CTA_PROTOINFO, nest(CTA_PROTOINFO_TCP, inner));
}
AttrBytes sctp_info(const AttrBytes& inner) {
  return nest(CTA_PROTOINFO, nest(CTA_PROTOINFO_SCTP, inner));
}
AttrBytes u8_attr(uint16_t type, uint8_t value) { return AttrBytes{}.u8(type, value); }

/// Flags and their mask, for each direction.
AttrBytes tcp_flags(uint16_t orig, uint16_t reply) {
  return AttrBytes{}
      .u16(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, orig)
      .u16(CTA_PROTOINFO_TCP_FLAGS_REPLY, reply);
}

AttrBytes tcp_scales(uint8_t orig, uint8_t reply) {
  return AttrBytes{}
      .u8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, orig)
      .u8(CTA_PROTOINFO_TCP_WSCALE_REPLY, reply);
}

void add_tcp(Cases& cases) {
  for (const uint8_t state : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255})
    add_both_ways(cases, fmt::format("tcp state {}", state), kTcp,
                  tcp_info(u8_attr(CTA_PROTOINFO_TCP_STATE, state)));
  for (const uint8_t scale : {0, 7, 14, 15, 255})
    for (const auto& [orig, reply] : {std::pair<uint16_t, uint16_t>{0, 0},
                                      {0x0101, 0x0101},
                                      {0x0101, 0},
                                      {0xffff, 0xff00},
                                      {0x1111, 0x0100}}) {
      const AttrBytes info = tcp_info(both(tcp_flags(orig, reply), tcp_scales(scale, 3)));
      add_both_ways(cases, fmt::format("tcp flags {:#x} {:#x} scale {}", orig, reply, scale), kTcp,
                    info);
    }
  cases.push_back(
      {"tcp in steps",
       {create(kTcp, tcp_info(tcp_flags(0x0f0f, 0x0505))),
        update(kTcp, tcp_info(tcp_flags(0x0004, 0xf0f0))), update(kTcp, tcp_info(tcp_scales(5, 6))),
        update(kTcp, tcp_info(u8_attr(CTA_PROTOINFO_TCP_WSCALE_REPLY, 9))), get(kTcp),
        update(kTcp, tcp_info(AttrBytes{}.u8(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, 1))),
        update(kTcp, tcp_info(AttrBytes{}.number(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, 0x010203, 3))),
        update(kTcp, tcp_info(AttrBytes{}.number(CTA_PROTOINFO_TCP_STATE, 0x0300, 2))),
        update(kTcp, tcp_info(AttrBytes{}.number(CTA_PROTOINFO_TCP_STATE, 0, 0))), get(kTcp),
        remove(kTcp)}});
}

void add_other_protoinfo(Cases& cases) {
  const auto sctp = [](uint8_t state) {
    return AttrBytes{}
        .u8(CTA_PROTOINFO_SCTP_STATE, state)
        .u32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 0x01020304)
        .u32(CTA_PROTOINFO_SCTP_VTAG_REPLY, 0xa1b2c3d4);
  };
  for (const uint8_t state : {0, 1, 4, 7, 8, 9, 255})
    add_both_ways(cases, fmt::format("sctp state {}", state), kSctp, sctp_info(sctp(state)));
  add_both_ways(cases, "sctp without tags", kSctp, sctp_info(u8_attr(CTA_PROTOINFO_SCTP_STATE, 4)));
  add_both_ways(cases, "sctp with short tags", kSctp,
                sctp_info(sctp(4).u16(CTA_PROTOINFO_SCTP_VTAG_REPLY, 4)));
  add_both_ways(cases, "empty sctp", kSctp, sctp_info({}));
  add_both_ways(cases, "empty tcp", kTcp, tcp_info({}));
  add_both_ways(cases, "empty protoinfo", kTcp, nest(CTA_PROTOINFO, {}));
  add_both_ways(cases, "protoinfo of sctp for tcp", kTcp, sctp_info(sctp(4)));
  add_both_ways(cases, "protoinfo of tcp for sctp", kSctp,
                tcp_info(u8_attr(CTA_PROTOINFO_TCP_STATE, 3)));
  add_both_ways(cases, "protoinfo of tcp for udp", kUdp,
                tcp_info(u8_attr(CTA_PROTOINFO_TCP_STATE, 99)));
  add_both_ways(cases, "protoinfo of dccp", {IPPROTO_DCCP, 1, 2, 5, 6},
                nest(CTA_PROTOINFO, nest(CTA_PROTOINFO_DCCP, u8_attr(1, 3))));
  add_both_ways(cases, "protoinfo too short to be a nest", kTcp,
                nest(CTA_PROTOINFO, AttrBytes{}.number(CTA_PROTOINFO_TCP, 1, 3)));
  add_both_ways(
      cases, "unmarked protoinfo", kTcp,
      AttrBytes{}.raw(
          CTA_PROTOINFO,
          AttrBytes{}.raw(CTA_PROTOINFO_TCP, u8_attr(CTA_PROTOINFO_TCP_STATE, 3).bytes()).bytes()));
}

void add_adjustments(Cases& cases) {
  const auto numbers = [](unsigned parts) {
    AttrBytes inner;
    for (uint16_t type = 1; type <= 3; ++type)
      if (parts >> (type - 1) & 1) inner.u32(type, 0x01010101u * type);
    return inner;
  };
  for (unsigned parts = 0; parts < 8; ++parts) {
    for (const uint16_t type : {CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY, CTA_SYNPROXY}) {
      const AttrBytes attrs = nest(type, numbers(parts));
      const std::string name = fmt::format("attribute {} with parts {:#x}", type, parts);
      add_both_ways(cases, name, kTcp, attrs);
      cases.push_back({name + " over another",
                       {create(kTcp, nest(type, numbers(7))), update(kTcp, attrs), get(kTcp),
                        update(kTcp, nest(type, AttrBytes{}.u16(2, 1))), get(kTcp)}});
    }
  }
  const AttrBytes two =
      both(nest(CTA_SEQ_ADJ_ORIG, numbers(7)), nest(CTA_SEQ_ADJ_REPLY, numbers(3)));
  add_both_ways(cases, "one adjustment right, one wrong", kTcp, two);
  cases.push_back({"an adjustment and its status",
                   {create(kTcp, both(nest(CTA_SEQ_ADJ_ORIG, numbers(7)), attr32(CTA_STATUS, 8))),
                    update(kTcp, attr32(CTA_STATUS, 0x48)), update(kTcp, attr32(CTA_STATUS, 8)),
                    get(kTcp), remove(kTcp)}});
}

void add_labels(Cases& cases) {
  const std::array<std::byte, 20> ones = [] {
    std::array<std::byte, 20> bytes{};
    bytes.fill(std::byte{0x11});
    return bytes;
  }();
  for (const size_t size : {0, 2, 4, 8, 16})
    for (const int mask : {-1, 0, 4, 8, 16}) {
      AttrBytes attrs;
      attrs.raw(CTA_LABELS, std::span(ones).first(size));
      if (mask >= 0) attrs.raw(CTA_LABELS_MASK, std::span(ones).first(static_cast<size_t>(mask)));
      add_both_ways(cases, fmt::format("labels of {} bytes, mask of {}", size, mask), kUdp, attrs);
    }
}

/// Names of helpers that no kernel has; the known ones are another matter.
void add_helpers(Cases& cases) {
  const auto help = [](const AttrBytes& inner) { return nest(CTA_HELP, inner); };
  const AttrBytes none = help(AttrBytes{}.text(CTA_HELP_NAME, "no-such"));
  add_both_ways(cases, "an unknown helper", kUdp, none);
  add_both_ways(cases, "a helper without a name", kUdp, help({}));
  add_both_ways(cases, "the empty helper", kUdp, help(AttrBytes{}.text(CTA_HELP_NAME, "")));
  add_both_ways(cases, "a helper with a name of 15", kUdp,
                help(AttrBytes{}.text(CTA_HELP_NAME, "no-such-helper0")));
  add_both_ways(cases, "a helper with a name of 16", kUdp,
                help(AttrBytes{}.text(CTA_HELP_NAME, "no-such-helper01")));
  const std::array<std::byte, 3> open{std::byte{'f'}, std::byte{'t'}, std::byte{'p'}};
  add_both_ways(cases, "a helper without an end", kUdp, help(AttrBytes{}.raw(CTA_HELP_NAME, open)));
  const AttrBytes master = tuple_attr(CTA_TUPLE_MASTER, kTcp);
  cases.push_back({"the helper of a child",
                   {create(kTcp), create(kUdp, master), update(kUdp, none),
                    update(kUdp, help(AttrBytes{}.text(CTA_HELP_NAME, ""))), get(kUdp)}});
  cases.push_back({"a helper after a right attribute",
                   {create(kUdp), update(kUdp, both(attr32(CTA_MARK, 9), none)), get(kUdp)}});
}

/// What comes before a mistake stays changed.
void add_half_changes(Cases& cases) {
  const AttrBytes bad_status = attr32(CTA_STATUS, 0);
  const AttrBytes bad_info = tcp_info(u8_attr(CTA_PROTOINFO_TCP_STATE, 77));
  const AttrBytes good_info = tcp_info(u8_attr(CTA_PROTOINFO_TCP_STATE, 3));
  const AttrBytes labels = AttrBytes{}.u32(CTA_LABELS, 1);
  const AttrBytes bad_seq = nest(CTA_SEQ_ADJ_ORIG, {});
  const AttrBytes mark = attr32(CTA_MARK, 99), timeout = attr32(CTA_TIMEOUT, 5000);
  const AttrBytes status = attr32(CTA_STATUS, 0xe);
  for (const auto& [first, second] : {std::pair{timeout, bad_status},
                                      {mark, bad_status},
                                      {status, bad_info},
                                      {good_info, labels},
                                      {mark, bad_info},
                                      {mark, bad_seq},
                                      {mark, labels},
                                      {timeout, bad_seq},
                                      {attr32(CTA_NAT_SRC, 0), mark},
                                      {nest(CTA_NAT_DST, {}), mark},
                                      {tuple_attr(CTA_TUPLE_MASTER, kUdp), mark}})
    cases.push_back({fmt::format("half a change {}", cases.size()),
                     {create(kTcp), update(kTcp, both(first, second)), get(kTcp),
                      update(kTcp, both(second, first)), get(kTcp),
                      create(kTcp6, both(first, second)), get(kTcp6)}});
}

AttrBytes range(const SmallTuple& tuple, int min_host, int max_host, int min_port, int max_port) {
  AttrBytes inner, ports;
  const size_t size = tuple.v6 ? 16 : 4;
  if (min_host >= 0) {
    const auto address = host(static_cast<uint8_t>(min_host), tuple.v6);
    inner.raw(tuple.v6 ? CTA_NAT_V6_MINIP : CTA_NAT_V4_MINIP, std::span(address).first(size));
  }
  if (max_host >= 0) {
    const auto address = host(static_cast<uint8_t>(max_host), tuple.v6);
    inner.raw(tuple.v6 ? CTA_NAT_V6_MAXIP : CTA_NAT_V4_MAXIP, std::span(address).first(size));
  }
  if (min_port >= 0) ports.u16(CTA_PROTONAT_PORT_MIN, static_cast<uint16_t>(min_port));
  if (max_port >= 0) ports.u16(CTA_PROTONAT_PORT_MAX, static_cast<uint16_t>(max_port));
  if (ports.size() != 0) inner.nest(CTA_NAT_PROTO, ports);
  return inner;
}

/// Ranges in which the outcome is not left to chance.
void add_nat(Cases& cases) {
  for (const SmallTuple& tuple :
       {kUdp, kTcp, kSctp, kPing, kUdp6, kTcp6, kPing6, SmallTuple{IPPROTO_UDPLITE, 1, 2, 5, 6},
        SmallTuple{IPPROTO_GRE, 1, 2, 5, 6}, SmallTuple{50, 1, 2, 0, 0},
        SmallTuple{IPPROTO_DCCP, 1, 2, 5, 6}}) {
    for (const auto& [host_min, host_max, port_min, port_max] : {std::array{9, -1, -1, -1},
                                                                 {9, 9, -1, -1},
                                                                 {9, -1, 4000, -1},
                                                                 {9, -1, 4000, 4000},
                                                                 {-1, -1, 4000, 4000},
                                                                 {-1, -1, -1, 4000},
                                                                 {-1, -1, -1, -1},
                                                                 {1, -1, -1, -1},
                                                                 {2, -1, -1, -1},
                                                                 {9, -1, 0, 65535}}) {
      const AttrBytes inner = range(tuple, host_min, host_max, port_min, port_max);
      const std::string name = fmt::format("nat of protocol {} v6 {} to {} {} {} {}", tuple.proto,
                                           tuple.v6, host_min, host_max, port_min, port_max);
      const AttrBytes src = nest(CTA_NAT_SRC, inner), dst = nest(CTA_NAT_DST, inner);
      cases.push_back({name + ", source", {create(tuple, src), get(tuple), remove(tuple)}});
      cases.push_back({name + ", destination", {create(tuple, dst), get(tuple)}});
      cases.push_back({name + ", both", {create(tuple, both(src, dst)), get(tuple)}});
    }
  }
}

void add_odd_nat(Cases& cases) {
  const AttrBytes wrong_family = range(kUdp6, 9, -1, -1, -1);
  add_both_ways(cases, "nat of the other family", kUdp, nest(CTA_NAT_SRC, wrong_family));
  add_both_ways(cases, "nat with a short address", kUdp,
                nest(CTA_NAT_SRC, AttrBytes{}.u16(CTA_NAT_V4_MINIP, 9)));
  add_both_ways(cases, "nat with a short port", kUdp,
                nest(CTA_NAT_DST, nest(CTA_NAT_PROTO, u8_attr(CTA_PROTONAT_PORT_MIN, 9))));
  add_both_ways(cases, "nat with an empty list of ports", kUdp,
                nest(CTA_NAT_DST, nest(CTA_NAT_PROTO, {})));
  add_both_ways(cases, "nat with a status", kUdp,
                both(nest(CTA_NAT_SRC, range(kUdp, 9, -1, -1, -1)), attr32(CTA_STATUS, 0xe)));
  cases.push_back({"nat of an entry there is",
                   {create(kUdp), create(kUdp, nest(CTA_NAT_SRC, range(kUdp, 9, -1, -1, -1)))}});
}

/// Several flows to one address: the second has to move.
void add_nat_clashes(Cases& cases) {
  const auto from = [](uint8_t src, uint16_t port, uint8_t proto) {
    return SmallTuple{proto, src, 2, port, 80};
  };
  for (const uint8_t proto : {IPPROTO_TCP, IPPROTO_UDP}) {
    const SmallTuple a = from(1, 5000, proto), b = from(3, 5000, proto), c = from(4, 5000, proto);
    const AttrBytes two = nest(CTA_NAT_SRC, range(a, 9, -1, 5000, 5001));
    const AttrBytes one = nest(CTA_NAT_SRC, range(a, 9, -1, 5000, 5000));
    cases.push_back({fmt::format("source ports in use, protocol {}", proto),
                     {create(a, two), create(b, two), get(b), create(c, two), create(c, one)}});
    const AttrBytes to_one = nest(CTA_NAT_DST, range(a, 9, -1, 8000, 8010));
    SmallTuple d = a, e = a;
    d.dst = 11;
    e.dst = 12;
    cases.push_back({fmt::format("destination ports in use, protocol {}", proto),
                     {create(a, to_one), create(d, to_one), create(e, to_one), get(e)}});
    const SmallTuple mirror = reply_to(a);
    cases.push_back({fmt::format("a mirrored flow, protocol {}", proto),
                     {create(a), create(mirror, nest(CTA_NAT_DST, {}))}});
  }
}

}  // namespace

std::vector<Case> attribute_cases() {
  Cases cases;
  add_sizes(cases);
  add_statuses(cases);
  add_marks(cases);
  add_timeouts(cases);
  add_tcp(cases);
  add_other_protoinfo(cases);
  add_adjustments(cases);
  add_labels(cases);
  add_helpers(cases);
  add_half_changes(cases);
  add_nat(cases);
  add_odd_nat(cases);
  add_nat_clashes(cases);
  return cases;
}

}  // namespace ctwin::test

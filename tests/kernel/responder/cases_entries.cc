#include <fmt/format.h>

#include "cases.h"

namespace ctwin::test {

Bytes create(const SmallTuple& tuple, const AttrBytes& extra, uint16_t flags) {
  AttrBytes attrs = tuples_of(tuple);
  attrs.u32(CTA_TIMEOUT, 1000).add(extra);  // of two, the later counts
  return message({conntrack_type(IPCTNL_MSG_CT_NEW), flags, family_of(tuple)}, attrs);
}

Bytes update(const SmallTuple& tuple, const AttrBytes& extra, uint16_t flags) {
  return message({conntrack_type(IPCTNL_MSG_CT_NEW), flags, family_of(tuple)},
                 tuple_attr(CTA_TUPLE_ORIG, tuple).add(extra));
}

Bytes get(const SmallTuple& tuple, const AttrBytes& extra, uint16_t flags) {
  return message({conntrack_type(IPCTNL_MSG_CT_GET), flags, family_of(tuple)},
                 tuple_attr(CTA_TUPLE_ORIG, tuple).add(extra));
}

Bytes remove(const SmallTuple& tuple, const AttrBytes& extra, uint16_t flags) {
  return message({conntrack_type(IPCTNL_MSG_CT_DELETE), flags, family_of(tuple)},
                 tuple_attr(CTA_TUPLE_ORIG, tuple).add(extra));
}

Bytes dump(const AttrBytes& extra, uint8_t family) {
  return message({conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP, family}, extra);
}

Bytes flush(const AttrBytes& extra, uint8_t family, uint8_t version) {
  return message({conntrack_type(IPCTNL_MSG_CT_DELETE), NLM_F_ACK, family, version}, extra);
}

namespace {

using Cases = std::vector<Case>;

/// Make it, read it in every way, make it again, end it.
Case life_of(const SmallTuple& tuple, const std::string& name) {
  const uint8_t family = family_of(tuple);
  const SmallTuple reply = reply_to(tuple);
  const MessageHead get_head{conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_ACK, family};
  return {
      name,
      {create(tuple), get(tuple), get(reply), message(get_head, tuple_attr(CTA_TUPLE_REPLY, reply)),
       message(get_head, tuple_attr(CTA_TUPLE_REPLY, tuple)), create(tuple),
       create(tuple, {}, NLM_F_CREATE | NLM_F_ACK), create(reply), update(reply),
       remove(tuple, attr32(CTA_ID, 0xdeadbeef)), remove(tuple, attr32(CTA_ID, kAnyEntry)),
       remove(tuple)}};
}

void add_protocols(Cases& cases) {
  for (const bool v6 : {false, true}) {
    for (const uint8_t proto : {0, 2, 6, 17, 33, 41, 47, 50, 51, 132, 136, 255})
      cases.push_back(life_of({proto, 1, 2, 1000, 53, v6},
                              fmt::format("the life of protocol {} v6 {}", proto, v6)));
    for (const uint8_t proto : {1, 58})
      for (unsigned type = 0; type < 256; type += type < 20 || (type > 125 && type < 145) ? 1 : 20)
        cases.push_back(
            life_of({proto, 1, 2, 77, static_cast<uint16_t>(type << 8 | 3), v6},
                    fmt::format("the life of protocol {} type {} v6 {}", proto, type, v6)));
  }
  cases.push_back(life_of({IPPROTO_UDP, 1, 1, 5, 5}, "the life of a flow that is its own reply"));
}

/// A tuple with parts left out or wrong, by number.
AttrBytes damaged_tuple(uint16_t type, unsigned damage) {
  AttrBytes ip, proto, inner;
  const auto src = host(1, false), dst = host(2, false);
  if (damage != 1) ip.raw(CTA_IP_V4_SRC, std::span(src).first(damage == 2 ? 3 : 4));
  if (damage != 3) ip.raw(CTA_IP_V4_DST, std::span(dst).first(damage == 4 ? 8 : 4));
  if (damage == 5) ip.raw(CTA_IP_V6_DST, std::span(dst).first(15));
  if (damage != 6) proto.number(CTA_PROTO_NUM, IPPROTO_UDP, damage == 7 ? 0 : 1);
  if (damage != 8) proto.number(CTA_PROTO_SRC_PORT, 1000, damage == 9 ? 1 : 2);
  if (damage != 10) proto.number(CTA_PROTO_DST_PORT, 53, damage == 11 ? 1 : 2);
  if (damage == 12) proto.number(CTA_PROTO_ICMP_ID, 53, 1);
  if (damage == 13) proto.number(14, 53, 3);
  if (damage != 14)
    damage == 15 ? inner.raw(CTA_TUPLE_IP, ip.bytes()) : inner.nest(CTA_TUPLE_IP, ip);
  if (damage == 16) inner.raw(CTA_TUPLE_PROTO, std::span(src).first(3));
  if (damage != 17) inner.nest(CTA_TUPLE_PROTO, proto);
  if (damage == 18) inner.number(CTA_TUPLE_ZONE, 0, 1);
  if (damage == 19) inner.number(CTA_TUPLE_ZONE, 0, 4);
  if (damage == 20) inner.garbage(std::span(src).first(4));
  if (damage == 21) inner.nest(CTA_TUPLE_IP, {});
  if (damage == 22) return AttrBytes{}.raw(type, inner.bytes());
  if (damage == 23) return nest(type, {});
  if (damage == 24) return AttrBytes{}.raw(type, std::span(src).first(2));
  return nest(type, inner);
}

void add_damaged_tuples(Cases& cases) {
  constexpr unsigned kDamages = 25;
  for (unsigned damage = 0; damage < kDamages; ++damage) {
    for (const uint16_t type : {CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_TUPLE_MASTER}) {
      const AttrBytes bad = damaged_tuple(type, damage);
      const AttrBytes good = tuples_of(kUdp).u32(CTA_TIMEOUT, 1000);
      Case one{fmt::format("tuple {} with damage {}", type, damage), {}};
      const auto add = [&](uint8_t request, uint16_t flags, const AttrBytes& attrs) {
        one.datagrams.push_back(message({conntrack_type(request), flags, AF_INET}, attrs));
      };
      add(IPCTNL_MSG_CT_GET, NLM_F_ACK, bad);
      add(IPCTNL_MSG_CT_NEW, NLM_F_ACK, bad);
      add(IPCTNL_MSG_CT_NEW, kCreate, both(good, bad));
      add(IPCTNL_MSG_CT_GET, NLM_F_ACK, bad);
      add(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, bad);
      cases.push_back(std::move(one));
    }
  }
}

void add_flags(Cases& cases) {
  for (unsigned bits = 0; bits < 32; ++bits) {
    const auto flags = static_cast<uint16_t>(
        (bits & 1 ? NLM_F_CREATE : 0) | (bits & 2 ? NLM_F_EXCL : 0) |
        (bits & 4 ? NLM_F_REPLACE : 0) | (bits & 8 ? NLM_F_ECHO : 0) | (bits & 16 ? NLM_F_ACK : 0));
    cases.push_back(
        {fmt::format("new with flags {:#x}", flags),
         {create(kUdp, {}, flags), create(kUdp), create(kUdp, {}, flags),
          update(kUdp, attr32(CTA_MARK, 7), flags), update(kTcp, attr32(CTA_MARK, 7), flags),
          remove(kUdp, {}, flags), remove(kUdp, {}, flags)}});
  }
}

void add_missing(Cases& cases) {
  const MessageHead head{conntrack_type(IPCTNL_MSG_CT_NEW), kCreate};
  const AttrBytes orig = tuple_attr(CTA_TUPLE_ORIG, kUdp);
  const AttrBytes reply = tuple_attr(CTA_TUPLE_REPLY, reply_to(kUdp));
  cases.push_back({"create without a timeout", {message(head, both(orig, reply))}});
  cases.push_back(
      {"create without a reply", {message(head, both(orig, attr32(CTA_TIMEOUT, 1000)))}});
  cases.push_back(
      {"create without an original", {message(head, both(reply, attr32(CTA_TIMEOUT, 1000)))}});
  cases.push_back({"create without anything", {message(head, {})}});
  cases.push_back(
      {"update without a tuple", {message({conntrack_type(IPCTNL_MSG_CT_NEW), NLM_F_ACK}, {})}});
  cases.push_back({"update by the reply tuple alone",
                   {create(kUdp), message({conntrack_type(IPCTNL_MSG_CT_NEW), NLM_F_ACK},
                                          both(reply, attr32(CTA_MARK, 3)))}});
  cases.push_back(
      {"get without a tuple", {message({conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_ACK}, {})}});
  SmallTuple other = kTcp;
  std::swap(other.src, other.dst);
  cases.push_back(
      {"two protocols in one flow",
       {message(head, both(orig, tuple_attr(CTA_TUPLE_REPLY, other)).u32(CTA_TIMEOUT, 1000))}});
  cases.push_back(
      {"a reply that is no inverse",
       {message(head, both(orig, tuple_attr(CTA_TUPLE_REPLY, {IPPROTO_UDP, 7, 8, 9, 10}))
                          .u32(CTA_TIMEOUT, 1000)),
        get({IPPROTO_UDP, 7, 8, 9, 10}), get(reply_to(kUdp))}});
}

void add_clashes(Cases& cases) {
  const MessageHead head{conntrack_type(IPCTNL_MSG_CT_NEW), kCreate};
  const auto flow = [&](const SmallTuple& orig, const SmallTuple& reply) {
    AttrBytes attrs = tuple_attr(CTA_TUPLE_ORIG, orig);
    attrs.add(tuple_attr(CTA_TUPLE_REPLY, reply)).u32(CTA_TIMEOUT, 1000);
    return message(head, attrs);
  };
  const SmallTuple a{IPPROTO_UDP, 1, 2, 1, 1}, b{IPPROTO_UDP, 3, 4, 1, 1};
  const SmallTuple c{IPPROTO_UDP, 5, 6, 1, 1};
  cases.push_back({"a reply tuple in use", {flow(a, b), flow(c, b), flow(b, c), flow(c, a)}});
}

void add_families(Cases& cases) {
  for (const uint8_t family : {0, 1, 2, 3, 5, 7, 10, 11, 28, 255}) {
    Case one{fmt::format("family {}", family), {create(kUdp), create(kUdp6)}};
    for (const SmallTuple& tuple : {kTcp, kTcp6}) {
      AttrBytes attrs = tuples_of(tuple);
      attrs.u32(CTA_TIMEOUT, 1000);
      one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate, family}, attrs));
      for (const uint8_t type : {IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE})
        one.datagrams.push_back(
            message({conntrack_type(type), NLM_F_ACK, family}, tuple_attr(CTA_TUPLE_ORIG, tuple)));
    }
    one.datagrams.push_back(dump({}, family));
    one.datagrams.push_back(flush({}, family, 0));
    one.datagrams.push_back(create(kUdp));
    one.datagrams.push_back(flush({}, family, 1));
    cases.push_back(std::move(one));
  }
}

AttrBytes zoned_tuple(uint16_t type, const SmallTuple& tuple, uint16_t zone) {
  AttrBytes inner;
  inner.nest(CTA_TUPLE_IP, addresses_of(tuple)).nest(CTA_TUPLE_PROTO, protocol_of(tuple));
  return nest(type, inner.u16(CTA_TUPLE_ZONE, zone));
}

/// Original and reply tuple, each with a zone of its own unless that is negative, and CTA_ZONE.
AttrBytes zoned(int orig_zone, int reply_zone, int zone) {
  AttrBytes attrs;
  attrs.add(orig_zone < 0 ? tuple_attr(CTA_TUPLE_ORIG, kUdp)
                          : zoned_tuple(CTA_TUPLE_ORIG, kUdp, static_cast<uint16_t>(orig_zone)));
  attrs.add(reply_zone < 0
                ? tuple_attr(CTA_TUPLE_REPLY, reply_to(kUdp))
                : zoned_tuple(CTA_TUPLE_REPLY, reply_to(kUdp), static_cast<uint16_t>(reply_zone)));
  if (zone >= 0) attrs.u16(CTA_ZONE, static_cast<uint16_t>(zone));
  return attrs.u32(CTA_TIMEOUT, 1000);
}

void add_zones(Cases& cases) {
  for (const int orig : {-1, 0, 5, 7})
    for (const int reply : {-1, 0, 5, 7})
      for (const int zone : {-1, 0, 5}) {
        Case one{fmt::format("zones {} {} {}", orig, reply, zone), {}};
        const AttrBytes attrs = zoned(orig, reply, zone);
        one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate}, attrs));
        one.datagrams.push_back(create(kUdp));
        one.datagrams.push_back(create(kUdp, attr16(CTA_ZONE, 5)));
        for (const int other_orig : {-1, 5})
          for (const int other_reply : {-1, 5, 7}) {
            const AttrBytes other = zoned(other_orig, other_reply, -1);
            one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate}, other));
            one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_ACK}, other));
          }
        for (const uint8_t type : {IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE})
          one.datagrams.push_back(message({conntrack_type(type), NLM_F_ACK}, attrs));
        for (const SmallTuple& tuple : {kUdp, reply_to(kUdp)})
          for (const uint16_t id : {0, 5, 7})
            one.datagrams.push_back(get(tuple, attr16(CTA_ZONE, id)));
        cases.push_back(std::move(one));
      }
}

/// In zones that hold for one direction, the original of one flow may be the reply of another.
void add_mirrored_zones(Cases& cases) {
  const SmallTuple there = kUdp, back = reply_to(kUdp);
  const auto flow = [](const AttrBytes& orig, const AttrBytes& reply) {
    return message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate},
                   both(orig, reply).u32(CTA_TIMEOUT, 1000));
  };
  const Bytes zoned_reply =
      flow(tuple_attr(CTA_TUPLE_ORIG, there), zoned_tuple(CTA_TUPLE_REPLY, back, 5));
  const Bytes zoned_orig =
      flow(zoned_tuple(CTA_TUPLE_ORIG, back, 5), tuple_attr(CTA_TUPLE_REPLY, there));
  for (const auto& [first, second] :
       {std::pair{zoned_reply, zoned_orig}, {zoned_orig, zoned_reply}}) {
    Case one{"the original of one zone is the reply of another", {first, second, first, second}};
    // Without a direction for the zone both answer to `there`, and it is the kernel's secret which.
    one.datagrams.push_back(get(there, attr16(CTA_ZONE, 5)));
    one.datagrams.push_back(get(back));
    for (const SmallTuple& tuple : {there, back}) {
      for (const uint16_t type : {CTA_TUPLE_ORIG, CTA_TUPLE_REPLY})
        one.datagrams.push_back(
            message({conntrack_type(IPCTNL_MSG_CT_GET), NLM_F_ACK}, zoned_tuple(type, tuple, 5)));
    }
    one.datagrams.push_back(message({conntrack_type(IPCTNL_MSG_CT_DELETE), NLM_F_ACK},
                                    zoned_tuple(CTA_TUPLE_ORIG, back, 5)));
    cases.push_back(std::move(one));
  }
}

void add_masters(Cases& cases) {
  const AttrBytes master = tuple_attr(CTA_TUPLE_MASTER, kTcp);
  const AttrBytes by_reply = tuple_attr(CTA_TUPLE_MASTER, reply_to(kTcp));
  const SmallTuple child2{IPPROTO_UDP, 1, 2, 1001, 54};
  cases.push_back(
      {"a master",
       {create(kUdp, master), create(kTcp), create(kUdp, master), create(child2, by_reply),
        get(kTcp), get(kUdp), create(kUdp, master), update(kUdp, master), update(kUdp),
        update(kUdp, attr32(CTA_STATUS, 8)), update(kUdp, attr32(CTA_STATUS, 9)), remove(child2),
        remove(kTcp), get(kUdp), create(kTcp), get(kTcp), remove(kUdp), get(kTcp)}});
  cases.push_back(
      {"a master in another zone",
       {create(kTcp), create(kUdp, both(master, attr16(CTA_ZONE, 3))),
        create(kTcp, attr16(CTA_ZONE, 3)), create(kUdp, both(master, attr16(CTA_ZONE, 3)))}});
  cases.push_back({"a master with a zone in its tuple",
                   {create(kTcp), create(kUdp, zoned_tuple(CTA_TUPLE_MASTER, kTcp, 0)),
                    create(kUdp, zoned_tuple(CTA_TUPLE_MASTER, kTcp, 3))}});
  cases.push_back({"expected without a master", {create(kUdp, attr32(CTA_STATUS, 9))}});
}

}  // namespace

std::vector<Case> entry_cases() {
  Cases cases;
  add_protocols(cases);
  add_damaged_tuples(cases);
  add_flags(cases);
  add_missing(cases);
  add_clashes(cases);
  add_families(cases);
  add_zones(cases);
  add_mirrored_zones(cases);
  add_masters(cases);
  return cases;
}

}  // namespace ctwin::test

#include "ctnetlink/filter_codec.h"

#include <doctest/doctest.h>

#include <map>

#include "ctnetlink/flow_codec.h"
#include "ctnetlink/uapi.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

Bytes encode(const Filter& filter, bool with_tuples) {
  return build_message(
      NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, 0, AF_UNSPEC,
      [&](netlink::AttrWriter& attrs) { ctnetlink::encode_filter(filter, with_tuples, attrs); });
}

/// The attributes that a filter becomes: type and value.
std::map<uint16_t, uint32_t> encoded(const Filter& filter) {
  const Bytes bytes = encode(filter, false);
  std::map<uint16_t, uint32_t> attributes;
  netlink::AttrReader reader(message_of(bytes).attributes());
  for (netlink::Attr attr; reader.next(attr);) attributes[attr.type] = attr.be<uint32_t>();
  return attributes;
}

/// What of the tuples goes down: both sets of flags, and the tuples as far as they are there.
struct TupleParts {
  uint32_t orig_flags = 0, reply_flags = 0;
  Tuple orig, reply;
};
TupleParts tuples_of(const Filter& filter) {
  const Bytes bytes = encode(filter, true);
  TupleParts parts;
  netlink::AttrReader reader(message_of(bytes).attributes());
  for (netlink::Attr attr; reader.next(attr);) {
    if (attr.type == CTA_TUPLE_ORIG) ctnetlink::decode_tuple(attr, parts.orig);
    if (attr.type == CTA_TUPLE_REPLY) ctnetlink::decode_tuple(attr, parts.reply);
    if (attr.type != CTA_FILTER) continue;
    netlink::AttrReader flags(attr);
    for (netlink::Attr one; flags.next(one);)
      (one.type == CTA_FILTER_ORIG_FLAGS ? parts.orig_flags : parts.reply_flags) =
          one.native<uint32_t>();
  }
  return parts;
}

}  // namespace

TEST_CASE("addresses alone are not attributes of a request without tuples") {
  Filter filter;
  filter.family = AF_INET;
  filter.orig.src = address("192.0.2.1");
  CHECK(encoded(filter).empty());
}

TEST_CASE("IPv4 addresses, the protocol and the ports of tcp and udp go down in either direction") {
  Filter filter;
  filter.orig.src = address("192.0.2.1");
  filter.orig.proto = uint8_t{IPPROTO_TCP};
  filter.orig.dport = uint16_t{443};
  filter.reply.dst = address("198.51.100.7");
  const TupleParts parts = tuples_of(filter);
  CHECK_EQ(parts.orig_flags,
           ctnetlink::kFilterSrc | ctnetlink::kFilterProto | ctnetlink::kFilterDport);
  CHECK_EQ(parts.reply_flags, uint32_t{ctnetlink::kFilterDst});
  CHECK(parts.orig.src == address("192.0.2.1"));
  CHECK_EQ(parts.orig.proto, IPPROTO_TCP);
  CHECK_EQ(parts.orig.dport, 443);
  CHECK(parts.reply.dst == address("198.51.100.7"));
  const auto families = ctnetlink::dump_families(filter);
  CHECK(families.with_tuples);
  CHECK_EQ(families.first, AF_INET);
  CHECK_EQ(families.second, AF_UNSPEC);
}

TEST_CASE("what the kernel compares wrongly or not at all stays above") {
  Filter v6;
  v6.family = AF_INET6;
  v6.orig.src = address("fd00::1");
  v6.reply.dst = address("fd00::2");
  CHECK_FALSE(ctnetlink::dump_families(v6).with_tuples);
  Filter network;
  network.orig.src = address("10.0.0.0");
  network.orig.src_mask = address("255.0.0.0");
  CHECK_FALSE(ctnetlink::dump_families(network).with_tuples);
  Filter ports_alone;
  ports_alone.orig.dport = uint16_t{53};
  CHECK_FALSE(ctnetlink::dump_families(ports_alone).with_tuples);
  Filter sctp;
  sctp.orig.proto = uint8_t{IPPROTO_SCTP};
  sctp.orig.dport = uint16_t{53};
  CHECK_EQ(tuples_of(sctp).orig_flags, uint32_t{ctnetlink::kFilterProto});
  Filter echo;
  echo.orig.proto = uint8_t{IPPROTO_ICMP};
  echo.orig.icmp_type = uint8_t{0};
  CHECK_EQ(tuples_of(echo).orig_flags, uint32_t{ctnetlink::kFilterProto});
}

TEST_CASE("a mask that covers the whole address is none") {
  Filter filter;
  filter.orig.dst = address("192.0.2.1");
  filter.orig.dst_mask = address("255.255.255.255");
  CHECK_EQ(tuples_of(filter).orig_flags, uint32_t{ctnetlink::kFilterDst});
}

TEST_CASE("a protocol of no family is asked for in both, one of a family in that") {
  Filter filter;
  filter.orig.proto = uint8_t{IPPROTO_TCP};
  CHECK_EQ(ctnetlink::dump_families(filter).first, AF_INET);
  CHECK_EQ(ctnetlink::dump_families(filter).second, AF_INET6);
  filter.family = AF_INET6;
  CHECK_EQ(ctnetlink::dump_families(filter).first, AF_INET6);
  CHECK_EQ(ctnetlink::dump_families(filter).second, AF_UNSPEC);
}

TEST_CASE("a zone goes down whichever direction it is of, but never 0") {
  Filter filter;
  filter.zone = uint16_t{0};
  CHECK(encoded(filter).empty());
  Filter both;
  both.zone = uint16_t{3};
  Filter orig;
  orig.orig.zone = uint16_t{3};
  Filter reply;
  reply.zone = uint16_t{0};
  reply.reply.zone = uint16_t{3};
  for (const Filter& each : {both, orig, reply}) {
    const Bytes bytes = encode(each, false);
    netlink::AttrReader reader(message_of(bytes).attributes());
    netlink::Attr attr;
    REQUIRE(reader.next(attr));
    CHECK_EQ(attr.type, CTA_ZONE);
    CHECK_EQ(attr.be<uint16_t>(), 3);
  }
}

TEST_CASE("a mark travels with its mask") {
  Filter filter;
  filter.mark = MarkFilter{0x10, 0xf0};
  CHECK(encoded(filter) == std::map<uint16_t, uint32_t>{{CTA_MARK, 0x10}, {CTA_MARK_MASK, 0xf0}});
}

TEST_CASE("a mark of 0 is a condition too") {
  Filter filter;
  filter.mark = MarkFilter{0, UINT32_MAX};
  CHECK(encoded(filter) ==
        std::map<uint16_t, uint32_t>{{CTA_MARK, 0}, {CTA_MARK_MASK, UINT32_MAX}});
}

TEST_CASE("set and clear status bits travel as value and mask") {
  Filter filter;
  filter.status_set = kSeenReply;
  filter.status_clear = kAssured;
  CHECK(encoded(filter) == std::map<uint16_t, uint32_t>{{CTA_STATUS, kSeenReply},
                                                        {CTA_STATUS_MASK, kSeenReply | kAssured}});
}

TEST_CASE("clear bits alone ask for a value of 0 under their mask") {
  Filter filter;
  filter.status_clear = kSeenReply;
  CHECK(encoded(filter) ==
        std::map<uint16_t, uint32_t>{{CTA_STATUS, 0}, {CTA_STATUS_MASK, kSeenReply}});
}

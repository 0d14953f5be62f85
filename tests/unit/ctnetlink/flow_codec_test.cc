#include "ctnetlink/flow_codec.h"

#include <doctest/doctest.h>

#include <random>

#include "ctnetlink/uapi.h"
#include "support/exact.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::decode_flow;

namespace {

Flow decoded(const Bytes& bytes) {
  Flow flow;
  REQUIRE(decode_flow(message_of(bytes), flow));
  return flow;
}

/// What comes back when `flow` is sent and read.
Flow round_trip(const Flow& flow) { return decoded(flow_message(flow)); }

Bytes conntrack_message(const std::function<void(netlink::AttrWriter&)>& fill) {
  return build_message(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, 0, AF_INET, fill);
}

void add(Flow& flow, std::initializer_list<FlowField> fields) {
  for (const FlowField field : fields) flow.fields.add(field);
}

/// A flow of which everything is known that a message can tell.
Flow full_flow() {
  Flow flow = tcp_flow();
  flow.orig.has_zone = flow.reply.has_zone = true;
  flow.orig.zone = 4, flow.reply.zone = 5;
  flow.master = port_tuple(IPPROTO_TCP, "10.0.0.1", 1, "10.0.0.2", 21);
  flow.mark = 0x01020304, flow.mark_mask = 0xff;
  flow.secmark = 9, flow.zone = 0xfffe;
  flow.secctx.assign("system_u:object_r:unlabeled_t:s0");
  flow.helper.assign("ftp");
  flow.labels.set(0), flow.labels.set(127), flow.labels_mask.set(64);
  flow.counters_orig = {1, UINT64_MAX};
  flow.counters_reply = {UINT64_MAX, 2};
  flow.timestamp_start = 1, flow.timestamp_stop = UINT64_MAX, flow.timestamp_event = 3;
  flow.tcp_wscale = {7, 9};
  flow.tcp_flags = {FlagsWithMask{0x0a, 0x0b}, FlagsWithMask{0x23, 0x24}};
  flow.nat_src.min_addr = address("1.1.1.1"), flow.nat_src.max_addr = address("1.1.1.9");
  flow.nat_dst.min_addr = flow.nat_dst.max_addr = address("2.2.2.2");
  flow.nat_dst.min_port = 80, flow.nat_dst.max_port = 90, flow.nat_dst.has_port = true;
  flow.seq_adj = {SeqAdj{1, -2, 3}, SeqAdj{4, 5, -6}};
  add(flow, {FlowField::kMaster, FlowField::kMarkMask, FlowField::kSecmark, FlowField::kZone,
             FlowField::kSecctx, FlowField::kHelper, FlowField::kLabels, FlowField::kLabelsMask,
             FlowField::kCountersOrig, FlowField::kCountersReply, FlowField::kTimestampStart,
             FlowField::kTimestampStop, FlowField::kTimestampEvent, FlowField::kTcpWscale,
             FlowField::kTcpFlags, FlowField::kNatSrc, FlowField::kNatDst, FlowField::kSeqAdjOrig,
             FlowField::kSeqAdjReply});
  return flow;
}

}  // namespace

TEST_CASE("tuples and numbers survive encoding and decoding") {
  const Flow sent = full_flow();
  const Flow got = round_trip(sent);
  CHECK(got.orig == sent.orig);
  CHECK(got.reply == sent.reply);
  CHECK(got.master == sent.master);
  CHECK_EQ(got.status, sent.status);
  CHECK_EQ(got.timeout, sent.timeout);
  CHECK_EQ(got.mark, sent.mark);
  CHECK_EQ(got.mark_mask, sent.mark_mask);
  CHECK_EQ(got.use, sent.use);
  CHECK_EQ(got.id, sent.id);
  CHECK_EQ(got.zone, sent.zone);
  CHECK_EQ(got.secmark, sent.secmark);
  CHECK_EQ(got.counters_orig.bytes, UINT64_MAX);
  CHECK_EQ(got.counters_reply.packets, UINT64_MAX);
  CHECK_EQ(got.timestamp_start, 1);
  CHECK_EQ(got.timestamp_stop, UINT64_MAX);
  CHECK_EQ(got.timestamp_event, 3);
}

TEST_CASE("names and labels survive encoding and decoding") {
  const Flow sent = full_flow();
  const Flow got = round_trip(sent);
  CHECK_EQ(got.helper.view(), "ftp");
  CHECK_EQ(got.secctx.view(), sent.secctx.view());
  CHECK(got.labels == sent.labels);
  CHECK(got.labels_mask == sent.labels_mask);
}

TEST_CASE("TCP's details survive encoding and decoding") {
  const Flow got = round_trip(full_flow());
  CHECK_EQ(got.tcp_state, 3);
  CHECK_EQ(got.tcp_wscale[0], 7);
  CHECK_EQ(got.tcp_wscale[1], 9);
  CHECK_EQ(got.tcp_flags[0].flags, 0x0a);
  CHECK_EQ(got.tcp_flags[0].mask, 0x0b);
  CHECK_EQ(got.tcp_flags[1].flags, 0x23);
  CHECK_EQ(got.seq_adj[0].offset_before, -2);
  CHECK_EQ(got.seq_adj[1].offset_after, -6);
}

TEST_CASE("NAT requests survive encoding and decoding") {
  const Flow got = round_trip(full_flow());
  CHECK(got.nat_src.min_addr == address("1.1.1.1"));
  CHECK(got.nat_src.max_addr == address("1.1.1.9"));
  CHECK_FALSE(got.nat_src.has_port);
  CHECK(got.nat_dst.max_addr == address("2.2.2.2"));
  CHECK(got.nat_dst.has_port);
  CHECK_EQ(got.nat_dst.min_port, 80);
  CHECK_EQ(got.nat_dst.max_port, 90);
}

TEST_CASE("SCTP's and DCCP's details survive encoding and decoding") {
  Flow sctp;
  sctp.orig = port_tuple(IPPROTO_SCTP, "fd00::1", 1, "fd00::2", 2);
  sctp.sctp_state = 4, sctp.sctp_vtag = {1, 0xfffffffe};
  add(sctp, {FlowField::kOrig, FlowField::kSctpState, FlowField::kSctpVtags});
  const Flow got = round_trip(sctp);
  CHECK(got.orig == sctp.orig);
  CHECK_EQ(got.sctp_state, 4);
  CHECK_EQ(got.sctp_vtag[0], 1);
  CHECK_EQ(got.sctp_vtag[1], 0xfffffffe);
  Flow dccp;
  dccp.dccp_state = 5, dccp.dccp_role = 1, dccp.dccp_sequence = 0x123456789abc;
  add(dccp, {FlowField::kDccpState, FlowField::kDccpRole, FlowField::kDccpSequence});
  const Flow back = round_trip(dccp);
  CHECK_EQ(back.dccp_state, 5);
  CHECK_EQ(back.dccp_role, 1);
  CHECK_EQ(back.dccp_sequence, 0x123456789abc);
}

TEST_CASE("tuples of every kind of protocol survive encoding and decoding") {
  const Tuple tuples[] = {port_tuple(IPPROTO_UDP, "10.0.0.1", 0, "10.0.0.2", 65535),
                          port_tuple(IPPROTO_GRE, "10.0.0.1", 0xabc, "10.0.0.2", 1),
                          icmp_tuple(IPPROTO_ICMP, "10.0.0.1", "10.0.0.2", 8, 3, 77),
                          icmp_tuple(IPPROTO_ICMPV6, "fd00::1", "fd00::2", 128, 0, 65535),
                          port_tuple(50, "10.0.0.1", 0, "10.0.0.2", 0),
                          port_tuple(0, "10.0.0.1", 0, "10.0.0.2", 0)};
  for (const Tuple& tuple : tuples) {
    Flow flow;
    flow.orig = tuple;
    flow.fields.add(FlowField::kOrig);
    CHECK(round_trip(flow).orig == tuple);
  }
}

TEST_CASE("fields that a message lacks are not known") {
  const Flow got = decoded(conntrack_message([](netlink::AttrWriter&) {}));
  for (unsigned i = 0; i <= static_cast<unsigned>(FlowField::kSynproxy); ++i)
    CHECK_FALSE(got.has(static_cast<FlowField>(i)));
}

TEST_CASE("decoding forgets the flow before") {
  Flow flow = decoded(flow_message(full_flow()));
  const Bytes bytes = conntrack_message([](netlink::AttrWriter& attrs) {
    const size_t protoinfo = attrs.begin_nest(CTA_PROTOINFO);
    const size_t tcp = attrs.begin_nest(CTA_PROTOINFO_TCP);
    attrs.put(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, uint8_t{1});
    attrs.end_nest(tcp);
    attrs.end_nest(protoinfo);
    attrs.end_nest(attrs.begin_nest(CTA_HELP));
    attrs.end_nest(attrs.begin_nest(CTA_SECCTX));
    attrs.end_nest(attrs.begin_nest(CTA_COUNTERS_ORIG));
    attrs.end_nest(attrs.begin_nest(CTA_TUPLE_ORIG));
  });
  REQUIRE(decode_flow(message_of(bytes), flow));
  CHECK_FALSE(flow.has(FlowField::kReply));
  CHECK_FALSE(flow.has(FlowField::kHelper));
  CHECK_FALSE(flow.has(FlowField::kSecctx));
  CHECK_FALSE(flow.has(FlowField::kCountersOrig));
  CHECK_FALSE(flow.orig.src.is_set());
  CHECK_EQ(flow.tcp_wscale[1], 0);
}

TEST_CASE("a name longer than its place is cut, not overrun") {
  const std::string name(200, 'x');
  const Flow got = decoded(conntrack_message([&](netlink::AttrWriter& attrs) {
    const size_t help = attrs.begin_nest(CTA_HELP);
    attrs.put_text(CTA_HELP_NAME, name);
    attrs.end_nest(help);
  }));
  CHECK_EQ(got.helper.view(), name.substr(0, 31));
}

TEST_CASE("labels of another size fill what there is") {
  const auto labels_of = [](size_t size) {
    return decoded(conntrack_message([&](netlink::AttrWriter& attrs) {
             attrs.put_bytes(CTA_LABELS, Bytes(size, std::byte{0xff}));
           }))
        .labels;
  };
  CHECK_FALSE(labels_of(0).any());
  CHECK(labels_of(4).test(31));
  CHECK_FALSE(labels_of(4).test(32));
  CHECK(labels_of(64).test(127));
}

TEST_CASE("attributes of a wrong size are passed over") {
  const Flow got = decoded(conntrack_message([](netlink::AttrWriter& attrs) {
    attrs.put(CTA_TIMEOUT, uint8_t{1});
    const size_t tuple = attrs.begin_nest(CTA_TUPLE_ORIG);
    const size_t ip = attrs.begin_nest(CTA_TUPLE_IP);
    attrs.put(CTA_IP_V4_SRC, uint64_t{1});
    attrs.put(CTA_IP_V6_DST, uint32_t{1});
    attrs.end_nest(ip);
    attrs.end_nest(tuple);
  }));
  CHECK_EQ(got.timeout, 0);
  CHECK_FALSE(got.orig.src.is_set());
  CHECK_FALSE(got.orig.dst.is_set());
}

TEST_CASE("a request carries no id unless it is asked for, and nothing that only answers carry") {
  Flow flow = full_flow();
  netlink::MessageWriter writer(4096);
  netlink::AttrWriter attrs = writer.begin(1, 0, 0, 1, AF_INET);
  ctnetlink::encode_flow(flow, false, attrs);
  REQUIRE(writer.end(attrs));
  netlink::AttrReader reader(message_of(writer.bytes()).attributes());
  for (netlink::Attr attr; reader.next(attr);)
    for (const int unwanted : {CTA_ID, CTA_USE, CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY,
                               CTA_TIMESTAMP, CTA_SECMARK, CTA_SECCTX})
      CHECK_NE(attr.type, unwanted);
}

TEST_CASE("a flow of every field fits in the 2 KiB that a batch allows it") {
  Flow flow = full_flow();
  flow.helper.assign(std::string(31, 'h'));
  CHECK(flow_message(flow).size() < 2048);
}

TEST_CASE("every truncation of a recorded message is read without harm") {
  Flow flow;
  size_t malformed = 0;
  for (const Bytes& bytes : recorded_flows()) {
    for (size_t size = sizeof(nlmsghdr) + sizeof(nfgenmsg); size < bytes.size(); ++size) {
      Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const auto length = static_cast<uint32_t>(size);
      std::memcpy(cut.data(), &length, sizeof length);
      const Exact exact(cut);
      malformed += !decode_flow(message_of(exact.view()), flow);
    }
  }
  CHECK(malformed > 1000);
}

TEST_CASE("recorded messages with random bytes changed are read without harm") {
  constexpr unsigned kSeed = 99;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  Flow flow;
  size_t malformed = 0;
  const auto messages = recorded_flows();
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = messages[random() % messages.size()];
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      bytes[sizeof(nlmsghdr) + random() % (bytes.size() - sizeof(nlmsghdr))] =
          static_cast<std::byte>(random());
    const Exact exact(bytes);
    malformed += !decode_flow(message_of(exact.view()), flow);
  }
  CHECK(malformed > 100);
}

TEST_CASE("recorded flows survive a second round of encoding") {
  for (const Bytes& bytes : recorded_flows()) {
    const Flow first = decoded(bytes);
    const Flow second = round_trip(first);
    CHECK(second.orig == first.orig);
    CHECK(second.reply == first.reply);
    CHECK_EQ(second.status, first.status);
    CHECK_EQ(second.tcp_state, first.tcp_state);
    CHECK(second.labels == first.labels);
  }
}

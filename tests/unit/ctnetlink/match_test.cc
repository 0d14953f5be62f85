#include "ctnetlink/match.h"

#include <doctest/doctest.h>

#include "base/address.h"
#include "support/messages.h"

using namespace ctwin;
using namespace ctwin::test;
using ctnetlink::matches;

namespace {

/// Does a filter that `set` has narrowed select the flow?
template <typename Set>
bool selects(const Flow& flow, Set set) {
  Filter filter;
  set(filter);
  return matches(filter, flow);
}

/// 10.0.1.2:41000 -> 1.2.3.4:80, really to 192.168.1.4:8080, seen there as from 10.0.2.1:5004.
Flow translated_flow() {
  Flow flow = tcp_flow();
  flow.orig = port_tuple(IPPROTO_TCP, "10.0.1.2", 41000, "1.2.3.4", 80);
  flow.reply = port_tuple(IPPROTO_TCP, "192.168.1.4", 8080, "10.0.2.1", 5004);
  flow.set_status(kSeenReply | kConfirmed | kSrcNat | kDstNat | kSrcNatDone | kDstNatDone);
  return flow;
}

Flow ping_flow() {
  Flow flow;
  flow.orig = icmp_tuple(IPPROTO_ICMP, "10.0.1.2", "10.0.2.2", 8, 0, 77);
  flow.reply = mirrored(flow.orig);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(kSeenReply | kConfirmed | kSrcNatDone | kDstNatDone);
  return flow;
}

Flow gre_flow() {
  Flow flow;
  flow.orig = port_tuple(IPPROTO_GRE, "10.0.1.2", 0, "10.0.2.2", 0xabc);
  flow.reply = port_tuple(IPPROTO_GRE, "10.0.2.2", 0xdef, "10.0.1.2", 0);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  flow.set_status(kConfirmed | kSrcNatDone | kDstNatDone);
  return flow;
}

}  // namespace

TEST_CASE("an empty filter selects everything") {
  CHECK(matches({}, tcp_flow()));
  CHECK(matches({}, Flow{}));
}

TEST_CASE("the family is compared") {
  CHECK(selects(tcp_flow(), [](Filter& f) { f.family = AF_INET; }));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.family = AF_INET6; }));
}

TEST_CASE("addresses of both directions are compared") {
  const Flow flow = tcp_flow();
  CHECK(selects(flow, [](Filter& f) { f.orig.src = address("10.0.1.2"); }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.src = address("10.0.1.3"); }));
  CHECK(selects(flow, [](Filter& f) { f.orig.dst = address("10.0.2.2"); }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.dst = address("10.0.1.2"); }));
  CHECK(selects(flow, [](Filter& f) { f.reply.src = address("10.0.2.2"); }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.reply.src = address("10.0.1.2"); }));
  CHECK(selects(flow, [](Filter& f) { f.reply.dst = address("10.0.1.2"); }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.reply.dst = address("10.0.2.2"); }));
}

TEST_CASE("masks hide the host bits of both sides, and never cross families") {
  const auto under = [](const char* wanted, const char* mask) {
    return selects(tcp_flow(), [&](Filter& f) {
      f.orig.src = address(wanted);
      f.orig.src_mask = address(mask);
    });
  };
  CHECK(under("10.0.1.99", "255.255.255.0"));
  CHECK_FALSE(under("10.0.2.2", "255.255.255.0"));
  CHECK(under("99.99.99.99", "0.0.0.0"));
  CHECK(under("10.9.1.9", "255.0.255.0"));
  CHECK_FALSE(under("::", "::"));
}

TEST_CASE("the protocol is compared, and one that is not known matches none") {
  CHECK(selects(tcp_flow(), [](Filter& f) { f.orig.proto = IPPROTO_TCP; }));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.orig.proto = IPPROTO_UDP; }));
  Flow unknown = tcp_flow();
  unknown.orig.has_proto = false, unknown.orig.proto = 0;
  CHECK_FALSE(selects(unknown, [](Filter& f) { f.orig.proto = 0; }));
}

TEST_CASE("ports of both directions are compared") {
  const Flow flow = tcp_flow();
  CHECK(selects(flow, [](Filter& f) { f.orig.sport = 41000, f.orig.dport = 80; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.sport = 80; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.dport = 81; }));
  CHECK(selects(flow, [](Filter& f) { f.reply.sport = 80, f.reply.dport = 41000; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.reply.sport = 81; }));
}

TEST_CASE("GRE keys are compared") {
  CHECK(selects(gre_flow(), [](Filter& f) { f.orig.dport = 0xabc; }));
  CHECK_FALSE(selects(gre_flow(), [](Filter& f) { f.orig.dport = 77; }));
  CHECK(selects(gre_flow(), [](Filter& f) { f.reply.sport = 0xdef; }));
  CHECK_FALSE(selects(gre_flow(), [](Filter& f) { f.reply.sport = 0xabc; }));
}

TEST_CASE("ICMP's type, code and id are compared, and are no ports") {
  const Flow flow = ping_flow();
  CHECK(selects(flow, [](Filter& f) { f.orig.icmp_type = 8, f.orig.icmp_id = 77; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.icmp_type = 0; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.icmp_code = 1; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.icmp_id = 78; }));
  CHECK(selects(flow, [](Filter& f) { f.reply.icmp_type = 0; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.orig.sport = 0; }));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.orig.icmp_type = 0; }));
}

TEST_CASE("a mark is compared under its mask, and an absent mark is 0") {
  Flow flow = tcp_flow();
  flow.set_mark(0x12);
  CHECK(selects(flow, [](Filter& f) { f.mark = MarkFilter{0x12, UINT32_MAX}; }));
  CHECK(selects(flow, [](Filter& f) { f.mark = MarkFilter{0x02, 0x0f}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.mark = MarkFilter{0x12, 0x0f}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.mark = MarkFilter{0, UINT32_MAX}; }));
  flow.fields.remove(FlowField::kMark);
  CHECK(selects(flow, [](Filter& f) { f.mark = MarkFilter{0, UINT32_MAX}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.mark = MarkFilter{0x12, UINT32_MAX}; }));
}

TEST_CASE("status bits must be set, must be clear, or both") {
  const Flow flow = tcp_flow();  // SEEN_REPLY, ASSURED, CONFIRMED
  CHECK(selects(flow, [](Filter& f) { f.status_set = kSeenReply | kAssured; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.status_set = kSeenReply | kExpected; }));
  CHECK(selects(flow, [](Filter& f) { f.status_clear = kExpected | kDying; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.status_clear = kExpected | kAssured; }));
  CHECK(selects(flow, [](Filter& f) { f.status_set = kSeenReply, f.status_clear = kDying; }));
  CHECK_FALSE(
      selects(flow, [](Filter& f) { f.status_set = kSeenReply, f.status_clear = kAssured; }));
}

TEST_CASE("zones are compared, an absent one is 0, and directional ones are apart") {
  Flow flow = tcp_flow();
  flow.zone = 3;  // left over, not known
  CHECK(selects(flow, [](Filter& f) { f.zone = 0; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.zone = 3; }));
  flow.set_zone(3);
  CHECK(selects(flow, [](Filter& f) { f.zone = 3; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.zone = 0; }));
  Flow directional = tcp_flow();
  directional.orig.has_zone = true, directional.orig.zone = 4;
  CHECK(selects(directional, [](Filter& f) { f.orig.zone = 4; }));
  CHECK(selects(directional, [](Filter& f) { f.reply.zone = 0; }));
  CHECK_FALSE(selects(directional, [](Filter& f) { f.reply.zone = 4; }));
  CHECK_FALSE(selects(directional, [](Filter& f) { f.zone = 4; }));
  CHECK(selects(directional, [](Filter& f) { f.zone = 0; }));
}

TEST_CASE("id, security mark and timeout are compared and must be known") {
  Flow flow = tcp_flow();
  CHECK(selects(flow, [](Filter& f) { f.id = 2221792456; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.id = 1; }));
  CHECK(selects(flow, [](Filter& f) { f.timeout = 431999; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.timeout = 1; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.secmark = 0; }));
  flow.secmark = 6;
  flow.fields.add(FlowField::kSecmark);
  CHECK(selects(flow, [](Filter& f) { f.secmark = 6; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.secmark = 7; }));
}

TEST_CASE("all labels must be set") {
  Flow flow = tcp_flow();
  const auto labels = [](std::initializer_list<unsigned> bits) {
    return [bits](Filter& f) {
      for (const unsigned bit : bits) f.labels.set(bit);
    };
  };
  CHECK_FALSE(selects(flow, labels({1})));
  flow.labels.set(1), flow.labels.set(127);
  flow.fields.add(FlowField::kLabels);
  CHECK(selects(flow, labels({1})));
  CHECK(selects(flow, labels({1, 127})));
  CHECK_FALSE(selects(flow, labels({1, 2})));
}

TEST_CASE("protocol states and details are compared and must be known") {
  CHECK(selects(tcp_flow(), [](Filter& f) { f.tcp_state = 3; }));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.tcp_state = 4; }));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.sctp_state = 3; }));
  Flow flow;
  flow.sctp_state = 4, flow.sctp_vtag = {1, 2}, flow.dccp_state = 5, flow.dccp_role = 1;
  for (const FlowField field :
       {FlowField::kSctpState, FlowField::kSctpVtags, FlowField::kDccpState, FlowField::kDccpRole})
    flow.fields.add(field);
  CHECK(selects(flow, [](Filter& f) { f.sctp_state = 4, f.vtag_orig = 1, f.vtag_reply = 2; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.sctp_state = 5; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.vtag_orig = 2; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.vtag_reply = 1; }));
  CHECK(selects(flow, [](Filter& f) { f.dccp_state = 5, f.dccp_role = 1; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.dccp_state = 4; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.dccp_role = 0; }));
}

TEST_CASE("source NAT is judged by the reply's destination") {
  const Flow flow = translated_flow();
  const auto to = [&](const char* text, std::optional<uint16_t> port = {}) {
    return selects(flow, [&](Filter& f) { f.src_nat = NatFilter{address(text), port}; });
  };
  CHECK(selects(flow, [](Filter& f) { f.src_nat = NatFilter{}; }));
  CHECK(to("10.0.2.1"));
  CHECK_FALSE(to("10.0.2.2"));
  CHECK(to("10.0.2.1", 5004));
  CHECK_FALSE(to("10.0.2.1", 41000));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.src_nat = NatFilter{}; }));
}

TEST_CASE("destination NAT is judged by the reply's source") {
  const Flow flow = translated_flow();
  const auto to = [&](const char* text, std::optional<uint16_t> port = {}) {
    return selects(flow, [&](Filter& f) { f.dst_nat = NatFilter{address(text), port}; });
  };
  CHECK(selects(flow, [](Filter& f) { f.dst_nat = NatFilter{}; }));
  CHECK(to("192.168.1.4", 8080));
  CHECK_FALSE(to("192.168.1.4", 80));
  CHECK_FALSE(to("1.2.3.4"));
  CHECK_FALSE(selects(tcp_flow(), [](Filter& f) { f.dst_nat = NatFilter{}; }));
}

TEST_CASE("both kinds of NAT together must both hold, either kind is enough for any") {
  Flow flow = translated_flow();
  const auto both = [](Filter& f) { f.src_nat = f.dst_nat = NatFilter{}; };
  const auto any = [](Filter& f) { f.any_nat = NatFilter{}; };
  CHECK(selects(flow, both));
  CHECK(selects(flow, any));
  flow.reply.dst = flow.orig.src, flow.reply.dport = flow.orig.sport;
  CHECK_FALSE(selects(flow, both));
  CHECK(selects(flow, any));
  CHECK(selects(flow, [](Filter& f) { f.any_nat = NatFilter{address("192.168.1.4"), {}}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.any_nat = NatFilter{address("10.0.2.1"), {}}; }));
  CHECK_FALSE(selects(tcp_flow(), any));
}

TEST_CASE("IPv6 NAT addresses are compared") {
  Flow flow = translated_flow();
  flow.orig = port_tuple(IPPROTO_TCP, "fd00::1", 1, "fd00::2", 2);
  flow.reply = port_tuple(IPPROTO_TCP, "fd00::3", 2, "fd00::1", 1);
  CHECK(selects(flow, [](Filter& f) { f.dst_nat = NatFilter{address("fd00::3"), {}}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.dst_nat = NatFilter{address("fd00::99"), {}}; }));
}

TEST_CASE("a translated port alone is NAT, but not to an address") {
  Flow flow = translated_flow();
  flow.reply.dst = flow.orig.src;
  CHECK(ctnetlink::is_source_nat(flow));
  CHECK(selects(flow, [](Filter& f) { f.src_nat = NatFilter{}; }));
  CHECK(selects(flow, [](Filter& f) { f.src_nat = NatFilter{Address{}, 5004}; }));
  CHECK_FALSE(selects(flow, [](Filter& f) { f.src_nat = NatFilter{address("10.0.1.2"), {}}; }));
}

TEST_CASE("tuples that differ without the kernel's NAT bits are no NAT") {
  Flow flow = translated_flow();
  flow.set_status(kSeenReply | kConfirmed);
  CHECK_FALSE(ctnetlink::is_source_nat(flow));
  CHECK_FALSE(ctnetlink::is_destination_nat(flow));
  flow.fields.remove(FlowField::kStatus);
  CHECK(ctnetlink::is_source_nat(flow));
  CHECK(ctnetlink::is_destination_nat(flow));
}

TEST_CASE("ICMP and GRE without translated addresses are never NAT") {
  for (const Flow& flow : {ping_flow(), gre_flow()}) {
    CHECK_FALSE(ctnetlink::is_source_nat(flow));
    CHECK_FALSE(ctnetlink::is_destination_nat(flow));
    CHECK_FALSE(selects(flow, [](Filter& f) { f.any_nat = NatFilter{}; }));
  }
  Flow masqueraded = ping_flow();
  masqueraded.reply.dst = address("10.0.2.1");
  CHECK(ctnetlink::is_source_nat(masqueraded));
  CHECK_FALSE(ctnetlink::is_destination_nat(masqueraded));
}

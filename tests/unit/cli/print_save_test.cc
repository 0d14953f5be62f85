#include <doctest/doctest.h>

#include "cli/labels.h"
#include "cli/print.h"
#include "support/messages.h"
#include "support/print.h"

using namespace ctwin;
using namespace ctwin::test;
using cli::SaveVerb;

namespace {

std::string save(const Flow& flow, SaveVerb verb = SaveVerb::kAdd,
                 const cli::LabelMap* labels = nullptr) {
  return printed({.flow = flow, .verb = verb}, {.format = cli::Format::kSave, .labels = labels});
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// 10.0.1.2:41001 -> 10.0.1.1:8080, translated on both sides.
Flow translated_flow() {
  Flow flow = tcp_flow();
  flow.orig = port_tuple(IPPROTO_TCP, "10.0.1.2", 41001, "10.0.1.1", 8080);
  flow.reply = port_tuple(IPPROTO_TCP, "10.0.2.2", 80, "10.0.2.1", 5004);
  flow.set_status(kSeenReply | kAssured | kConfirmed | kSrcNat | kDstNat | kSrcNatDone |
                  kDstNatDone);
  flow.set_timeout(431997);
  return flow;
}

}  // namespace

TEST_CASE("a flow without mark, labels and NAT is conntrack's save line") {
  CHECK_EQ(save(tcp_flow()),
           "-A -t 431999 -u SEEN_REPLY,ASSURED -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.1.2 "
           "-p tcp --sport 41000 --dport 80 --reply-port-src 80 --reply-port-dst 41000 "
           "--state ESTABLISHED\n");
}

TEST_CASE("the verb says what to do with the flow") {
  CHECK(save(tcp_flow(), SaveVerb::kAdd).starts_with("-A -t "));
  CHECK(save(tcp_flow(), SaveVerb::kUpdate).starts_with("-U -t "));
  CHECK(save(tcp_flow(), SaveVerb::kDelete).starts_with("-D -t "));
}

TEST_CASE("status words stand in the order of their bits, and UNSET where there is none") {
  Flow flow = tcp_flow();
  const auto line = [&](uint32_t status) {
    flow.set_status(status);
    return save(flow);
  };
  CHECK(contains(line(kFixedTimeout | kAssured | kSeenReply | kExpected | kConfirmed),
                 " -u EXPECTED,SEEN_REPLY,ASSURED,FIXED_TIMEOUT -s "));
  CHECK(contains(line(kConfirmed | kSrcNatDone | kDstNatDone), " -u UNSET -s "));
  flow.fields.remove(FlowField::kStatus);
  CHECK_FALSE(contains(save(flow), "-u"));
}

TEST_CASE("a mark stands behind the status, which older versions would let overwrite it") {
  Flow flow = tcp_flow();
  flow.set_mark(42);
  CHECK(contains(save(flow), " -u SEEN_REPLY,ASSURED -m 42 -s "));
  flow.set_mark(0);
  CHECK_FALSE(contains(save(flow), "-m "));
}

TEST_CASE("labels are named one by one, quoted where they hold a blank, and never on -D") {
  const auto map = cli::LabelMap::load(std::string(CTWIN_TEST_DATA) + "/labels.conf");
  REQUIRE(map.ok());
  Flow flow = tcp_flow();
  flow.labels.set(0), flow.labels.set(5), flow.labels.set(64);
  flow.fields.add(FlowField::kLabels);
  CHECK(contains(save(flow, SaveVerb::kAdd, &*map),
                 " -u SEEN_REPLY,ASSURED --label-add zero --label-add \"two words\" -s "));
  CHECK(contains(save(flow, SaveVerb::kUpdate, &*map), " --label-add zero "));
  CHECK_FALSE(contains(save(flow, SaveVerb::kDelete, &*map), "label"));
  CHECK_FALSE(contains(save(flow), "label"));
}

TEST_CASE("zones stand before the addresses") {
  Flow flow = tcp_flow();
  flow.set_zone(3);
  flow.secmark = 9;
  flow.fields.add(FlowField::kSecmark);
  flow.orig.has_zone = flow.reply.has_zone = true;
  flow.orig.zone = 4, flow.reply.zone = 5;
  CHECK(contains(save(flow),
                 " -u SEEN_REPLY,ASSURED -c 9 -w 3 --orig-zone 4 --reply-zone 5 -s 10.0.1.2 "));
}

TEST_CASE("translated addresses carry the ports that were translated with them") {
  CHECK_EQ(save(translated_flow()),
           "-A -t 431997 -u SEEN_REPLY,ASSURED -s 10.0.1.2 -d 10.0.1.1 -g 10.0.2.2:80 "
           "-n 10.0.2.1:5004 -p tcp --sport 41001 --dport 8080 --reply-port-src 80 "
           "--reply-port-dst 5004 --state ESTABLISHED\n");
}

TEST_CASE("an address that was translated without its port is conntrack's own form") {
  Flow flow = translated_flow();
  flow.reply.sport = flow.orig.dport, flow.reply.dport = flow.orig.sport;
  CHECK(contains(save(flow), " -g 10.0.2.2 -n 10.0.2.1 -p tcp "));
}

TEST_CASE("a port that was translated alone names its address, where TCP or UDP flows are made") {
  Flow flow = translated_flow();
  flow.reply.src = flow.orig.dst, flow.reply.dst = flow.orig.src;
  CHECK(contains(save(flow), " -g 10.0.1.1:80 -n 10.0.1.2:5004 -p tcp "));
  CHECK(contains(save(flow, SaveVerb::kDelete), " -r 10.0.1.1 -q 10.0.1.2 -p tcp "));
  CHECK(contains(save(flow, SaveVerb::kUpdate), " -r 10.0.1.1 -q 10.0.1.2 -p tcp "));
  flow.orig.proto = flow.reply.proto = IPPROTO_UDPLITE;
  CHECK(contains(save(flow), " -r 10.0.1.1 -q 10.0.1.2 -p udplite "));
}

TEST_CASE("IPv6 addresses stand in brackets where a port follows") {
  Flow flow = translated_flow();
  flow.orig = port_tuple(IPPROTO_UDP, "fd00::1", 1, "fd00::2", 2);
  flow.reply = port_tuple(IPPROTO_UDP, "fd00::3", 80, "fd00::4", 1);
  flow.fields.remove(FlowField::kTcpState);
  CHECK(contains(save(flow), " -s fd00::1 -d fd00::2 -g [fd00::3]:80 -n fd00::4 -p udp "));
}

TEST_CASE("one side of NAT leaves the other side plain") {
  Flow flow = translated_flow();
  flow.reply.dst = flow.orig.src, flow.reply.dport = flow.orig.sport;
  CHECK(contains(save(flow), " -g 10.0.2.2:80 -q 10.0.1.2 -p tcp "));
  flow = translated_flow();
  flow.reply.src = flow.orig.dst, flow.reply.sport = flow.orig.dport;
  CHECK(contains(save(flow), " -r 10.0.1.1 -n 10.0.2.1:5004 -p tcp "));
}

TEST_CASE("ICMP has no ports that could be translated") {
  Flow flow = tcp_flow();
  flow.fields.remove(FlowField::kTcpState);
  flow.orig = icmp_tuple(IPPROTO_ICMP, "10.0.1.2", "10.0.2.2", 8, 0, 77);
  flow.reply = mirrored(flow.orig);
  flow.reply.dst = address("10.0.2.1");
  flow.set_status(kSeenReply | kSrcNat | kSrcNatDone | kDstNatDone);
  CHECK_EQ(save(flow),
           "-A -t 431999 -u SEEN_REPLY -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -n 10.0.2.1 -p icmp "
           "--icmp-type 8 --icmp-code 0 --icmp-id 77\n");
}

TEST_CASE("every protocol has its own options") {
  Flow flow;
  flow.fields.add(FlowField::kOrig), flow.fields.add(FlowField::kReply);
  const auto line = [&](const Tuple& tuple) {
    flow.orig = tuple, flow.reply = mirrored(tuple);
    return save(flow);
  };
  CHECK_EQ(line(port_tuple(IPPROTO_GRE, "1.1.1.1", 300, "2.2.2.2", 2)),
           "-A -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 -p gre --srckey 300 --dstkey 2 "
           "--reply-key-src 2 --reply-key-dst 300\n");
  CHECK_EQ(line(port_tuple(50, "1.1.1.1", 0, "2.2.2.2", 0)),
           "-A -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 -p 50\n");
  CHECK(line(icmp_tuple(IPPROTO_ICMPV6, "fd00::1", "fd00::2", 128, 0, 78))
            .ends_with(" -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 78\n"));
  CHECK(line(port_tuple(IPPROTO_UDPLITE, "1.1.1.1", 1, "2.2.2.2", 2))
            .find(" -p udplite --sport 1 ") != std::string::npos);
}

TEST_CASE("SCTP's tags are in host order, DCCP's role is a word, ports may be unknown") {
  Flow sctp = tcp_flow();
  sctp.fields.remove(FlowField::kTcpState);
  sctp.orig = port_tuple(IPPROTO_SCTP, "1.1.1.1", 9, "2.2.2.2", 10);
  sctp.reply = mirrored(sctp.orig);
  sctp.sctp_state = 8, sctp.sctp_vtag = {1, 4294967294};
  sctp.fields.add(FlowField::kSctpState), sctp.fields.add(FlowField::kSctpVtags);
  CHECK(
      save(sctp).ends_with(" -p sctp --sport 9 --dport 10 --reply-port-src 10 --reply-port-dst 9 "
                           "--state HEARTBEAT_SENT --orig-vtag 1 --reply-vtag 4294967294\n"));
  Flow dccp = tcp_flow();
  dccp.fields.remove(FlowField::kTcpState);
  dccp.orig.proto = dccp.reply.proto = IPPROTO_DCCP;
  dccp.orig.has_ports = dccp.reply.has_ports = false;
  dccp.dccp_state = 4, dccp.dccp_role = 1;
  dccp.fields.add(FlowField::kDccpState), dccp.fields.add(FlowField::kDccpRole);
  CHECK(save(dccp).ends_with(" -p dccp --state OPEN --role server\n"));
  dccp.dccp_role = 0;
  CHECK(save(dccp).ends_with(" --role client\n"));
}

TEST_CASE("a flow of no family that -R knows prints nothing") { CHECK_EQ(save(Flow{}), ""); }

TEST_CASE("the program behind an event is not part of a command") {
  CHECK_EQ(printed({.flow = tcp_flow(), .event = EventKind::kNew, .port_id = 7, .program = "x"},
                   {.format = cli::Format::kSave}),
           save(tcp_flow()));
}

// UDP and UDP-Lite.
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

const Udp kQuestion{.sport = 1000, .dport = 53, .payload = data(20)};
const Udp kAnswer{.sport = 53, .dport = 1000, .payload = data(20)};

struct UdpFlow : TrackedFlow {
  std::string ask() { return send('>', udp_packet(ip, kQuestion)); }
  std::string answer() { return send('<', udp_packet(ip.back(), kAnswer)); }
};

struct UdpLiteFlow : TrackedFlow {
  std::string ask(const UdpLite& udplite = {}) { return send('>', udplite_packet(ip, udplite)); }
};

}  // namespace

TEST_CASE("UDP: nobody answers for thirty seconds") {
  UdpFlow flow;
  CHECK_EQ(flow.ask(), "30");
  flow.wait(10);
  CHECK_EQ(flow.ask(), "30");
  CHECK_EQ(flow.seconds_left(), 30);
  CHECK_EQ(flow.rule, "udp_timeout (no answer seen)");
}

TEST_CASE("UDP: question and answer within two seconds are no stream") {
  UdpFlow flow;
  flow.ask();
  CHECK_EQ(flow.answer(), "30");
  flow.now += 2 * kTicksPerSecond;
  CHECK_EQ(flow.ask(), "30");
  CHECK_EQ(flow.rule, "udp_timeout (answered, not in use for two seconds)");
  CHECK_EQ(flow.answer(), "30");
}

TEST_CASE("UDP: an answered flow still in use after more than two seconds is one") {
  for (const bool asks : {true, false}) {
    UdpFlow flow;
    flow.ask();
    flow.answer();
    flow.now += 2 * kTicksPerSecond + 1;
    CHECK_EQ(asks ? flow.ask() : flow.answer(), "120 ASSURED");
    CHECK_EQ(flow.events, kEventAssured);
    CHECK_EQ(flow.rule, "udp_timeout_stream");
    CHECK_EQ(flow.ask(), "120");
    CHECK_EQ(flow.events, 0);
  }
}

TEST_CASE("UDP: a first answer after two seconds makes no stream by itself") {
  UdpFlow flow;
  flow.ask();
  flow.wait(5);
  CHECK_EQ(flow.answer(), "30");
  CHECK_EQ(flow.answer(), "120 ASSURED");
}

TEST_CASE("UDP: the timeouts are settings") {
  UdpFlow flow;
  flow.settings.udp_timeout = 7;
  flow.settings.udp_timeout_stream = 77;
  CHECK_EQ(flow.ask(), "7");
  flow.wait(3);
  flow.answer();
  CHECK_EQ(flow.ask(), "77 ASSURED");
}

TEST_CASE("UDP: an entry that lets one packet pass is never assured") {
  UdpFlow flow;
  flow.ct.status = kUntracked;  // the bit that means NAT_CLASH on an entry
  flow.ask();
  flow.answer();
  flow.wait(3);
  CHECK_EQ(flow.ask(), "120");
}

TEST_CASE("UDP: headers that cannot be are INVALID") {
  TrackedFlow flow;
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_UDP, data(7))), "INVALID: short packet");
  CHECK_EQ(flow.send('>', udp_packet({}, {.length = 7})), "INVALID: truncated/malformed packet");
  CHECK_EQ(flow.send('>', udp_packet({}, {.length = 9})), "INVALID: truncated/malformed packet");
  CHECK_EQ(flow.send('>', udp_packet({}, {.payload = data(2), .length = 8})), "30");
}

TEST_CASE("UDP: a wrong checksum is INVALID, none is right") {
  TrackedFlow flow;
  flow.verify_checksum = true;
  CHECK_EQ(flow.send('>', udp_packet({}, {.checksum = 1})), "INVALID: bad checksum");
  CHECK_EQ(flow.send('>', udp_packet({}, {.checksum = 0})), "30");
  CHECK_EQ(flow.send('>', udp_packet({}, {})), "30");
  const Ip v6{.src = "fd00::1", .dst = "fd00::2"};
  CHECK_EQ(flow.send('>', udp_packet(v6, {.checksum = 1})), "INVALID: bad checksum");
  CHECK_EQ(flow.send('>', udp_packet(v6, {.checksum = 0})), "30");
  CHECK_EQ(flow.send('>', udp_packet(v6, {})), "30");
}

TEST_CASE("UDP: the checksum is that of the IP payload, whatever the length field says") {
  TrackedFlow flow;
  flow.verify_checksum = true;
  CHECK_EQ(flow.send('>', udp_packet({}, {.payload = data(4), .length = 10})), "30");
}

TEST_CASE("UDP: what was not captured is taken to be right") {
  TrackedFlow flow;
  flow.verify_checksum = true;
  const BuiltPacket packet = udp_packet({}, {.payload = data(100), .checksum = 1});
  for (const uint32_t captured : {24u, 27u, 28u, 127u})
    CHECK_EQ(flow.send('>', packet.cut(captured)), "30");
}

TEST_CASE("UDP-Lite: any answer makes a stream") {
  UdpLiteFlow flow;
  CHECK_EQ(flow.ask(), "30");
  CHECK_EQ(flow.send('<', udplite_packet(flow.ip.back(), {.sport = 53, .dport = 1000})), "30");
  CHECK_EQ(flow.ask(), "120 ASSURED");
  CHECK_EQ(flow.events, kEventAssured);
}

TEST_CASE("UDP-Lite: headers that cannot be are INVALID") {
  UdpLiteFlow flow;
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_UDPLITE, data(7))), "INVALID: short packet");
  CHECK_EQ(flow.ask({.coverage = 7}), "INVALID: invalid checksum coverage");
  CHECK_EQ(flow.ask({.coverage = 9}), "INVALID: invalid checksum coverage");
  CHECK_EQ(flow.ask({.checksum = 0}), "INVALID: checksum missing");
  CHECK_EQ(flow.ask({.coverage = 8}), "30");
}

TEST_CASE("UDP-Lite: the kernel verifies with UDP's number, so what is right is wrong") {
  UdpLiteFlow flow;
  flow.verify_checksum = true;
  CHECK_EQ(flow.ask({.payload = data(10)}), "INVALID: bad checksum");
  CHECK_EQ(flow.ask({.payload = data(10), .checksum_proto = IPPROTO_UDP}), "30");
  flow.ip = {.src = "fd00::1", .dst = "fd00::2"};
  CHECK_EQ(flow.ask({.payload = data(11)}), "INVALID: bad checksum");
  CHECK_EQ(flow.ask({.payload = data(11), .checksum_proto = IPPROTO_UDP}), "30");
}

TEST_CASE("UDP-Lite: only what the checksum covers is looked at") {
  UdpLiteFlow flow;
  flow.verify_checksum = true;
  const UdpLite udplite{.payload = data(20), .coverage = 13, .checksum_proto = IPPROTO_UDP};
  BuiltPacket packet = udplite_packet({}, udplite);
  packet.bytes.back() ^= 1;
  CHECK_EQ(flow.send('>', packet), "30");
  packet.bytes[packet.l4_offset + 12] ^= 1;
  CHECK_EQ(flow.send('>', packet), "INVALID: bad checksum");
}

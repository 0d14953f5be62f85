// ICMP and ICMPv6 questions and answers.
#include <doctest/doctest.h>

#include "unit/conntrack/tracked_flow.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

const Ip kV6{.src = "fd00::1", .dst = "fd00::2"};

std::string first(const Ip& ip, uint8_t type, uint8_t code = 0) {
  TrackedFlow flow;
  return flow.send('>', icmp_packet(ip, {.type = type, .code = code}));
}

}  // namespace

TEST_CASE("ICMP: four questions begin a flow, of any code") {
  for (const uint8_t type : {8, 13, 15, 17}) {
    CHECK_EQ(first({}, type), "30");
    CHECK_EQ(first({}, type, 200), "30");
  }
}

TEST_CASE("ICMP: an answer without its question is INVALID, and the kernel says nothing") {
  for (const uint8_t type : {0, 14, 16, 18})
    CHECK_EQ(first({}, type),
             fmt::format("INVALID: (type {} is an answer, and no question was seen)", type));
}

TEST_CASE("ICMP: each packet renews the timeout, and nothing assures a flow") {
  TrackedFlow flow;
  flow.settings.icmp_timeout = 9;
  flow.send('>', icmp_packet({}, {.type = 8}));
  for (const auto& [arrow, type] : {std::pair{'<', 0}, {'>', 8}, {'<', 0}}) {
    flow.wait(5);
    CHECK_EQ(flow.send(arrow, icmp_packet({}, {.type = static_cast<uint8_t>(type)})), "9");
    CHECK_EQ(flow.seconds_left(), 9);
  }
  CHECK_EQ(flow.rule, "icmp_timeout");
  CHECK_EQ(flow.counted, 4);
}

TEST_CASE("ICMP: even a known flow must have begun with a question") {
  TrackedFlow flow;
  flow.ct.status = kConfirmed;
  flow.ct.tuple[0].proto = IPPROTO_ICMP;
  CHECK_EQ(flow.send('>', icmp_packet({}, {.type = 0})),
           "INVALID: (type 0 is an answer, and no question was seen)");
}

TEST_CASE("ICMPv6: echo and node information begin a flow") {
  CHECK_EQ(first(kV6, 128), "30");
  CHECK_EQ(first(kV6, 139), "30");
  for (const uint8_t type : {129, 140})
    CHECK_EQ(first(kV6, type),
             fmt::format("INVALID: (type {} is an answer, and no question was seen)", type));
}

TEST_CASE("ICMPv6: a known flow may have begun with anything") {
  TrackedFlow flow;
  flow.ct.status = kConfirmed;
  flow.ct.tuple[0].proto = IPPROTO_ICMPV6;
  CHECK_EQ(flow.send('>', icmp_packet(kV6, {.type = 129})), "30");
  CHECK_EQ(flow.rule, "icmpv6_timeout");
}

TEST_CASE("ICMP over the other IP is INVALID") {
  TrackedFlow flow;
  CHECK_EQ(flow.send('>', ip_packet(kV6, IPPROTO_ICMP, {8, 0, 0, 0, 0, 0, 0, 0})),
           "INVALID: (ICMP over IPv6)");
  CHECK_EQ(flow.send('>', ip_packet({}, IPPROTO_ICMPV6, {128, 0, 0, 0, 0, 0, 0, 0})),
           "INVALID: (ICMPv6 over IPv4)");
}

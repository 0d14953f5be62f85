#include "nat/nat.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include "base/address.h"
#include "conntrack/tuple.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

using conntrack::Conn;
using conntrack::ConnIndex;
using nat::Manip;
using nat::Nat;
using nat::Range;

constexpr uint64_t kStart = 1'000'000'000'000;

Range addresses(std::string_view min, std::string_view max) {
  Range range;
  range.flags = nat::kMapIps;
  range.min_address = parse_address(min);
  range.max_address = parse_address(max);
  return range;
}
Range to(std::string_view address) { return addresses(address, address); }
Range ports(Range range, uint16_t min, uint16_t max) {
  range.flags |= nat::kProtoSpecified;
  range.min_port = min;
  range.max_port = max;
  return range;
}

/// A table, and NAT that is told what to do with each flow's first packet.
struct Gateway {
  conntrack::Settings settings;
  conntrack::Tracker tracker{settings, 10000, 1};
  Nat nat{tracker};

  Gateway() { tracker.advance(kStart); }

  /// The flow of a packet whose source is mapped, confirmed; 0 when it was dropped.
  ConnIndex snat(const BuiltPacket& packet, const Range& range) {
    conntrack::Tracked tracked = tracker.in(packet.view());
    REQUIRE(tracked.index != 0);
    CHECK(nat.set_up_null(tracked.index, Manip::kDestination));
    CHECK(nat.set_up(tracked.index, range, Manip::kSource));
    return tracker.confirm(tracked, packet.view()) ? tracked.index : 0;
  }
  ConnIndex dnat(const BuiltPacket& packet, const Range& range) {
    conntrack::Tracked tracked = tracker.in(packet.view());
    REQUIRE(tracked.index != 0);
    CHECK(nat.set_up(tracked.index, range, Manip::kDestination));
    CHECK(nat.set_up_null(tracked.index, Manip::kSource));
    return tracker.confirm(tracked, packet.view()) ? tracked.index : 0;
  }
  const Conn& operator[](ConnIndex index) { return tracker.table()[index]; }
  /// Where answers go to: the mapped source.
  uint16_t mapped_port(ConnIndex index) { return ntohs(tracker.table()[index].tuple[1].dst_key); }
  Tuple reply(ConnIndex index) { return conntrack::to_tuple(tracker.table()[index].tuple[1]); }
};

BuiltPacket syn(std::string_view src, uint16_t sport, std::string_view dst = "198.51.100.1") {
  return tcp_packet({.src = src, .dst = dst}, {.sport = sport, .dport = 443});
}
BuiltPacket query(std::string_view src, uint16_t sport, std::string_view dst = "198.51.100.1") {
  return udp_packet({.src = src, .dst = dst}, {.sport = sport});
}

TEST_CASE("a source that is mapped keeps its port where nobody else's answers need it") {
  Gateway gateway;
  const ConnIndex flow = gateway.snat(syn("10.0.0.2", 5000), to("203.0.113.1"));
  REQUIRE(flow != 0);
  CHECK(gateway.reply(flow).dst == parse_address("203.0.113.1"));
  CHECK(gateway.mapped_port(flow) == 5000);
  CHECK(gateway[flow].has(kSrcNat | kSrcNatDone | kDstNatDone));
  CHECK_FALSE(gateway[flow].has(kDstNat));
}

TEST_CASE("a flow that no rule maps gets a null binding and no NAT bit") {
  Gateway gateway;
  const ConnIndex flow = gateway.snat(syn("10.0.0.2", 5000), to("10.0.0.2"));
  CHECK((gateway[flow].status & (kSrcNat | kDstNat)) == 0);
  CHECK(gateway[flow].has(kSrcNatDone | kDstNatDone));
}

TEST_CASE("a second client with the same port gets another one, of the same class") {
  for (const uint16_t port : {300, 700, 5000}) {
    Gateway gateway;
    REQUIRE(gateway.snat(syn("10.0.0.2", port), to("203.0.113.1")) != 0);
    const ConnIndex second = gateway.snat(syn("10.0.0.3", port), to("203.0.113.1"));
    REQUIRE(second != 0);
    const uint16_t mapped = gateway.mapped_port(second);
    CHECK(mapped != port);
    if (port < 512)
      CHECK((mapped >= 1 && mapped <= 511));
    else if (port < 1024)
      CHECK((mapped >= 600 && mapped <= 1023));
    else
      CHECK(mapped >= 1024);
    CHECK(gateway.tracker.stats().found > 0);
  }
}

TEST_CASE("the same port towards another destination stays: the answers differ") {
  Gateway gateway;
  REQUIRE(gateway.snat(syn("10.0.0.2", 5000), to("203.0.113.1")) != 0);
  const ConnIndex other = gateway.snat(syn("10.0.0.3", 5000, "198.51.100.2"), to("203.0.113.1"));
  CHECK(gateway.mapped_port(other) == 5000);
}

TEST_CASE("a port that had to change stays changed towards other destinations") {
  Gateway gateway;
  REQUIRE(gateway.snat(syn("10.0.0.2", 5000), to("203.0.113.1")) != 0);
  const ConnIndex moved = gateway.snat(syn("10.0.0.3", 5000), to("203.0.113.1"));
  const ConnIndex again = gateway.snat(syn("10.0.0.3", 5000, "198.51.100.9"), to("203.0.113.1"));
  CHECK(gateway.mapped_port(again) == gateway.mapped_port(moved));
}

TEST_CASE("mappings are forgotten with their flows") {
  Gateway gateway;
  REQUIRE(gateway.snat(syn("10.0.0.2", 5000), to("203.0.113.1")) != 0);
  const ConnIndex moved = gateway.snat(syn("10.0.0.3", 5000), to("203.0.113.1"));
  REQUIRE(gateway.mapped_port(moved) != 5000);
  gateway.tracker.destroy(moved, 0);
  const ConnIndex again = gateway.snat(syn("10.0.0.3", 5000, "198.51.100.9"), to("203.0.113.1"));
  CHECK(gateway.mapped_port(again) == 5000);
}

TEST_CASE("a thousand sources grow the list and the youngest mapping is still found first") {
  Gateway gateway;
  for (uint16_t port = 2000; port < 5000; ++port)
    REQUIRE(gateway.snat(query("10.0.0.2", port), to("203.0.113.1")) != 0);
  REQUIRE(gateway.snat(query("10.0.0.3", 2500), ports(to("203.0.113.1"), 7000, 7000)) != 0);
  const ConnIndex again = gateway.snat(query("10.0.0.3", 2500, "198.51.100.7"), to("203.0.113.1"));
  CHECK(gateway.mapped_port(again) == 7000);
}

TEST_CASE("a range of ports maps into it, and the first that is full refuses TCP") {
  Gateway gateway;
  const Range two = ports(to("203.0.113.1"), 7000, 7001);
  const ConnIndex first = gateway.snat(syn("10.0.0.2", 5000), two);
  const ConnIndex second = gateway.snat(syn("10.0.0.3", 5000), two);
  REQUIRE(first != 0);
  REQUIRE(second != 0);
  CHECK(gateway.mapped_port(first) + gateway.mapped_port(second) == 14001);
  CHECK(gateway.snat(syn("10.0.0.4", 5000), two) == 0);
  CHECK(gateway.tracker.stats().insert_failed == 1);
  CHECK(gateway.tracker.stats().drop == 1);
}

TEST_CASE("a port in TIME_WAIT is taken over by a connection whose numbers are ahead") {
  Gateway gateway;
  const Range one = ports(to("203.0.113.1"), 7000, 7000);
  const ConnIndex old = gateway.snat(syn("10.0.0.2", 5000), one);
  constexpr uint8_t kTimeWait = 7;
  gateway.tracker.table()[old].track.tcp.state = kTimeWait;
  const uint32_t id = gateway[old].id;
  const auto later = [](uint32_t seq) {
    return tcp_packet({.src = "10.0.0.3", .dst = "198.51.100.1"},
                      {.sport = 5000, .dport = 443, .seq = seq});
  };
  CHECK(gateway.snat(later(0x90000000), one) == 0);
  const ConnIndex next = gateway.snat(later(1000), one);
  REQUIRE(next != 0);
  CHECK(gateway[next].id != id);
  CHECK(gateway.tracker.count() == 1);
}

TEST_CASE("a destination range begins with its first port, and keeps one that is in it") {
  Gateway gateway;
  const Range range = ports(to("10.0.0.9"), 8000, 8010);
  const ConnIndex first = gateway.dnat(syn("198.51.100.7", 5000), range);
  CHECK(gateway.reply(first).sport == 8000);
  const BuiltPacket inside =
      tcp_packet({.src = "198.51.100.7", .dst = "203.0.113.1"}, {.sport = 5001, .dport = 8005});
  CHECK(gateway.reply(gateway.dnat(inside, range)).sport == 8005);
}

TEST_CASE("a shifted range adds the same to every port") {
  Gateway gateway;
  Range range = ports(to("10.0.0.9"), 2000, 2999);
  range.flags |= nat::kProtoOffset;
  range.base_port = 400;
  const ConnIndex flow = gateway.dnat(syn("198.51.100.7", 5000), range);
  CHECK(gateway.reply(flow).sport == 2043);
}

TEST_CASE("ICMP ids collide and are drawn anew") {
  Gateway gateway;
  const auto echo = [](std::string_view src) {
    return icmp_packet({.src = src, .dst = "198.51.100.1"}, {.id = 7});
  };
  const ConnIndex first = gateway.snat(echo("10.0.0.2"), to("203.0.113.1"));
  const ConnIndex second = gateway.snat(echo("10.0.0.3"), to("203.0.113.1"));
  CHECK(gateway.reply(first).icmp_id == 7);
  CHECK(gateway.reply(second).icmp_id != 7);
}

TEST_CASE("of a range of addresses each source has its own, and persistent ones only one") {
  Gateway gateway;
  Range range = addresses("203.0.113.1", "203.0.113.200");
  range.flags |= nat::kPersistent;
  std::vector<Address> chosen;
  for (const std::string_view dst : {"198.51.100.1", "198.51.100.2", "198.51.100.3"})
    chosen.push_back(gateway.reply(gateway.snat(syn("10.0.0.2", 5000, dst), range)).dst);
  CHECK(chosen[0] == chosen[1]);
  CHECK(chosen[1] == chosen[2]);
}

TEST_CASE("an entry that is in the table already is bound no more") {
  Gateway gateway;
  const BuiltPacket packet = syn("10.0.0.2", 5000);
  conntrack::Tracked tracked = gateway.tracker.in(packet.view());
  REQUIRE(gateway.tracker.confirm(tracked, packet.view()));
  CHECK(gateway.nat.set_up(tracked.index, to("203.0.113.1"), Manip::kSource));
  CHECK((gateway[tracked.index].status & (kSrcNat | kSrcNatDone)) == 0);
}

}  // namespace
}  // namespace ctwin::test

#include "setup/ip_command.h"

#include "setup_box.h"

using namespace ctwin;
using namespace ctwin::test;

TEST_CASE("ip addr add makes a device known and gives it an address") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add 10.1.0.1/24 dev eth0\nip -6 a a fd01::1/64 dev eth0 nodad"), "");
  CHECK_EQ(box.type("10.1.0.1"), RouteType::kLocal);
  CHECK_EQ(box.device("10.1.0.9"), "eth0");
  CHECK_EQ(box.type("fd01::1"), RouteType::kLocal);
  CHECK_EQ(box.type("10.1.0.255"), RouteType::kBroadcast);
}

TEST_CASE("addresses are read as iproute2 reads them") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add 10.1/16 dev a"), "");  // what is missing is 0
  CHECK_EQ(box.type("10.1.0.0"), RouteType::kLocal);
  CHECK_EQ(box.read("ip address add 10.2.0.1/255.255.255.0 broadcast + dev a scope link"), "");
  CHECK_EQ(text_of(box.interface("a").addresses.front().broadcast), "10.2.0.255");
  CHECK(box.interface("a").addresses.front().scope == router::Scope::kLink);
  CHECK_EQ(box.read("ip addr add local 10.3.0.1 peer 10.4.0.2/24 dev a label a:1"), "");
  CHECK_EQ(box.device("10.4.0.77"), "a");
  CHECK_EQ(box.read("ip addr add dev a 10.5.0.1/24 brd 10.5.0.99"), "");
  CHECK_EQ(box.type("10.5.0.99"), RouteType::kBroadcast);
  CHECK_EQ(box.read("ip addr add 10.6.0.1/24 dev a noprefixroute"), "");
  CHECK_EQ(box.type("10.6.0.9"), RouteType::kUnspec);
  CHECK_EQ(box.read("ip addr add 127.0.0.9/8 dev a"), "");
  CHECK(box.interface("a").addresses.front().scope == router::Scope::kHost);
}

TEST_CASE("an address can be replaced, deleted and flushed") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add 10.1.0.1/24 dev a\nip addr replace 10.1.0.1/24 dev a\n"
                    "ip addr add 10.2.0.1/24 dev a\nip addr add fd01::1/64 dev a\n"
                    "ip addr del 10.2.0.1/24 dev a"),
           "");
  CHECK_EQ(box.type("10.2.0.1"), RouteType::kUnspec);
  CHECK_EQ(box.read("ip -6 addr flush dev a"), "");
  CHECK_EQ(box.type("fd01::1"), RouteType::kUnspec);
  CHECK_EQ(box.type("10.1.0.1"), RouteType::kLocal);
  CHECK_EQ(box.read("ip addr delete 10.1.0.1 dev a"), "");
  CHECK_EQ(box.type("10.1.0.1"), RouteType::kUnspec);
  CHECK_EQ(box.read("ip addr add 10.1.0.1/24 dev a\nip addr add 10.1.0.2/24 dev a\n"
                    "ip addr flush a"),
           "");
  CHECK(box.interface("a").addresses.empty());
}

TEST_CASE("lo has its addresses, and being given them again does no harm") {
  SetupBox box;
  CHECK_EQ(
      box.read("ip link set lo up\nip addr add 127.0.0.1/8 dev lo\nip addr add ::1/128 dev lo"),
      "");
}

TEST_CASE("ip route add takes networks, gateways, sources and metrics") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add 10.1.0.1/24 dev a\nip addr add fd01::1/64 dev a\n"
                    "ip route add default via 10.1.0.9\n"
                    "ip -6 route add default via fd01::9 dev a\n"
                    "ip ro a 10.9/16 dev a src 10.1.0.1 metric 7 mtu 1300 proto static\n"
                    "ip route add to 192.0.2.0/24 via 203.0.113.9 dev a onlink table main\n"
                    "ip route add unreachable 10.55.0.0/16\n"
                    "ip route add blackhole fd55::/16\n"
                    "ip route add local 10.62.0.0/16 dev lo"),
           "");
  CHECK_EQ(text_of(box.setup.router.find(parse_address("8.8.8.8")).gateway), "10.1.0.9");
  CHECK_EQ(text_of(box.setup.router.find(parse_address("2001:db8::1")).gateway), "fd01::9");
  CHECK_EQ(box.setup.router.find(parse_address("10.9.3.3")).mtu, 1300);
  CHECK_EQ(text_of(box.setup.router.find(parse_address("10.9.3.3")).preferred_source), "10.1.0.1");
  CHECK_EQ(text_of(box.setup.router.find(parse_address("192.0.2.9")).gateway), "203.0.113.9");
  CHECK_EQ(box.type("10.55.0.1"), RouteType::kUnreachable);
  CHECK_EQ(box.type("fd55::1"), RouteType::kBlackhole);
  CHECK_EQ(box.type("10.62.1.1"), RouteType::kLocal);
}

TEST_CASE("the family of a default route follows from its gateway") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add fd01::1/64 dev a\nip route add default via fd01::9"), "");
  CHECK_EQ(box.type("2001:db8::1"), RouteType::kUnicast);
  CHECK_EQ(box.type("192.0.2.1"), RouteType::kUnspec);
  CHECK_EQ(box.read("ip route add default dev a"), "");
  CHECK_EQ(box.type("192.0.2.1"), RouteType::kUnicast);
}

TEST_CASE("routes can be replaced, appended and deleted") {
  SetupBox box;
  CHECK_EQ(box.read("ip addr add 10.1.0.1/24 dev a\nip addr add 10.2.0.1/24 dev b\n"
                    "ip route add 10.9.0.0/16 dev a\nip route append 10.9.0.0/16 dev b\n"
                    "ip route del 10.9.0.0/16 dev a"),
           "");
  CHECK_EQ(box.device("10.9.0.1"), "b");
  CHECK_EQ(box.read("ip route replace 10.9.0.0/16 via 10.1.0.9"), "");
  CHECK_EQ(box.device("10.9.0.1"), "a");
  CHECK_EQ(box.read("ip route delete 10.9.0.0/16"), "");
  CHECK_EQ(box.type("10.9.0.1"), RouteType::kUnspec);
}

TEST_CASE("a device that ip link add makes is down until it is set up") {
  SetupBox box;
  CHECK_EQ(box.read("ip link add d0 type dummy\nip addr add 10.1.0.1/24 dev d0"), "");
  CHECK_EQ(box.type("10.1.0.9"), RouteType::kUnspec);
  CHECK_EQ(box.read("ip link set dev d0 mtu 1400 address 02:00:00:00:00:01 up"), "");
  CHECK_EQ(box.type("10.1.0.9"), RouteType::kUnicast);
  CHECK_EQ(box.interface("d0").mtu, 1400);
  REQUIRE(box.interface("d0").mac);
  CHECK_EQ(box.interface("d0").mac->at(5), 1);
  CHECK_EQ(box.read("ip link add name v0 mtu 1300 type veth peer name v1"), "");
  CHECK_EQ(box.interface("v0").mtu, 1300);
  CHECK_FALSE(box.interface("v1").up);
  CHECK_EQ(box.read("ip tuntap add dev t0 mode tun\nip tuntap add t1 mode tap"), "");
  CHECK_FALSE(box.interface("t0").asks_neighbours);
  CHECK(box.interface("t1").asks_neighbours);
  CHECK_EQ(box.read("ip link add link v0 name v0.5 type vlan id 5\nip link set v0.5 down arp off"),
           "");
}

TEST_CASE("what ip does not take is refused with its column") {
  struct Row {
    const char* line;
    const char* message;
  };
  constexpr Row kRows[] = {
      {"ip", "1:1: the line ends where addr, route, link or tuntap is expected"},
      {"ip rule add pref 5", "1:4: 'rule': is not supported; supported is addr"},
      {"ip -s addr add 10.0.0.1 dev a", "1:4: '-s': is not supported; supported is -4, -6"},
      {"ip addr", "1:8: the line ends where add, replace"},
      {"ip addr show", "1:9: 'show': is not supported; supported is add"},
      {"ip addr add 10.0.0.300/24 dev a", "1:13: '10.0.0.300/24': is not an address"},
      {"ip addr add 10.0.0.1/33 dev a", "1:13: '10.0.0.1/33': is not an address"},
      {"ip -6 addr add 10.0.0.1/24 dev a", "1:16: '10.0.0.1/24': is not an address"},
      {"ip -4 addr add fd01::1/64 dev a", "1:16: 'fd01::1/64': is not an address"},
      {"ip addr add default dev a", "1:13: 'default': is not"},
      {"ip addr add 10.0.0.1/24", "1:24: Not enough information: \"dev\""},
      {"ip addr add dev a", "1:18: an address is missing"},
      {"ip addr add 10.0.0.1/24 dev", "1:28: the line ends where a device's name is expected"},
      {"ip addr add 10.0.0.1/24 dev a/b", "1:29: 'a/b': is not a device's name"},
      {"ip addr add 10.0.0.1/24 dev sixteencharacters", "1:29: 'sixteencharacters': is not a"},
      {"ip addr add 10.0.0.1/24 dev a label b", "1:37: 'b': must begin with the name"},
      {"ip addr add 10.0.0.1/24 dev a scope x", "1:37: 'x': is no scope; supported is global"},
      {"ip addr add 10.0.0.1/24 dev a valid_lft 5", "1:41: '5': is not supported; supported is"},
      {"ip addr add 10.0.0.1/24 dev a anycast x", "1:31: 'anycast': is not supported"},
      {"ip addr add 10.0.0.1/24 peer fd01::2 dev a", "1:30: 'fd01::2': is not a peer's"},
      {"ip addr add 10.0.0.1/24 10.0.0.2/24 dev a", "1:25: '10.0.0.2/24': is a second address"},
      {"ip addr add ff02::1/64 dev a", "1:13: 'ff02::1/64': Cannot assign multicast"},
      {"ip addr del 10.0.0.1/24 dev a", "1:29: 'a': Cannot find device"},
      {"ip addr del 10.0.0.1/24 dev lo", "1:13: '10.0.0.1/24': Address not found"},
      {"ip addr flush", "1:14: flush needs a device"},
      {"ip route", "1:9: the line ends where add"},
      {"ip route list", "1:10: 'list': is not supported; supported is add"},
      {"ip route add", "1:13: a network is missing"},
      {"ip route add default via 10.0.0.1", "1:26: '10.0.0.1': Nexthop has invalid gateway"},
      {"ip route add default dev eth7", "1:26: 'eth7': Cannot find device"},
      {"ip route add 10.0.0.1/8 dev lo", "1:14: '10.0.0.1/8': Invalid prefix for given"},
      {"ip route add 10.0.0.0/8", "1:14: '10.0.0.0/8': No such device"},
      {"ip route add 10.0.0.0/8 dev lo tos 4", "1:32: 'tos': is not supported; supported is via"},
      {"ip route add 10.0.0.0/8 dev lo table 7", "1:38: '7': is not supported; supported is the"},
      {"ip route add 10.0.0.0/8 dev lo mtu x", "1:36: 'x': is not an MTU, a number up to 65535"},
      {"ip route add 10.0.0.0/8 via fd01::1", "1:29: 'fd01::1': is not a gateway's address"},
      {"ip route add fd00::/8 dev lo src 10.0.0.1", "1:34: '10.0.0.1': is not a source address"},
      {"ip route add blackhole 10.0.0.0/8 dev lo", "1:24: '10.0.0.0/8': Gateway, device"},
      {"ip route add anycast 10.0.0.0/8 dev lo", "1:14: 'anycast': is neither a network"},
      {"ip -6 route add broadcast fd00::/8 dev lo", "1:27: 'fd00::/8': IPv6 has no broadcasts"},
      {"ip route del 10.0.0.0/8", "1:14: '10.0.0.0/8': No such process"},
      {"ip route add 10.0.0.0/8 via", "1:28: the line ends behind 'via'"},
      {"ip link add d type macvtap", "1:20: 'macvtap': is not supported; supported is the type"},
      {"ip link add d", "1:14: the type of the device is missing"},
      {"ip link add type dummy", "1:23: the name of the device is missing"},
      {"ip link add lo type dummy", "1:13: 'lo': File exists"},
      {"ip link add d type dummy foo", "1:26: 'foo': is not supported"},
      {"ip link set lo mtu 67", "1:20: '67': is no MTU: a number from 68 to 65535"},
      {"ip link set lo address 02:00", "1:24: '02:00': is not a link-layer address"},
      {"ip link set lo master br0", "1:16: 'master': is not supported; supported is up"},
      {"ip link set lo arp x", "1:20: 'x': is neither on nor off"},
      {"ip link set", "1:12: the name of the device is missing"},
      {"ip link del lo", "1:9: 'del': is not supported; supported is add, set"},
      {"ip tuntap add t mode ppp", "1:22: 'ppp': is no mode"},
      {"ip tuntap add t", "1:16: tuntap add needs a name"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.line);
    SetupBox box;
    const std::string message = box.read(row.line);
    CAPTURE(message);
    CHECK(message.starts_with(std::string("box.setup:") + row.message));
  }
}

#include "router/router.h"

#include <cerrno>

#include "box.h"

using namespace ctwin;
using namespace ctwin::test;
using Mode = Router::AddMode;

TEST_CASE("lo is there from the beginning, with its addresses") {
  const Router router;
  CHECK_EQ(router.interfaces().find("lo"), router::kLoopback);
  CHECK_EQ(router.find(ip("127.0.0.1")).type, RouteType::kLocal);
  CHECK_EQ(router.find(ip("127.200.0.7")).type, RouteType::kLocal);
  CHECK_EQ(router.find(ip("127.255.255.255")).type, RouteType::kBroadcast);
  CHECK_EQ(router.find(ip("::1")).type, RouteType::kLocal);
  CHECK_EQ(router.find(ip("10.0.0.1")).type, RouteType::kUnspec);
  CHECK_EQ(router.find(ip("fd00::1")).type, RouteType::kUnspec);
}

TEST_CASE("an address brings the routes that the kernel adds by itself") {
  const TestBox box;
  CHECK_EQ(box.type("10.1.0.1"), RouteType::kLocal);
  CHECK_EQ(box.type("10.1.0.7"), RouteType::kUnicast);
  CHECK_EQ(box.device("10.1.0.7"), "tl");
  CHECK_EQ(box.type("10.1.0.255"), RouteType::kBroadcast);
  CHECK_EQ(box.type("10.1.0.0"), RouteType::kUnicast);  // no broadcast since Linux 5.14
  CHECK_EQ(text_of(box.router.find(ip("10.2.0.9")).preferred_source), "10.2.0.1");
  CHECK_EQ(box.type("fd01::1"), RouteType::kLocal);
  CHECK_EQ(box.type("fd01::"), RouteType::kAnycast);
  CHECK_EQ(box.type("fd01::7"), RouteType::kUnicast);
  CHECK_EQ(box.type("ff02::1", box.tr), RouteType::kMulticast);
}

TEST_CASE("short networks have no broadcast, and a single address has no network") {
  TestBox box;
  REQUIRE(box.router.add_address(box.tr, own("10.3.0.0", 31)).ok());
  CHECK_EQ(box.type("10.3.0.0"), RouteType::kLocal);
  CHECK_EQ(box.type("10.3.0.1"), RouteType::kUnicast);
  REQUIRE(box.router.add_address(box.tr, own("10.4.0.1", 32)).ok());
  CHECK_EQ(box.type("10.4.0.1"), RouteType::kLocal);
  CHECK_EQ(box.type("10.4.0.2"), RouteType::kUnspec);
  REQUIRE(box.router.add_address(box.tr, own("fd03::", 127)).ok());
  CHECK_EQ(box.type("fd03::"), RouteType::kLocal);
}

TEST_CASE("a peer's network is the one that is on the link") {
  TestBox box;
  router::InterfaceAddress address = own("10.5.0.1", 32);
  address.peer = ip("10.6.0.2");
  REQUIRE(box.router.add_address(box.tr, address).ok());
  CHECK_EQ(box.type("10.5.0.1"), RouteType::kLocal);
  CHECK_EQ(box.device("10.6.0.2"), "tr");
}

TEST_CASE("a second address of a network is a secondary one and ends with the first") {
  TestBox box;
  REQUIRE(box.router.add_address(box.tl, own("10.1.0.2", 24)).ok());
  CHECK(box.router.interfaces()[box.tl].addresses.back().secondary);
  CHECK_EQ(text_of(box.router.find(ip("10.1.0.2")).preferred_source), "10.1.0.1");
  REQUIRE(box.router.remove_address(box.tl, ip("10.1.0.1"), 24).ok());
  CHECK_EQ(box.type("10.1.0.2"), RouteType::kUnspec);
  CHECK_EQ(box.type("10.1.0.7"), RouteType::kUnspec);
  CHECK_EQ(box.type("10.1.0.255"), RouteType::kUnspec);
}

TEST_CASE("an address that another device has too stays local when one goes") {
  TestBox box;
  REQUIRE(box.router.add_address(box.tr, own("10.1.0.1", 24)).ok());
  REQUIRE(box.router.remove_address(box.tl, ip("10.1.0.1"), 24).ok());
  CHECK_EQ(box.type("10.1.0.1"), RouteType::kLocal);
  CHECK_EQ(box.device("10.1.0.7"), "tr");
}

TEST_CASE("addresses that cannot be are refused as the kernel refuses them") {
  TestBox box;
  Router& router = box.router;
  CHECK_EQ(router.add_address(box.tl, own("10.1.0.1", 24)).error().code, EEXIST);
  CHECK(router.add_address(box.tl, own("10.1.0.1", 25)).ok());
  router::InterfaceAddress narrower = own("10.1.0.9", 24);
  narrower.scope = Scope::kLink;
  CHECK_EQ(router.add_address(box.tl, narrower).error().code, EINVAL);
  CHECK_EQ(router.add_address(box.tl, own("fd01::1", 48)).error().code, EEXIST);
  CHECK_EQ(router.add_address(box.tl, own("ff02::7", 64)).error().code, EINVAL);
  CHECK_EQ(router.add_address(box.tl, own("::1", 128)).error().code, EINVAL);
  CHECK_EQ(router.remove_address(box.tl, ip("10.1.0.1"), 26).error().code, EADDRNOTAVAIL);
}

TEST_CASE("the longest prefix wins, then the metric, then age") {
  TestBox box;
  CHECK_EQ(box.add(to("0.0.0.0", 0, 0, "10.2.0.9")), 0);
  CHECK_EQ(box.add(to("10.20.0.0", 16, box.tr)), 0);
  RouteEntry better = to("10.20.0.0", 16, box.tl);
  better.metric = 5;
  CHECK_EQ(box.add(better), 0);
  CHECK_EQ(box.device("10.20.1.1"), "tr");
  CHECK_EQ(box.add(to("10.20.1.0", 24, box.tl)), 0);
  CHECK_EQ(box.device("10.20.1.1"), "tl");
  CHECK_EQ(text_of(box.router.find(ip("192.0.2.1")).gateway), "10.2.0.9");
  CHECK_EQ(box.add(to("10.20.1.0", 24, box.tr), Mode::kAppend), 0);
  CHECK_EQ(box.device("10.20.1.1"), "tl");
  CHECK_EQ(box.add(to("10.20.1.0", 24, box.tr, "10.2.0.9"), Mode::kPrepend), 0);
  CHECK_EQ(box.device("10.20.1.1"), "tr");
}

TEST_CASE("with a device only its routes are looked at") {
  TestBox box;
  CHECK_EQ(box.type("10.2.0.7", box.tl), RouteType::kUnspec);
  CHECK_EQ(box.add(to("0.0.0.0", 0, 0, "10.1.0.9")), 0);
  CHECK_EQ(box.type("10.2.0.7", box.tl), RouteType::kUnicast);
  CHECK_EQ(box.router.find(ip("10.2.0.7"), box.tl).device, box.tl);
  CHECK_EQ(box.router.find(ip("10.2.0.7"), box.tr).device, box.tr);
}

TEST_CASE("IPv4 takes both tables as one, IPv6 asks `local` first") {
  TestBox box;
  for (const std::string_view six : {"", "fd62::"}) {
    const std::string_view wide = six.empty() ? "10.62.0.0" : six;
    RouteEntry local = refusing(wide, six.empty() ? 16 : 32, RouteType::kLocal);
    local.in_local_table = true;
    local.route.device = router::kLoopback;
    local.route.scope = Scope::kHost;
    CHECK_EQ(box.add(local), 0);
    CHECK_EQ(box.add(to(wide, six.empty() ? 24 : 64, box.tr)), 0);
  }
  CHECK_EQ(box.type("10.62.0.5"), RouteType::kUnicast);
  CHECK_EQ(box.type("10.62.1.5"), RouteType::kLocal);
  CHECK_EQ(box.type("fd62::5"), RouteType::kLocal);
}

TEST_CASE("routes that lead nowhere are found; `throw` is as good as none") {
  TestBox box;
  for (const RouteType type :
       {RouteType::kBlackhole, RouteType::kUnreachable, RouteType::kProhibit}) {
    CHECK_EQ(box.add(refusing("10.55.0.0", 16, type), Mode::kReplace), 0);
    CHECK_EQ(box.type("10.55.0.1"), type);
    CHECK_EQ(box.add(refusing("fd55::", 16, type), Mode::kReplace), 0);
    CHECK_EQ(box.type("fd55::1"), type);
    CHECK_EQ(box.router.find(ip("fd55::1")).device, 0);
  }
  CHECK_EQ(box.add(refusing("10.55.0.0", 16, RouteType::kThrow), Mode::kReplace), 0);
  CHECK_EQ(box.type("10.55.0.1"), RouteType::kUnspec);
}

TEST_CASE("routes that cannot be are refused with the kernel's errno") {
  TestBox box;
  RouteEntry entry = to("10.50.0.0", 16, 0, "10.99.0.1");
  CHECK_EQ(box.add(entry), ENETUNREACH);
  CHECK_EQ(box.add(to("10.50.0.0", 16, box.tr, "10.1.0.9")), ENETUNREACH);
  CHECK_EQ(box.add(to("10.50.0.0", 16, 0, "10.1.0.255")), EINVAL);
  CHECK_EQ(box.add(to("10.50.0.0", 16, 0, "10.1.0.1")), 0);  // its own address, for IPv4
  CHECK_EQ(box.add(to("10.51.0.0", 16, 0)), ENODEV);
  CHECK_EQ(box.add(to("10.51.0.1", 16, box.tl)), EINVAL);
  entry = refusing("10.51.0.0", 16, RouteType::kBlackhole);
  entry.route.device = box.tl;
  CHECK_EQ(box.add(entry), EINVAL);
  entry = to("10.51.0.0", 16, box.tl);
  entry.route.preferred_source = ip("10.2.0.7");
  CHECK_EQ(box.add(entry), EINVAL);
  entry.route.preferred_source = ip("10.2.0.1");
  CHECK_EQ(box.add(entry), 0);
  CHECK_EQ(box.add(entry), EEXIST);
  CHECK_EQ(box.add(entry, Mode::kAppend), EEXIST);
  CHECK_EQ(box.add(to("10.52.0.0", 16, box.tl), Mode::kChange), ENOENT);
  CHECK_EQ(box.router.remove_route(to("10.52.0.0", 16, 0)).error().code, ESRCH);
  CHECK_EQ(box.router.remove_route(to("10.51.0.1", 16, 0)).error().code, EINVAL);
  entry = to("10.52.0.0", 16, box.tl);
  entry.onlink = true;
  CHECK_EQ(box.add(entry), EINVAL);
}

TEST_CASE("a gateway must be on a link, not behind another one") {
  TestBox box;
  CHECK_EQ(box.add(to("10.51.0.0", 16, 0, "10.1.0.9")), 0);
  CHECK_EQ(box.add(to("10.52.0.0", 16, 0, "10.51.0.9")), ENETUNREACH);
  CHECK_EQ(box.add(to("fd51::", 16, 0, "fd01::9")), 0);
  CHECK_EQ(box.add(to("fd52::", 16, 0, "fd51::9")), EHOSTUNREACH);
  RouteEntry entry = to("10.53.0.0", 16, box.tr, "192.0.2.1");
  entry.onlink = true;
  CHECK_EQ(box.add(entry), 0);
  CHECK_EQ(box.device("10.53.0.1"), "tr");
  entry.network = ip("10.54.0.0");
  entry.route.device = 0;
  CHECK_EQ(box.add(entry), ENODEV);
}

TEST_CASE("IPv6 has its own opinion of gateways and host bits") {
  TestBox box;
  CHECK_EQ(box.add(to("fd50::", 64, 0, "fd01::1")), EINVAL);
  CHECK_EQ(box.add(to("fd50::", 64, 0, "fd99::1")), EHOSTUNREACH);
  CHECK_EQ(box.add(to("fd50::", 64, 0, "fe80::1")), EINVAL);
  CHECK_EQ(box.add(to("fd50::", 64, box.tr, "fe80::1")), 0);
  CHECK_EQ(box.add(to("fd51::1", 64, box.tl)), 0);
  CHECK_EQ(box.type("fd51::7"), RouteType::kUnicast);
  CHECK_EQ(box.add(to("fd51::", 64, box.tr)), EEXIST);
  CHECK_EQ(box.add(to("fd52::", 64, 0, "fd01::8")), 0);
  CHECK_EQ(box.add(to("fd52::", 64, 0, "fd01::9"), Mode::kAppend), EOPNOTSUPP);
  RouteEntry entry = to("fd53::", 64, box.tl);
  entry.route.preferred_source = ip("fd02::9");
  CHECK_EQ(box.add(entry), EINVAL);
}

TEST_CASE("a gateway is looked for past routes that lead nowhere") {
  TestBox box;
  CHECK_EQ(box.add(refusing("10.1.0.0", 24, RouteType::kThrow), Mode::kPrepend), 0);
  CHECK_EQ(box.type("10.1.0.9"), RouteType::kUnspec);
  CHECK_EQ(box.add(to("10.50.0.0", 16, 0, "10.1.0.9")), 0);
}

TEST_CASE("an IPv6 route by lo leads nowhere") {
  TestBox box;
  CHECK_EQ(box.add(to("fd50::", 16, router::kLoopback)), 0);
  CHECK_EQ(box.type("fd50::1"), RouteType::kUnreachable);
  CHECK_EQ(box.add(to("fd51::", 16, router::kLoopback, "fe80::9")), EINVAL);
  CHECK(box.router.remove_route(to("fd50::", 16, router::kLoopback)).ok());
}

TEST_CASE("IPv6 peers are reached one by one") {
  TestBox box;
  router::InterfaceAddress address = own("fd05::1", 64);
  address.peer = ip("fd06::2");
  REQUIRE(box.router.add_address(box.tr, address).ok());
  CHECK_EQ(box.device("fd05::9"), "tr");
  CHECK_EQ(box.device("fd06::2"), "tr");
  CHECK_EQ(box.type("fd06::9"), RouteType::kUnspec);
}

TEST_CASE("IPv6 deletes the first route that leads the way that was named") {
  TestBox box;
  CHECK_EQ(box.add(refusing("fd55::", 16, RouteType::kBlackhole)), 0);
  RouteEntry other = refusing("fd55::", 16, RouteType::kProhibit);
  CHECK_EQ(box.add(other, Mode::kAppend), EEXIST);
  other.route.mtu = 1300;
  other.route.device = router::kLoopback;
  CHECK(box.router.remove_route(other).ok());
  CHECK_EQ(box.type("fd55::1"), RouteType::kUnspec);
}

TEST_CASE("replacing takes the place of the first route of the same metric") {
  TestBox box;
  CHECK_EQ(box.add(to("10.57.0.0", 16, box.tl)), 0);
  CHECK_EQ(box.add(to("10.57.0.0", 16, box.tr), Mode::kAppend), 0);
  CHECK_EQ(box.add(to("10.57.0.0", 16, box.tr), Mode::kReplace), EEXIST);
  CHECK_EQ(box.add(to("10.57.0.0", 16, box.tl, "10.1.0.3"), Mode::kReplace), 0);
  CHECK_EQ(text_of(box.router.find(ip("10.57.0.1")).gateway), "10.1.0.3");
  CHECK(box.router.remove_route(to("10.57.0.0", 16, box.tl, "10.1.0.3")).ok());
  CHECK_EQ(box.device("10.57.0.1"), "tr");
  CHECK(box.router.remove_route(to("10.57.0.0", 16, 0)).ok());
  CHECK_EQ(box.type("10.57.0.1"), RouteType::kUnspec);
}

TEST_CASE("a device that goes down keeps its local IPv4 routes only") {
  TestBox box;
  CHECK_EQ(box.add(to("10.50.0.0", 16, 0, "10.2.0.9")), 0);
  box.router.set_up(box.tr, false);
  CHECK_EQ(box.type("10.2.0.1"), RouteType::kLocal);
  CHECK_EQ(box.type("10.2.0.7"), RouteType::kUnspec);
  CHECK_EQ(box.type("10.2.0.255"), RouteType::kUnspec);
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnspec);
  CHECK_EQ(box.type("fd02::1"), RouteType::kUnspec);
  CHECK_EQ(box.add(to("10.58.0.0", 16, box.tr)), ENETDOWN);
  CHECK_EQ(box.add(to("fd58::", 16, box.tr)), ENETDOWN);
  box.router.set_up(box.tr, true);
  CHECK_EQ(box.type("10.2.0.7"), RouteType::kUnicast);
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnspec);
}

TEST_CASE("a route whose source is gone goes too with IPv4, and loses it with IPv6") {
  TestBox box;
  RouteEntry entry = to("10.50.0.0", 16, box.tl);
  entry.route.preferred_source = ip("10.2.0.1");
  CHECK_EQ(box.add(entry), 0);
  RouteEntry six = to("fd50::", 16, box.tl);
  six.route.preferred_source = ip("fd02::1");
  CHECK_EQ(box.add(six), 0);
  REQUIRE(box.router.remove_address(box.tr, ip("10.2.0.1"), 24).ok());
  REQUIRE(box.router.remove_address(box.tr, ip("fd02::1"), 64).ok());
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnspec);
  CHECK_EQ(box.device("fd50::1"), "tl");
  CHECK_FALSE(box.router.find(ip("fd50::1")).preferred_source.is_set());
}

TEST_CASE("the type of an address is what -m addrtype asks") {
  TestBox box;
  const Router& router = box.router;
  CHECK_EQ(router.address_type(ip("10.1.0.1")), RouteType::kLocal);
  CHECK_EQ(router.address_type(ip("10.1.0.1"), box.tr), RouteType::kUnicast);
  CHECK_EQ(router.address_type(ip("10.1.0.255")), RouteType::kBroadcast);
  CHECK_EQ(router.address_type(ip("255.255.255.255")), RouteType::kBroadcast);
  CHECK_EQ(router.address_type(ip("0.0.0.0")), RouteType::kBroadcast);
  CHECK_EQ(router.address_type(ip("224.0.0.9")), RouteType::kMulticast);
  CHECK_EQ(router.address_type(ip("192.0.2.1")),
           RouteType::kUnicast);  // although no route is there
  CHECK_EQ(router.address_type(ip("fd01::1")), RouteType::kLocal);
  CHECK_EQ(router.address_type(ip("fd01::1"), box.tl), RouteType::kLocal);
  CHECK_EQ(router.address_type(ip("fd01::1"), box.tr), RouteType::kUnreachable);
  CHECK_EQ(router.address_type(ip("fd01::")), RouteType::kAnycast);
  CHECK_EQ(router.address_type(ip("2001:db8::1")), RouteType::kUnreachable);
  CHECK_EQ(router.address_type(ip("fd02::9")), RouteType::kUnicast);
  CHECK_EQ(router.address_type(ip("::")), RouteType::kUnspec);
  CHECK_EQ(router.address_type(ip("ff02::9")), RouteType::kMulticast);
}

TEST_CASE("IPv4 is sent from the address that shares the next hop's network") {
  TestBox box;
  REQUIRE(box.router.add_address(box.tr, own("10.9.0.1", 16)).ok());
  CHECK_EQ(text_of(box.router.source_for(ip("10.9.0.7"), box.tr)), "10.9.0.1");
  CHECK_EQ(text_of(box.router.source_for(ip("10.2.0.7"), box.tr)), "10.2.0.1");
  CHECK_EQ(text_of(box.router.source_for(ip("192.0.2.1"), box.tr)), "10.2.0.1");
  CHECK_EQ(box.add(to("0.0.0.0", 0, 0, "10.9.0.7")), 0);
  CHECK_EQ(text_of(box.router.source_for(ip("192.0.2.1"), box.tr)), "10.9.0.1");
}

TEST_CASE("a device without an address borrows one, but no loopback address") {
  TestBox box;
  const uint32_t bare = box.router.interfaces().find_or_add("bare");
  CHECK_EQ(text_of(box.router.source_for(ip("192.0.2.1"), bare)), "10.1.0.1");
  Router empty;
  const uint32_t alone = empty.interfaces().find_or_add("alone");
  CHECK_FALSE(empty.source_for(ip("192.0.2.1"), alone).is_set());
  CHECK_EQ(text_of(empty.source_for(ip("127.0.0.9"), router::kLoopback)), "");
}

TEST_CASE("a route's own source comes before all others, and local routes answer from themselves") {
  TestBox box;
  RouteEntry entry = to("10.50.0.0", 16, 0, "10.2.0.9");
  entry.route.preferred_source = ip("10.1.0.1");
  CHECK_EQ(box.add(entry), 0);
  CHECK_EQ(text_of(box.router.source_of(box.router.find(ip("10.50.0.1")), ip("10.50.0.1"))),
           "10.1.0.1");
  RouteEntry anyip = refusing("10.62.0.0", 16, RouteType::kLocal);
  anyip.route.device = router::kLoopback;
  anyip.route.scope = Scope::kHost;
  anyip.in_local_table = true;
  CHECK_EQ(box.add(anyip), 0);
  CHECK(box.router.has_custom_local_routes());
  CHECK_EQ(text_of(box.router.source_of(box.router.find(ip("10.62.0.5")), ip("10.62.0.5"))),
           "10.62.0.5");
}

TEST_CASE("IPv6 is sent by the rules of RFC 6724") {
  TestBox box;
  Router& router = box.router;
  // By the device that it leaves by, and the longest prefix.
  CHECK_EQ(text_of(router.source_for(ip("fd09::9"), box.tr)), "fd02::1");
  REQUIRE(router.add_address(box.tr, own("fd09::1", 64)).ok());
  CHECK_EQ(text_of(router.source_for(ip("fd09::9"), box.tr)), "fd09::1");
  // The same label before the longest prefix.
  REQUIRE(router.add_address(box.tr, own("2001:db8::1", 64)).ok());
  CHECK_EQ(text_of(router.source_for(ip("2400::1"), box.tr)), "2001:db8::1");
  CHECK_EQ(text_of(router.source_for(ip("fd02::77"), box.tr)), "fd02::1");
  // A link-local destination is answered from that link alone.
  REQUIRE(router.add_address(box.tl, own("fe80::1", 64)).ok());
  CHECK_EQ(text_of(router.source_for(ip("fe80::9"), box.tl)), "fe80::1");
  CHECK_NE(text_of(router.source_for(ip("fe80::9"), box.tr)), "fe80::1");
  // An address of the box itself comes first.
  CHECK_EQ(text_of(router.source_for(ip("fd01::1"), box.tr)), "fd01::1");
}

TEST_CASE("what was asked before is forgotten when something changes") {
  TestBox box;
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnspec);
  CHECK_EQ(box.add(to("10.50.0.0", 16, box.tr)), 0);
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnicast);
  CHECK(box.router.remove_route(to("10.50.0.0", 16, 0)).ok());
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kUnspec);
  REQUIRE(box.router.add_address(box.tr, own("10.50.0.1", 32)).ok());
  CHECK_EQ(box.type("10.50.0.1"), RouteType::kLocal);
}

TEST_CASE("a copy of a router answers for itself") {
  TestBox box;
  CHECK_EQ(box.add(to("10.50.0.0", 16, box.tr)), 0);
  CHECK_EQ(box.device("10.50.0.1"), "tr");
  const Router copy = box.router;
  CHECK_EQ(box.add(to("10.50.0.0", 16, box.tl), Mode::kReplace), 0);
  CHECK_EQ(copy.find(ip("10.50.0.1")).device, box.tr);
  CHECK_EQ(box.device("10.50.0.1"), "tl");
  Router assigned;
  assigned.find(ip("10.50.0.1"));
  assigned = copy;
  CHECK_EQ(assigned.find(ip("10.50.0.1")).device, box.tr);
}

TEST_CASE("many routes are told apart") {
  TestBox box;
  for (uint32_t i = 0; i < 2000; ++i) {
    RouteEntry entry = to("20.0.0.0", 24, i % 2 ? box.tl : box.tr);
    entry.network.bytes[1] = static_cast<uint8_t>(i >> 8);
    entry.network.bytes[2] = static_cast<uint8_t>(i);
    REQUIRE_EQ(box.add(entry), 0);
  }
  for (uint32_t i = 0; i < 2000; ++i) {
    Address address = ip("20.0.0.7");
    address.bytes[1] = static_cast<uint8_t>(i >> 8);
    address.bytes[2] = static_cast<uint8_t>(i);
    REQUIRE_EQ(box.router.find(address).device, i % 2 ? box.tl : box.tr);
  }
  CHECK_EQ(box.type("20.8.0.1"), RouteType::kUnspec);
}

TEST_CASE("IPv6 asks a route for the MTU of forwarded packets only where it is locked") {
  TestBox box;
  Route route;
  route.device = box.tr;
  CHECK_EQ(box.router.forward_mtu(route, AF_INET), 1500);
  route.mtu = 1300;
  CHECK_EQ(box.router.forward_mtu(route, AF_INET), 1300);
  CHECK_EQ(box.router.forward_mtu(route, AF_INET6), 1500);
  route.mtu_locked = true;
  CHECK_EQ(box.router.forward_mtu(route, AF_INET6), 1300);
  route.mtu = 600;
  CHECK_EQ(box.router.forward_mtu(route, AF_INET6), 1280);
}

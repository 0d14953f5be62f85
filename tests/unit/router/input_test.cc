#include "router/input.h"

#include "box.h"

using namespace ctwin;
using namespace ctwin::test;
using conntrack::PacketType;
using router::InputDecision;
using router::InputRoute;
using router::InputRules;

namespace {

struct InputBox : TestBox {
  InputRules rules;

  InputRoute ask(uint32_t device, std::string_view source, std::string_view destination,
                 PacketType type = PacketType::kHost) const {
    return router::route_input(router, device, ip(source), ip(destination), type, rules);
  }
  InputDecision from_left(std::string_view source, std::string_view destination) const {
    return ask(tl, source, destination).decision;
  }
};

/// type.code of the error that is sent; empty when none is.
std::string error_of(const InputRoute& result) {
  if (result.decision != InputDecision::kError) return "";
  return std::to_string(result.error.type) + "." + std::to_string(result.error.code);
}

}  // namespace

TEST_CASE("a packet is for the box or goes on by the route") {
  const InputBox box;
  CHECK_EQ(box.from_left("10.1.0.7", "10.1.0.1"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("10.1.0.7", "10.2.0.1"), InputDecision::kLocal);
  const InputRoute on = box.ask(box.tl, "10.1.0.7", "10.2.0.7");
  CHECK_EQ(on.decision, InputDecision::kForward);
  CHECK_EQ(on.route->device, box.tr);
  CHECK_EQ(box.from_left("fd01::7", "fd02::1"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("fd01::7", "fd01::"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("fd01::7", "fd02::7"), InputDecision::kForward);
}

TEST_CASE("where there is no way the sender is told, but not of a blackhole") {
  InputBox box;
  CHECK_EQ(error_of(box.ask(box.tl, "10.1.0.7", "192.0.2.1")), "3.0");
  CHECK_EQ(error_of(box.ask(box.tl, "fd01::7", "2001:db8::1")), "1.0");
  struct Row {
    RouteType type;
    const char* v4;
    const char* v6;
  };
  for (const Row& row :
       {Row{RouteType::kUnreachable, "3.1", "1.0"}, Row{RouteType::kProhibit, "3.13", "1.1"},
        Row{RouteType::kThrow, "3.0", "1.0"}, Row{RouteType::kBlackhole, "", ""}}) {
    CHECK_EQ(box.add(refusing("10.55.0.0", 16, row.type), Router::AddMode::kReplace), 0);
    CHECK_EQ(box.add(refusing("fd55::", 16, row.type), Router::AddMode::kReplace), 0);
    CHECK_EQ(error_of(box.ask(box.tl, "10.1.0.7", "10.55.0.1")), row.v4);
    CHECK_EQ(error_of(box.ask(box.tl, "fd01::7", "fd55::1")), row.v6);
  }
}

TEST_CASE("martians are dropped") {
  InputBox box;
  for (const char* source : {"224.0.0.5", "255.255.255.255", "0.0.0.0", "127.0.0.1", "127.3.0.1",
                             "10.1.0.1", "10.2.0.1"}) {
    CAPTURE(source);
    CHECK_EQ(box.from_left(source, "10.2.0.7"), InputDecision::kDrop);
    CHECK_EQ(box.from_left(source, "10.2.0.1"), InputDecision::kDrop);
  }
  for (const char* destination : {"0.0.0.0", "127.0.0.1", "127.9.9.9", "224.0.0.5", "239.1.1.1"}) {
    CAPTURE(destination);
    CHECK_EQ(box.from_left("10.1.0.7", destination), InputDecision::kDrop);
  }
  // 0.0.0.0/8 but for the one address is a network as others are.
  CHECK_EQ(error_of(box.ask(box.tl, "10.1.0.7", "0.0.0.3")), "3.0");
  // Nor is it asked whether a source is a broadcast address, unless the filter is on.
  CHECK_EQ(box.from_left("10.1.0.255", "10.2.0.7"), InputDecision::kForward);
  box.rules.rp_filter = 2;
  CHECK_EQ(box.from_left("10.1.0.255", "10.2.0.7"), InputDecision::kDrop);
}

TEST_CASE("broadcasts and the group of all hosts are for the box") {
  const InputBox box;
  CHECK_EQ(box.from_left("10.1.0.7", "10.1.0.255"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("10.1.0.7", "10.2.0.255"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("10.1.0.7", "255.255.255.255"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("0.0.0.0", "255.255.255.255"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("10.1.0.7", "224.0.0.1"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("224.0.0.9", "224.0.0.1"), InputDecision::kDrop);
  CHECK_EQ(box.from_left("10.1.0.1", "255.255.255.255"), InputDecision::kDrop);
}

TEST_CASE("route_localnet and accept_local let in what else is a martian") {
  InputBox box;
  box.rules.route_localnet = true;
  CHECK_EQ(box.from_left("127.0.0.9", "10.2.0.7"), InputDecision::kForward);
  CHECK_EQ(box.from_left("10.1.0.7", "127.0.0.1"), InputDecision::kLocal);
  box.rules.accept_local = true;
  CHECK_EQ(box.from_left("10.2.0.1", "10.2.0.7"), InputDecision::kForward);
}

TEST_CASE("the reverse-path filter is off, strict or loose") {
  InputBox box;
  CHECK_EQ(box.from_left("10.2.0.7", "10.2.0.9"), InputDecision::kForward);
  CHECK_EQ(box.from_left("192.0.2.1", "10.2.0.9"), InputDecision::kForward);
  box.rules.rp_filter = 2;
  CHECK_EQ(box.from_left("10.2.0.7", "10.2.0.9"), InputDecision::kForward);
  CHECK_EQ(box.from_left("192.0.2.1", "10.2.0.9"), InputDecision::kDrop);
  box.rules.rp_filter = 1;
  CHECK_EQ(box.from_left("10.2.0.7", "10.2.0.9"), InputDecision::kDrop);
  CHECK_EQ(box.from_left("10.1.0.7", "10.2.0.9"), InputDecision::kForward);
  CHECK_EQ(box.from_left("10.2.0.7", "10.1.0.1"), InputDecision::kDrop);
}

TEST_CASE("a custom local route makes its addresses the box's own") {
  InputBox box;
  RouteEntry anyip = refusing("10.62.0.0", 16, RouteType::kLocal);
  anyip.route.device = router::kLoopback;
  anyip.route.scope = Scope::kHost;
  anyip.in_local_table = true;
  CHECK_EQ(box.from_left("10.62.0.5", "10.2.0.7"), InputDecision::kForward);
  REQUIRE_EQ(box.add(anyip), 0);
  CHECK_EQ(box.from_left("10.1.0.7", "10.62.0.5"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("10.62.0.5", "10.2.0.7"), InputDecision::kDrop);
}

TEST_CASE("a packet that turns back is worth a redirect only when asked for, and to neighbours") {
  InputBox box;
  CHECK_FALSE(box.ask(box.tl, "10.1.0.7", "10.1.0.9").redirect);
  box.rules.send_redirects = true;
  CHECK(box.ask(box.tl, "10.1.0.7", "10.1.0.9").redirect);
  CHECK_FALSE(box.ask(box.tl, "10.1.0.7", "10.2.0.9").redirect);
  CHECK_FALSE(box.ask(box.tl, "192.0.2.9", "10.1.0.9").redirect);
}

TEST_CASE("a box that does not forward says nothing") {
  InputBox box;
  box.rules.forwards_v4 = false;
  CHECK_EQ(box.from_left("10.1.0.7", "10.2.0.7"), InputDecision::kDrop);
  CHECK_EQ(box.from_left("10.1.0.7", "192.0.2.1"), InputDecision::kDrop);
  CHECK_EQ(box.from_left("10.1.0.7", "10.1.0.1"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("fd01::7", "fd02::7"), InputDecision::kForward);
  box.rules.forwards_v6 = false;
  CHECK_EQ(box.from_left("fd01::7", "fd02::7"), InputDecision::kDrop);
}

TEST_CASE("what was not sent to the box's MAC alone does not go on") {
  const InputBox box;
  for (const PacketType type : {PacketType::kBroadcast, PacketType::kMulticast}) {
    CHECK_EQ(box.ask(box.tl, "10.1.0.7", "10.2.0.7", type).decision, InputDecision::kDrop);
    CHECK_EQ(box.ask(box.tl, "10.1.0.7", "10.1.0.1", type).decision, InputDecision::kLocal);
  }
}

TEST_CASE("IPv6 groups: all nodes, all routers, and the solicited nodes of the device") {
  InputBox box;
  for (const char* group : {"ff02::1", "ff02::2", "ff05::2", "ff02::1:ff00:1", "ff02::1:ff00:0"}) {
    CAPTURE(group);
    CHECK_EQ(box.from_left("fd01::7", group), InputDecision::kLocal);
  }
  for (const char* group : {"ff02::9", "ff05::1", "ff0e::2", "ff02::1:ff00:2"}) {
    CAPTURE(group);
    CHECK_EQ(box.from_left("fd01::7", group), InputDecision::kDrop);
  }
  box.router.interfaces()[box.tl].asks_neighbours = false;
  CHECK_EQ(box.from_left("fd01::7", "ff02::1:ff00:1"), InputDecision::kDrop);
  box.rules.forwards_v6 = false;
  CHECK_EQ(box.from_left("fd01::7", "ff02::2"), InputDecision::kDrop);
}

TEST_CASE("IPv6 sources that may not leave their link") {
  InputBox box;
  CHECK_EQ(error_of(box.ask(box.tl, "fe80::7", "fd02::7")), "1.2");
  CHECK_EQ(box.from_left("::", "fd02::7"), InputDecision::kDrop);
  CHECK_EQ(box.from_left("fe80::7", "fd01::1"), InputDecision::kLocal);
  CHECK_EQ(box.from_left("fe80::7", "fd01::7"), InputDecision::kForward);  // it turns back
  // A packet at its end is forwarded, so that this is said first.
  const InputRoute last = router::route_input(box.router, box.tl, ip("fe80::7"), ip("fd02::7"),
                                              PacketType::kHost, box.rules, 1);
  CHECK_EQ(last.decision, InputDecision::kForward);
}

TEST_CASE("link-local destinations are looked for on the link alone") {
  InputBox box;
  REQUIRE(box.router.add_address(box.tr, own("fe80::1", 64)).ok());
  CHECK_EQ(error_of(box.ask(box.tl, "fd01::7", "fe80::1")), "1.0");
  CHECK_EQ(box.ask(box.tr, "fd02::7", "fe80::1").decision, InputDecision::kLocal);
}

TEST_CASE("some IPv6 addresses are refused before any hook sees them") {
  const InputBox box;
  const auto refused = [&](uint32_t device, std::string_view source, std::string_view destination) {
    return router::refused_before_hooks(box.router, device, ip(source), ip(destination)) != nullptr;
  };
  CHECK(refused(box.tl, "::1", "fd01::1"));
  CHECK(refused(box.tl, "fd01::7", "::1"));
  CHECK(refused(box.tl, "fd01::7", "ff01::1"));
  CHECK_FALSE(refused(box.tl, "fd01::7", "ff02::1"));
  CHECK_FALSE(refused(router::kLoopback, "::1", "::1"));
  CHECK_FALSE(refused(box.tl, "127.0.0.1", "127.0.0.1"));
}

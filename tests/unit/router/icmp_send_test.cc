// The bytes of these answers are the kernel's, recorded from Linux 6.18 on a box with the same
// addresses; where it draws an IP id or a flow label at random they are 0 here.
#include "router/icmp_send.h"

#include <netinet/in.h>

#include <algorithm>

#include "box.h"
#include "support/packet_builder.h"

using namespace ctwin;
using namespace ctwin::test;
using conntrack::PacketType;
using conntrack::Skb;
using router::IcmpError;

namespace {

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// A packet that is to be answered; it came in by tl.
struct Cause {
  explicit Cause(Bytes packet) : bytes(std::move(packet)) {
    skb.data = bytes.data();
    packet::parse_packet(bytes, skb.packet);
    skb.in = 2;
  }
  explicit Cause(const BuiltPacket& packet) : Cause(packet.bytes) {}
  Cause(const Cause&) = delete;

  Bytes bytes;
  Skb skb;
};

/// The error in hexadecimal; empty when there is none.
std::string error(const Router& router, const Cause& cause, const IcmpError& error) {
  Bytes out;
  return make_icmp_error(router, cause.skb, error, out) ? to_hex(out) : "";
}

std::string reset(const Router& router, const Cause& cause) {
  Bytes out;
  return make_tcp_reset(router, cause.skb, out) ? to_hex(out) : "";
}

constexpr IcmpError kTtlV4{11, 0, 0}, kTtlV6{3, 0, 0}, kUnreachable{3, 3, 0}, kTooBigV6{2, 0, 1280};

Ip from(std::string_view source, std::string_view destination = "10.2.0.2") {
  Ip header;
  header.src = source;
  header.dst = destination;
  return header;
}

Address source_of(const Bytes& packet) {
  Address address;
  address.family = packet[0] >> 4 == 4 ? AF_INET : AF_INET6;
  std::copy_n(packet.begin() + (address.family == AF_INET ? 12 : 8), address.size(),
              address.bytes.begin());
  return address;
}

std::string source_of_error(const Router& router, const Cause& cause, const IcmpError& error) {
  Bytes out;
  return make_icmp_error(router, cause.skb, error, out) ? text_of(source_of(out)) : "";
}

}  // namespace

TEST_CASE("errors are the kernel's to the byte") {
  TestBox box;
  const Cause v4(from_hex("45ff0020000700000111a4c10a0100020a02000203e80035000ce5ae00010203"));
  CHECK_EQ(
      error(box.router, v4, kTtlV4),
      "45de003c00000000400165df0a0100010a0100020b0009240000000045ff0020000700000111a4c10a010002"
      "0a02000203e80035000ce5ae00010203");
  const Cause v6(
      from_hex("6ff00000000c1101fd010000000000000000000000000002fd020000000000000000000000000002"
               "03e80035000cffac00010203"));
  CHECK_EQ(error(box.router, v6, kTtlV6),
           "60000000003c3a40fd010000000000000000000000000001fd010000000000000000000000000002"
           "030081a2000000006ff00000000c1101fd010000000000000000000000000002fd020000000000000000"
           "00000000000203e80035000cffac00010203");
}

TEST_CASE("an IPv4 error is at most 576 bytes long, an IPv6 one 1280") {
  TestBox box;
  const Cause v4(udp_packet(from("10.1.0.2"), {.payload = data(1300)}));
  Bytes out;
  REQUIRE(make_icmp_error(box.router, v4.skb, {3, 4, 1280}, out));
  CHECK_EQ(out.size(), 576);
  CHECK_EQ(packet::load32(&out[24]), 1280);
  CHECK(std::equal(out.begin() + 28, out.end(), v4.bytes.begin()));
  const Cause v6(udp_packet(from("fd01::2", "fd02::2"), {.payload = data(1300)}));
  REQUIRE(make_icmp_error(box.router, v6.skb, kTooBigV6, out));
  CHECK_EQ(out.size(), 1280);
  CHECK(std::equal(out.begin() + 48, out.end(), v6.bytes.begin()));
}

TEST_CASE("a narrow way back makes errors shorter, and too narrow a one makes none") {
  TestBox box;
  const Cause cause(udp_packet(from("10.1.0.2"), {.payload = data(1300)}));
  Bytes out;
  box.router.interfaces()[box.tl].mtu = 300;
  REQUIRE(make_icmp_error(box.router, cause.skb, kTtlV4, out));
  CHECK_EQ(out.size(), 300);
  box.router.interfaces()[box.tl].mtu = 48;
  CHECK_FALSE(make_icmp_error(box.router, cause.skb, kTtlV4, out));
}

TEST_CASE("of a packet that was not captured whole there is no more to quote") {
  TestBox box;
  Cause cause(udp_packet(from("10.1.0.2"), {.payload = data(100)}));
  cause.skb.packet.captured = 50;
  Bytes out;
  REQUIRE(make_icmp_error(box.router, cause.skb, kTtlV4, out));
  CHECK_EQ(out.size(), 28 + 50);
}

TEST_CASE("errors and what went to many are not answered") {
  TestBox box;
  for (const uint8_t type : {3, 4, 5, 11, 12, 1, 9, 10, 19, 255})
    CHECK_EQ(error(box.router, Cause(icmp_packet(from("10.1.0.2"), {.type = type})), kTtlV4), "");
  for (const uint8_t type : {0, 8, 13, 14, 15, 16, 17, 18})
    CHECK_NE(error(box.router, Cause(icmp_packet(from("10.1.0.2"), {.type = type})), kTtlV4), "");
  for (const char* many : {"255.255.255.255", "224.0.0.1", "10.1.0.255"})
    CHECK_EQ(error(box.router, Cause(udp_packet(from("10.1.0.2", many), {})), kUnreachable), "");
  Ip fragment = from("10.1.0.2");
  fragment.fragment = 1;
  CHECK_EQ(error(box.router, Cause(ip_packet(fragment, IPPROTO_UDP, data(8))), kTtlV4), "");
  fragment.fragment = kMoreFragments;
  CHECK_NE(error(box.router, Cause(ip_packet(fragment, IPPROTO_UDP, data(8))), kTtlV4), "");
  for (const PacketType type : {PacketType::kBroadcast, PacketType::kMulticast}) {
    Cause cause(udp_packet(from("10.1.0.2"), {}));
    cause.skb.type = type;
    CHECK_EQ(error(box.router, cause, kTtlV4), "");
  }
  Cause own(udp_packet(from("10.1.0.2"), {}));
  own.skb.type = PacketType::kOutgoing;
  CHECK_NE(error(box.router, own, kTtlV4), "");
}

TEST_CASE("ICMPv6 answers groups with packet-too-big alone, and errors never") {
  TestBox box;
  const Cause group(udp_packet(from("fd01::2", "ff02::1"), {}));
  CHECK_EQ(error(box.router, group, {1, 4, 0}), "");
  CHECK_NE(error(box.router, group, kTooBigV6), "");
  for (const uint8_t type : {1, 2, 3, 4, 100, 127})
    CHECK_EQ(
        error(box.router, Cause(icmp_packet(from("fd01::2", "fd02::2"), {.type = type})), kTtlV6),
        "");
  for (const uint8_t type : {128, 129, 135, 200, 255})
    CHECK_NE(
        error(box.router, Cause(icmp_packet(from("fd01::2", "fd02::2"), {.type = type})), kTtlV6),
        "");
  for (const char* none : {"::", "ff02::5"})
    CHECK_EQ(error(box.router, Cause(udp_packet(from(none, "fd02::2"), {})), kTtlV6), "");
  CHECK_EQ(error(box.router, Cause(udp_packet(from("fd01::", "fd02::2"), {})), kTtlV6), "");
}

TEST_CASE("without a way back there is no answer") {
  TestBox box;
  CHECK_EQ(error(box.router, Cause(udp_packet(from("192.0.2.1"), {})), kTtlV4), "");
  CHECK_EQ(error(box.router, Cause(udp_packet(from("2001:db8::1", "fd02::2"), {})), kTtlV6), "");
  CHECK_EQ(box.add(refusing("192.0.2.0", 24, RouteType::kUnreachable)), 0);
  CHECK_EQ(error(box.router, Cause(udp_packet(from("192.0.2.1"), {})), kTtlV4), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("192.0.2.1"), {}))), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("2001:db8::1", "fd02::2"), {}))), "");
}

TEST_CASE("an error comes from the address that was meant, if it is the box's") {
  TestBox box;
  const auto source = [&](std::string_view from_whom, std::string_view to_whom) {
    const bool six = from_whom.find(':') != std::string_view::npos;
    return source_of_error(box.router, Cause(udp_packet(from(from_whom, to_whom), {})),
                           six ? IcmpError{1, 4, 0} : kUnreachable);
  };
  CHECK_EQ(source("10.1.0.2", "10.2.0.1"), "10.2.0.1");
  CHECK_EQ(source("10.1.0.2", "10.2.0.2"), "10.1.0.1");
  CHECK_EQ(source("fd01::2", "fd02::1"), "fd02::1");
  CHECK_EQ(source("fd01::2", "fd02::"), "fd02::");
  CHECK_EQ(source("fd01::2", "fd02::2"), "fd01::1");
}

TEST_CASE("an error about what came by another way comes from the address of the way back") {
  TestBox box;
  const Cause v4(udp_packet(from("10.2.0.7", "10.9.0.1"), {}));
  CHECK_EQ(source_of_error(box.router, v4, kTtlV4), "10.2.0.1");
  box.router.own_packets().errors_from_inbound_address = true;
  CHECK_EQ(source_of_error(box.router, v4, kTtlV4), "10.1.0.1");
  RouteEntry back = to("fd09::", 64, box.tr);
  back.route.preferred_source = ip("fd02::1");
  CHECK_EQ(box.add(back), 0);
  CHECK_EQ(source_of_error(box.router, Cause(udp_packet(from("fd09::7", "fd0a::1"), {})), kTtlV6),
           "fd02::1");
  CHECK_EQ(source_of_error(box.router, Cause(udp_packet(from("fd02::7", "fd0a::1"), {})), kTtlV6),
           "fd01::1");  // the box's name where it came in
}

TEST_CASE("a box without an IPv4 address answers from the dummy address") {
  Router router;
  const uint32_t tl = router.interfaces().find_or_add("tl");
  REQUIRE(router.add_route(to("0.0.0.0", 0, tl), Router::AddMode::kAdd).ok());
  CHECK_EQ(source_of_error(router, Cause(udp_packet(from("10.1.0.2"), {})), kTtlV4), "192.0.0.8");
}

TEST_CASE("the box's TTL is its setting") {
  TestBox box;
  box.router.own_packets().ttl = 77;
  Bytes out;
  REQUIRE(make_icmp_error(box.router, Cause(udp_packet(from("10.1.0.2"), {})).skb, kTtlV4, out));
  CHECK_EQ(out[8], 77);
}

TEST_CASE("resets are the kernel's to the byte") {
  TestBox box;
  struct Row {
    const char* segment;
    const char* answer;
  };
  constexpr Row kRows[] = {
      {"4510002800070000400666b30a0100020a02000203e80050000003e8000000005002200073bc0000",
       "4500002800004000400626ca0a0200020a010002005003e800000000000003e95014000093a90000"},
      {"4500002d00070000400666be0a0100020a02000203e80050fffffffe000000005001200033cf000068656c6c6f",
       "4500002800004000400626ca0a0200020a010002005003e8000000000000000450140000978e0000"},
      {"4500002d00070000400666be0a0100020a02000203e80050000003e8000015b3501820001a1c000068656c6c6f",
       "4500002800004000400626ca0a0200020a010002005003e8000015b3000000005004000081ef0000"},
      {"6100000000140640fd010000000000000000000000000002fd020000000000000000000000000002"
       "03e80050000003e800000000500220008dba0000",
       "6000000000140640fd020000000000000000000000000002fd010000000000000000000000000002"
       "005003e800000000000003e950140000ada70000"}};
  for (const Row& row : kRows)
    CHECK_EQ(reset(box.router, Cause(from_hex(row.segment))), row.answer);
}

TEST_CASE("no reset answers a reset, a wrong checksum, a fragment, or what is no TCP") {
  TestBox box;
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("10.1.0.2"), {.flags = "R"}))), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("10.1.0.2"), {.checksum = uint16_t{1}}))), "");
  CHECK_EQ(reset(box.router, Cause(udp_packet(from("10.1.0.2"), {}))), "");
  Ip fragment = from("10.1.0.2");
  fragment.fragment = 3;
  CHECK_EQ(reset(box.router, Cause(ip_packet(fragment, IPPROTO_TCP, data(40)))), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("10.1.0.2", "10.1.0.255"), {}))), "");
  CHECK_EQ(reset(box.router, Cause(ip_packet(from("10.1.0.2"), IPPROTO_TCP, data(19)))), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("fd01::2", "ff02::1"), {}))), "");
  CHECK_EQ(reset(box.router, Cause(tcp_packet(from("::ffff:10.1.0.2", "fd01::1"), {}))), "");
}

TEST_CASE("REJECT answers only what has the right checksum, where it can tell") {
  const auto allowed = [](const BuiltPacket& packet) {
    return router::may_be_rejected(Cause(packet).skb);
  };
  for (const auto& [source, destination] :
       {std::pair{"10.1.0.2", "10.2.0.2"}, std::pair{"fd01::2", "fd02::2"}}) {
    const Ip header = from(source, destination);
    CHECK(allowed(udp_packet(header, {})));
    CHECK_FALSE(allowed(udp_packet(header, {.checksum = uint16_t{1}})));
    CHECK(allowed(udp_packet(header, {.checksum = uint16_t{0}})));
    CHECK(allowed(tcp_packet(header, {})));
    CHECK_FALSE(allowed(tcp_packet(header, {.checksum = uint16_t{1}})));
    CHECK(allowed(icmp_packet(header, {.type = 128})));
    CHECK_FALSE(allowed(icmp_packet(header, {.type = 128, .checksum = uint16_t{1}})));
    CHECK(allowed(sctp_packet(header, {.checksum = uint32_t{1}})));
    CHECK(allowed(ip_packet(header, IPPROTO_GRE, data(30))));
    CHECK_FALSE(allowed(ip_packet(header, 253, {1, 2, 3, 4})));
  }
  CHECK(allowed(ip_packet(from("10.1.0.2"), 253, Bytes(4, 0))));
  Ip fragment = from("10.1.0.2");
  fragment.fragment = 3;
  CHECK_FALSE(allowed(ip_packet(fragment, IPPROTO_GRE, data(8))));
  CHECK_FALSE(allowed(ip_packet(from("fd01::2", "fd02::2"), 59, {})));
}

TEST_CASE("a redirect goes from the link-local address of the link to a neighbour on it") {
  TestBox box;
  const Cause cause(
      from_hex("60000000000d1140fd010000000000000000000000000002fd01000000000000"
               "000000000000000300010001000dd2a7030a11181f"));
  const Address next = ip("fd01::3");
  Bytes out;
  CHECK_FALSE(make_redirect_v6(box.router, cause.skb, next, out));
  REQUIRE(box.router.add_address(box.tl, own("fe80::1", 64)).ok());
  REQUIRE(make_redirect_v6(box.router, cause.skb, next, out));
  CHECK(to_hex(out) ==
        "6000000000603afffe800000000000000000000000000001fd01000000000000"
        "000000000000000289003ec100000000fd010000000000000000000000000003"
        "fd010000000000000000000000000003040700000000000060000000000d1140"
        "fd010000000000000000000000000002fd010000000000000000000000000003"
        "00010001000dd2a7");
  // A router is named by its link-local address or not at all.
  CHECK_FALSE(make_redirect_v6(box.router, cause.skb, ip("fd01::9"), out));
  CHECK(make_redirect_v6(box.router, cause.skb, ip("fe80::9"), out));
  const Cause stranger(udp_packet({.src = "2001:db8::1", .dst = "fd01::3"}, {}));
  CHECK_FALSE(make_redirect_v6(box.router, stranger.skb, next, out));
}

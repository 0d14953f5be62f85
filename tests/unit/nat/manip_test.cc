#include "nat/manip.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>

#include "base/address.h"
#include "conntrack/tuple.h"
#include "packet/checksum.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

using nat::Manip;

/// A tuple with this source and destination, as a manip takes it.
conntrack::TupleKey target(std::string_view src, uint16_t sport, std::string_view dst,
                           uint16_t dport, uint8_t proto) {
  constexpr uint8_t kEcho[] = {8, 0};
  const Address from = parse_address(src);
  conntrack::TupleKey key{};
  key.src = from.bytes;
  key.dst = parse_address(dst).bytes;
  key.family = from.family;
  key.proto = proto;
  key.src_key = htons(sport);
  key.dst_key = htons(dport);
  if (is_icmp(proto)) std::memcpy(&key.dst_key, kEcho, sizeof key.dst_key);
  return key;
}

bool rewrite(BuiltPacket& packet, const conntrack::TupleKey& target, Manip manip) {
  const uint32_t size = static_cast<uint32_t>(packet.bytes.size());
  return nat::rewrite({packet.bytes.data(), size, size, packet.family}, target, manip);
}

const Ip kV4{.src = "192.168.2.55", .dst = "217.254.1.76"};
const Ip kV6{.src = "fd00::1", .dst = "2001:db8::2"};

TEST_CASE("a TCP segment whose source is rewritten is the one that the new source would send") {
  BuiltPacket packet = tcp_packet(kV4, {.sport = 5555, .dport = 443, .payload = data(33)});
  REQUIRE(rewrite(packet, target("193.157.56.3", 1024, "217.254.1.76", 443, IPPROTO_TCP),
                  Manip::kSource));
  Ip there = kV4;
  there.src = "193.157.56.3";
  CHECK(packet.bytes ==
        tcp_packet(there, {.sport = 1024, .dport = 443, .payload = data(33)}).bytes);
}

TEST_CASE("so is one whose destination is, over IPv6 and behind an extension header") {
  Ip ip = kV6;
  ip.extensions = {{60, Bytes(8)}};
  BuiltPacket packet = tcp_packet(ip, {.sport = 5555, .dport = 443});
  REQUIRE(
      rewrite(packet, target("fd00::1", 5555, "fd00::99", 8443, IPPROTO_TCP), Manip::kDestination));
  ip.dst = "fd00::99";
  CHECK(packet.bytes == tcp_packet(ip, {.sport = 5555, .dport = 8443}).bytes);
}

TEST_CASE("UDP, UDP-Lite, SCTP and ICMP carry right checksums afterwards") {
  Ip there = kV4;
  there.src = "193.157.56.3";
  const auto mapped = [&](uint8_t proto) {
    return target("193.157.56.3", 77, "217.254.1.76", 53, proto);
  };
  BuiltPacket udp = udp_packet(kV4, {.sport = 9, .dport = 53, .payload = data(5)});
  REQUIRE(rewrite(udp, mapped(IPPROTO_UDP), Manip::kSource));
  CHECK(udp.bytes == udp_packet(there, {.sport = 77, .dport = 53, .payload = data(5)}).bytes);
  BuiltPacket lite = udplite_packet(kV4, {.sport = 9, .dport = 53, .payload = data(5)});
  REQUIRE(rewrite(lite, mapped(IPPROTO_UDPLITE), Manip::kSource));
  CHECK(lite.bytes == udplite_packet(there, {.sport = 77, .dport = 53, .payload = data(5)}).bytes);
  BuiltPacket sctp = sctp_packet(kV4, {.sport = 9, .dport = 53, .chunks = {init_chunk(1)}});
  REQUIRE(rewrite(sctp, mapped(IPPROTO_SCTP), Manip::kSource));
  CHECK(sctp.bytes ==
        sctp_packet(there, {.sport = 77, .dport = 53, .chunks = {init_chunk(1)}}).bytes);
  BuiltPacket echo = icmp_packet(kV4, {.id = 9, .seq = 4, .payload = data(7)});
  REQUIRE(rewrite(echo, mapped(IPPROTO_ICMP), Manip::kSource));
  CHECK(echo.bytes == icmp_packet(there, {.id = 77, .seq = 4, .payload = data(7)}).bytes);
}

TEST_CASE("ICMPv6 keeps its checksum right, and its id where it is no echo") {
  Ip there = kV6;
  there.src = "fd00::99";
  BuiltPacket echo = icmp_packet(kV6, {.type = 128, .id = 9});
  conntrack::TupleKey mapped = target("fd00::99", 77, "2001:db8::2", 0, IPPROTO_ICMPV6);
  REQUIRE(rewrite(echo, mapped, Manip::kSource));
  CHECK(echo.bytes == icmp_packet(there, {.type = 128, .id = 77}).bytes);
  BuiltPacket query = icmp_packet(kV6, {.type = 139, .id = 9});
  REQUIRE(rewrite(query, mapped, Manip::kSource));
  CHECK(query.bytes == icmp_packet(there, {.type = 139, .id = 9}).bytes);
}

TEST_CASE("a UDP checksum of zero stays zero, and one that becomes zero is written as ones") {
  const auto mapped = target("193.157.56.3", 77, "217.254.1.76", 53, IPPROTO_UDP);
  BuiltPacket none = udp_packet(kV4, {.sport = 9, .checksum = 0});
  REQUIRE(rewrite(none, mapped, Manip::kSource));
  CHECK(packet::load16(&none.bytes[26]) == 0);

  // A port such that the checksum would come out as zero.
  BuiltPacket packet = udp_packet(kV4, {.sport = 9, .dport = 53});
  const uint32_t sum = packet::load16(&packet.bytes[26]);
  const uint16_t port = static_cast<uint16_t>((9 + sum) % 0xffff);
  REQUIRE(rewrite(packet, target("192.168.2.55", port, "217.254.1.76", 53, IPPROTO_UDP),
                  Manip::kSource));
  CHECK(packet::load16(&packet.bytes[26]) == 0xffff);
}

TEST_CASE("a checksum that was wrong stays as wrong as it was") {
  BuiltPacket packet = tcp_packet(kV4, {.sport = 5555, .dport = 443});
  packet.bytes[36] ^= 0x40;
  REQUIRE(rewrite(packet, target("193.157.56.3", 5555, "217.254.1.76", 443, IPPROTO_TCP),
                  Manip::kSource));
  Ip there = kV4;
  there.src = "193.157.56.3";
  CHECK(packet.bytes != tcp_packet(there, {.sport = 5555, .dport = 443}).bytes);
}

TEST_CASE("a quoted TCP header of eight bytes has its port rewritten and nothing behind it") {
  BuiltPacket packet = tcp_packet(kV4, {.sport = 5555, .dport = 443});
  packet.bytes.resize(28);
  const Bytes before = packet.bytes;
  REQUIRE(rewrite(packet, target("193.157.56.3", 1024, "217.254.1.76", 443, IPPROTO_TCP),
                  Manip::kSource));
  CHECK(packet::load16(&packet.bytes[20]) == 1024);
  CHECK(Bytes(packet.bytes.begin() + 22, packet.bytes.end()) ==
        Bytes(before.begin() + 22, before.end()));
}

TEST_CASE("headers too short to be rewritten refuse the packet") {
  const auto shortened = [](BuiltPacket packet, size_t l4) {
    packet.bytes.resize(20 + l4);
    return packet;
  };
  const auto refused = [](BuiltPacket packet, uint8_t proto) {
    return !rewrite(packet, target("193.157.56.3", 1, "217.254.1.76", 2, proto), Manip::kSource);
  };
  CHECK(refused(shortened(tcp_packet(kV4, {}), 7), IPPROTO_TCP));
  CHECK(refused(shortened(udp_packet(kV4, {}), 7), IPPROTO_UDP));
  CHECK(refused(shortened(icmp_packet(kV4, {}), 7), IPPROTO_ICMP));
  CHECK(refused(shortened(sctp_packet(kV4, {}), 7), IPPROTO_SCTP));
  CHECK(refused(shortened(gre_packet(kV4, {}), 4), IPPROTO_GRE));
  CHECK_FALSE(refused(ip_packet(kV4, 50, data(1)), 50));
}

TEST_CASE("of PPTP's GRE the destination's call is rewritten; of a version unknown, nothing") {
  BuiltPacket call = gre_packet(kV4, {.version = 1, .protocol = 0x880b, .call_id = 7});
  const auto mapped = target("192.168.2.55", 0, "10.0.0.9", 99, IPPROTO_GRE);
  REQUIRE(rewrite(call, mapped, Manip::kDestination));
  CHECK(packet::load16(&call.bytes[26]) == 99);
  BuiltPacket odd = gre_packet(kV4, {.version = 3, .payload = data(8)});
  CHECK_FALSE(rewrite(odd, mapped, Manip::kDestination));
}

TEST_CASE("what the capture left out is not rewritten, and nothing behind it is touched") {
  BuiltPacket packet = tcp_packet(kV4, {.sport = 5555, .dport = 443});
  const uint32_t length = static_cast<uint32_t>(packet.bytes.size());
  Bytes bytes = packet.bytes;
  std::fill(bytes.begin() + 24, bytes.end(), uint8_t{0xaa});
  REQUIRE(nat::rewrite({bytes.data(), 24, length, AF_INET},
                       target("193.157.56.3", 1024, "217.254.1.76", 443, IPPROTO_TCP),
                       Manip::kSource));
  CHECK(packet::load16(&bytes[20]) == 1024);
  CHECK(Bytes(bytes.begin() + 24, bytes.end()) == Bytes(length - 24, 0xaa));
}

}  // namespace
}  // namespace ctwin::test

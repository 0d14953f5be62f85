#include "packet/checksum.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <random>
#include <string_view>

#include "support/packet_builder.h"

using namespace ctwin::packet;
using namespace ctwin::test;

namespace {

/// The sum as RFC 1071 defines it, a word at a time.
uint16_t plain_sum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(sum);
}

std::span<const uint8_t> text(std::string_view characters) {
  return {reinterpret_cast<const uint8_t*>(characters.data()), characters.size()};
}

const Ip kV6{.src = "fd01::2", .dst = "fd02::2"};

/// Does a check see every single bit of the transport header and payload that is flipped?
template <typename Check>
bool sees_every_bit(BuiltPacket built, const Check& check) {
  REQUIRE(check(built.view()));
  for (size_t bit = built.l4_offset * size_t{8}; bit < built.bytes.size() * 8; ++bit) {
    built.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    if (check(built.view())) return false;
    built.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  return true;
}

auto transport(uint8_t proto) {
  return [proto](const Packet& packet) { return transport_checksum_ok(packet, proto); };
}

}  // namespace

TEST_CASE("the example of RFC 1071 sums to what it says") {
  const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK_EQ(fold_checksum(add_checksum(bytes, 0)), static_cast<uint16_t>(~0xddf2));
}

TEST_CASE("sums are right for every length and alignment, and for carries without end") {
  constexpr uint32_t kSeed = 1071;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  for (const bool all_ones : {false, true})
    for (size_t offset = 0; offset < 8; ++offset)
      for (size_t size = 0; size < 140; ++size) {
        Bytes bytes(offset + size);
        for (uint8_t& byte : bytes) byte = all_ones ? 0xff : static_cast<uint8_t>(random());
        const std::span piece = std::span(bytes).subspan(offset);
        REQUIRE_EQ(fold_checksum(add_checksum(piece, 0)), static_cast<uint16_t>(~plain_sum(piece)));
      }
  const Bytes large(65535, 0xff);
  CHECK_EQ(fold_checksum(add_checksum(large, 0)), static_cast<uint16_t>(~plain_sum(large)));
}

TEST_CASE("a sum can be taken piece by piece") {
  const Bytes bytes = data(101);
  const std::span all(bytes);
  CHECK_EQ(fold_checksum(add_checksum(all.subspan(38), add_checksum(all.first(38), 0))),
           fold_checksum(add_checksum(all, 0)));
}

TEST_CASE("a checksum is over the pseudo header, and sees every flipped bit") {
  const Tcp tcp{.payload = data(11)};
  const Udp udp{.payload = data(12)};
  CHECK(sees_every_bit(tcp_packet({}, tcp), transport(IPPROTO_TCP)));
  CHECK(sees_every_bit(tcp_packet(kV6, tcp), transport(IPPROTO_TCP)));
  CHECK(sees_every_bit(udp_packet({}, udp), transport(IPPROTO_UDP)));
  CHECK(sees_every_bit(udp_packet(kV6, udp), transport(IPPROTO_UDP)));
  CHECK(sees_every_bit(icmp_packet(kV6, {.payload = data(5)}), transport(IPPROTO_ICMPV6)));
  CHECK(sees_every_bit(icmp_packet({}, {.payload = data(5)}), plain_checksum_ok));
  CHECK(sees_every_bit(sctp_packet({}, {.chunks = {init_chunk(7)}}), sctp_checksum_ok));
}

TEST_CASE("another protocol number or other addresses make another checksum") {
  BuiltPacket built = udp_packet(kV6, {});
  CHECK_FALSE(transport_checksum_ok(built.view(), IPPROTO_UDPLITE));
  built.bytes[39] ^= 1;
  CHECK_FALSE(transport_checksum_ok(built.view(), IPPROTO_UDP));
}

TEST_CASE("the length in the pseudo header is that of the IP payload, not UDP's own") {
  // Right by the length that UDP claims, but two more bytes came.
  BuiltPacket built = udp_packet({}, {.payload = data(4)});
  built.bytes.insert(built.bytes.end(), {0, 0});
  CHECK_FALSE(transport_checksum_ok(built.view(), IPPROTO_UDP));
}

TEST_CASE("what was not captured whole, and what is vouched for, counts as right") {
  const auto check = [](const Packet& packet) {
    return transport_checksum_ok(packet, IPPROTO_TCP) && plain_checksum_ok(packet) &&
           sctp_checksum_ok(packet);
  };
  const BuiltPacket built = tcp_packet({}, {.payload = data(9), .checksum = 0});
  Packet packet = built.view();
  CHECK_FALSE(check(packet));
  packet.checksum = ChecksumState::kTrusted;
  CHECK(check(packet));
  packet.checksum = ChecksumState::kUnknown;
  --packet.captured;
  CHECK(check(packet));
}

TEST_CASE("an SCTP packet that is shorter than its header has no right checksum") {
  CHECK_FALSE(sctp_checksum_ok(ip_packet({}, IPPROTO_SCTP, data(11)).view()));
}

TEST_CASE("CRC32c has the values that RFC 9260 and RFC 3720 give") {
  CHECK_EQ(crc32c(text("123456789"), 0), 0xe3069283);
  CHECK_EQ(crc32c(Bytes(32, 0), 0), 0x8a9136aa);
  CHECK_EQ(crc32c(Bytes(32, 0xff), 0), 0x62a8ab43);
  CHECK_EQ(crc32c({}, 0), 0);
}

TEST_CASE("CRC32c by tables is CRC32c by the processor, whole or in pieces") {
  constexpr uint32_t kSeed = 3720;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  for (size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const std::span all(bytes);
    const size_t cut = size == 0 ? 0 : random() % size;
    const uint32_t whole = crc32c(all, 0);
    REQUIRE_EQ(crc32c_portable(all, 0), whole);
    REQUIRE_EQ(crc32c(all.subspan(cut), crc32c_portable(all.first(cut), 0)), whole);
  }
}

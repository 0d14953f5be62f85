#include "base/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace ctwin;

namespace {

std::string text_of(const Address& address) {
  char text[kAddressText];
  return {text, format_address(address, text)};
}

/// As the C library writes it.
std::string library_text(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(address.family, address.bytes.data(), text, sizeof text);
}

Address ipv6(const std::array<uint8_t, 16>& bytes) { return {bytes, AF_INET6}; }

}  // namespace

TEST_CASE("IPv4 addresses are read as inet_aton reads them") {
  CHECK_EQ(text_of(parse_address("10.0.1.2")), "10.0.1.2");
  CHECK_EQ(text_of(parse_address("1.1")), "1.0.0.1");
  CHECK_EQ(text_of(parse_address("0x01010101")), "1.1.1.1");
  CHECK_EQ(text_of(parse_address("16843009")), "1.1.1.1");
  CHECK_EQ(text_of(parse_address("255.255.255.255")), "255.255.255.255");
}

TEST_CASE("what is no address has no family") {
  for (const char* text :
       {"", "host", "1.2.3.4.5", "256.1.1.1", "1:2", "fe80::1%lo", "::g", "[::1]"})
    CHECK_MESSAGE(!parse_address(text).is_set(), text);
}

TEST_CASE("bytes behind an IPv4 address are zero, so addresses compare by value") {
  Address address = parse_address("1.2.3.4");
  for (size_t i = 4; i < 16; ++i) CHECK_EQ(address.bytes[i], 0);
  CHECK(address == parse_address("0x01020304"));
}

TEST_CASE("every IPv4 byte is written as the library writes it") {
  for (unsigned value = 0; value < 256; ++value) {
    Address address;
    address.family = AF_INET;
    address.bytes[0] = static_cast<uint8_t>(value);
    address.bytes[3] = static_cast<uint8_t>(255 - value);
    CHECK_EQ(text_of(address), library_text(address));
  }
}

TEST_CASE("IPv6 addresses with any pattern of zero words are written as the library writes them") {
  for (unsigned pattern = 0; pattern < 256; ++pattern)
    for (const uint16_t word : {0x1, 0xffff, 0x20, 0x300, 0x4000}) {
      std::array<uint8_t, 16> bytes{};
      for (unsigned i = 0; i < 8; ++i) {
        if (!(pattern >> i & 1)) continue;
        bytes[2 * i] = static_cast<uint8_t>(word >> 8);
        bytes[2 * i + 1] = static_cast<uint8_t>(word & 0xff);
      }
      CHECK_EQ(text_of(ipv6(bytes)), library_text(ipv6(bytes)));
    }
}

TEST_CASE("random IPv6 addresses are written as the library writes them") {
  constexpr unsigned kSeed = 20261121;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::array<uint8_t, 16> bytes{};
    const unsigned kept = random();
    for (size_t i = 0; i < 16; ++i)
      if (kept >> i & 1) bytes[i] = static_cast<uint8_t>(random());
    CHECK_EQ(text_of(ipv6(bytes)), library_text(ipv6(bytes)));
    CHECK(parse_address(text_of(ipv6(bytes))) == ipv6(bytes));
  }
}

TEST_CASE("an unset address has no text") { CHECK_EQ(text_of(Address{}), ""); }

TEST_CASE("prefix masks set the first bits of their family") {
  CHECK_EQ(text_of(prefix_mask(AF_INET, 0)), "0.0.0.0");
  CHECK_EQ(text_of(prefix_mask(AF_INET, 1)), "128.0.0.0");
  CHECK_EQ(text_of(prefix_mask(AF_INET, 20)), "255.255.240.0");
  CHECK_EQ(text_of(prefix_mask(AF_INET, 32)), "255.255.255.255");
  CHECK_EQ(text_of(prefix_mask(AF_INET6, 0)), "::");
  CHECK_EQ(text_of(prefix_mask(AF_INET6, 7)), "fe00::");
  CHECK_EQ(text_of(prefix_mask(AF_INET6, 64)), "ffff:ffff:ffff:ffff::");
  CHECK_EQ(text_of(prefix_mask(AF_INET6, 128)), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST_CASE("addresses agree under a mask only within one family") {
  const Address mask = prefix_mask(AF_INET, 24);
  CHECK(parse_address("1.1.1.1").equals_under(parse_address("1.1.1.99"), mask));
  CHECK_FALSE(parse_address("1.1.1.1").equals_under(parse_address("1.1.2.1"), mask));
  CHECK_FALSE(parse_address("0.0.0.0").equals_under(parse_address("::"), Address{}));
  const Address holes = parse_address("255.0.255.0");
  CHECK(parse_address("10.1.2.3").equals_under(parse_address("10.9.2.9"), holes));
  CHECK_FALSE(parse_address("10.1.2.3").equals_under(parse_address("10.1.3.3"), holes));
}

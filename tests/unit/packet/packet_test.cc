#include "packet/packet.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <random>
#include <string>
#include <vector>

#include "support/packet_builder.h"

using namespace ctwin::packet;
using namespace ctwin::test;

namespace {

struct Parsed {
  ParseResult result;
  Packet packet;
};

/// Parses a copy that ends where its bytes end, so that a read past them is noticed.
Parsed parse(const Bytes& bytes) {
  const Bytes exact(bytes);
  Parsed parsed;
  parsed.result = parse_packet(exact, parsed.packet);
  parsed.packet.bytes = nullptr;
  return parsed;
}

Bytes first(const Bytes& bytes, size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// An IPv4 packet whose header was changed, with the checksum that belongs to the change.
Bytes changed(Bytes bytes, size_t at, uint8_t value) {
  bytes[at] = value;
  bytes[10] = bytes[11] = 0;
  uint32_t sum = 0;
  const size_t header = std::min<size_t>((bytes[0] & 0x0fu) * 4u, bytes.size());
  for (size_t i = 0; i + 1 < header; i += 2) sum += load16(&bytes[i]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  bytes[10] = static_cast<uint8_t>(~sum >> 8);
  bytes[11] = static_cast<uint8_t>(~sum);
  return bytes;
}

const Ip kV6{.src = "fd01::2", .dst = "fd02::2"};

Ip v6_with(std::vector<ExtensionHeader> extensions) {
  Ip ip = kV6;
  ip.extensions = std::move(extensions);
  return ip;
}

/// Eight bytes of padding, which is what destination options hold when they hold nothing.
Bytes padding_header() { return {0, 0, 1, 4, 0, 0, 0, 0}; }
Bytes fragment_header(uint16_t field) {
  return {0, 0, static_cast<uint8_t>(field >> 8), static_cast<uint8_t>(field), 0, 0, 0, 1};
}

/// Every header that the walk passes, two of them twice.
Ip all_extensions() {
  return v6_with({{0, padding_header()},
                  {60, padding_header()},
                  {43, {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
                  {51, {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
                  {60, padding_header()}});
}

Bytes hop_by_hop(const Bytes& options) {
  Bytes header = {0, static_cast<uint8_t>((options.size() + 2) / 8 - 1)};
  header.insert(header.end(), options.begin(), options.end());
  REQUIRE_EQ(header.size() % 8, 0);
  return udp_packet(v6_with({{0, header}}), {}).bytes;
}

}  // namespace

TEST_CASE("an IPv4 packet is as long as its header says, and padding does not count") {
  Bytes bytes = udp_packet({}, {.payload = data(5)}).bytes;
  const auto length = static_cast<uint32_t>(bytes.size());
  bytes.resize(60);
  const auto [result, packet] = parse(bytes);
  CHECK_EQ(result, ParseResult::kOk);
  CHECK_EQ(packet.family, AF_INET);
  CHECK_EQ(packet.length, length);
  CHECK_EQ(packet.captured, length);
  CHECK_EQ(packet.l4_offset, 20);
  CHECK_EQ(packet.l4_length(), 13);
  CHECK_EQ(packet.proto, IPPROTO_UDP);
}

TEST_CASE("options move the transport header of IPv4") {
  const auto [result, packet] = parse(udp_packet({.options = Bytes(40, 1)}, {}).bytes);
  CHECK_EQ(result, ParseResult::kOk);
  CHECK_EQ(packet.l4_offset, 60);
}

TEST_CASE("an IPv4 packet that was cut keeps its length, wherever the cut is") {
  const Bytes whole = tcp_packet({.options = Bytes(8, 1)}, {.payload = data(30)}).bytes;
  for (size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto [result, packet] = parse(first(whole, size));
    CHECK_EQ(result, size < 28 ? ParseResult::kCut : ParseResult::kOk);
    CHECK_EQ(packet.captured, size);
    if (size < 28) continue;
    CHECK_EQ(packet.length, whole.size());
    CHECK_EQ(packet.l4_length(), whole.size() - 28);
    CHECK_EQ(packet.l4_captured(), size - 28);
  }
}

TEST_CASE("an IPv6 packet that was cut keeps its length, wherever the cut is") {
  const BuiltPacket whole = tcp_packet(all_extensions(), {.payload = data(30)});
  REQUIRE_EQ(whole.l4_offset, 40 + 8 + 8 + 16 + 12 + 8);
  for (size_t size = 0; size <= whole.bytes.size(); ++size) {
    CAPTURE(size);
    const auto [result, packet] = parse(first(whole.bytes, size));
    // The last header is not needed whole: its first two bytes say where it ends.
    CHECK_EQ(result, size < whole.l4_offset - 6 ? ParseResult::kCut : ParseResult::kOk);
    if (size < 40) continue;
    CHECK_EQ(packet.length, whole.bytes.size());
    CHECK_EQ(packet.captured, size);
    if (result != ParseResult::kOk) continue;
    CHECK_EQ(packet.l4_offset, whole.l4_offset);
    CHECK_EQ(packet.proto, IPPROTO_TCP);
  }
}

TEST_CASE("what the IP input code cannot read is dropped") {
  const Bytes good = udp_packet({}, {}).bytes;
  REQUIRE_EQ(parse(good).result, ParseResult::kOk);
  CHECK_EQ(parse(changed(good, 0, 0x55)).result, ParseResult::kDropped);  // version 5
  CHECK_EQ(parse(changed(good, 0, 0x44)).result, ParseResult::kDropped);  // 16 bytes of header
  CHECK_EQ(parse(changed(good, 3, 19)).result, ParseResult::kDropped);    // shorter than its header
  CHECK_EQ(parse(changed(good, 3, 20)).result, ParseResult::kOk);         // nothing but its header
  Bytes flipped = good;
  flipped[8] ^= 1;
  CHECK_EQ(parse(flipped).result, ParseResult::kDropped);
}

TEST_CASE("the IPv4 header checksum is not asked where the device vouches for it") {
  Bytes bytes = udp_packet({}, {}).bytes;
  bytes[10] ^= 0xff;
  Packet packet;
  CHECK_EQ(parse_packet(bytes, packet), ParseResult::kDropped);
  packet.checksum = ChecksumState::kTrusted;
  CHECK_EQ(parse_packet(bytes, packet), ParseResult::kOk);
}

TEST_CASE("fragments of IPv4 are told by offset and by more to come, not by do not fragment") {
  CHECK_EQ(parse(udp_packet({.fragment = kDontFragment}, {}).bytes).result, ParseResult::kOk);
  CHECK_EQ(parse(udp_packet({.fragment = 0x8000}, {}).bytes).result, ParseResult::kOk);
  CHECK_EQ(parse(udp_packet({.fragment = kMoreFragments}, {}).bytes).result,
           ParseResult::kFragment);
  CHECK_EQ(parse(udp_packet({.fragment = 1}, {}).bytes).result, ParseResult::kFragment);
}

TEST_CASE("a fragment of IPv6 is told by its header, even when it is the only one") {
  for (const uint16_t field : {0x0000, 0x0001, 0x0008}) {
    const auto [result, packet] = parse(
        udp_packet(v6_with({{60, padding_header()}, {44, fragment_header(field)}}), {}).bytes);
    CHECK_EQ(result, ParseResult::kFragment);
    CHECK_EQ(packet.l4_offset, 48);
  }
}

TEST_CASE("a fragment header in a packet without a length is passed over") {
  Bytes bytes = udp_packet(v6_with({{44, fragment_header(0)}}), {}).bytes;
  bytes[4] = bytes[5] = 0;
  // Nothing is left of the packet but its header, and the next one is not there.
  CHECK_EQ(parse(bytes).result, ParseResult::kInvalid);
}

TEST_CASE("the walk through IPv6 headers ends in nothing, outside, or at the end") {
  CHECK_EQ(parse(ip_packet(kV6, 59, data(8)).bytes).result, ParseResult::kInvalid);
  CHECK_EQ(parse(ip_packet(v6_with({{60, padding_header()}}), 59, {}).bytes).result,
           ParseResult::kInvalid);
  // Two bytes of a header are needed to know where it ends.
  CHECK_EQ(parse(ip_packet(kV6, 60, {17}).bytes).result, ParseResult::kInvalid);
  // One that ends behind the packet leaves the transport nothing.
  const auto [result, packet] = parse(ip_packet(kV6, 60, {17, 5}).bytes);
  CHECK_EQ(result, ParseResult::kOk);
  CHECK_EQ(packet.l4_offset, 42);
  CHECK_EQ(packet.l4_length(), 0);
  // ESP is where the walk stops.
  CHECK_EQ(parse(ip_packet(kV6, 50, data(8)).bytes).packet.proto, 50);
}

TEST_CASE("a packet with nothing behind its IP header has a transport header of no bytes") {
  CHECK_EQ(parse(ip_packet({}, 17, {}).bytes).result, ParseResult::kOk);
  CHECK_EQ(parse(ip_packet(kV6, 17, {}).bytes).result, ParseResult::kOk);
}

TEST_CASE("IPv6 addresses that nobody may use are dropped") {
  const Bytes good = udp_packet(kV6, {}).bytes;
  Bytes from_multicast = good;
  from_multicast[8] = 0xff;
  CHECK_EQ(parse(from_multicast).result, ParseResult::kDropped);
  Bytes to_multicast = good;
  to_multicast[24] = 0xff;
  to_multicast[25] = 0x02;
  CHECK_EQ(parse(to_multicast).result, ParseResult::kOk);
  to_multicast[25] = 0x10;
  CHECK_EQ(parse(to_multicast).result, ParseResult::kDropped);
}

TEST_CASE("hop-by-hop options are judged before any hook") {
  struct Row {
    std::string what;
    Bytes options;
    ParseResult result;
  };
  constexpr auto kOk = ParseResult::kOk;
  constexpr auto kDropped = ParseResult::kDropped;
  const std::vector<Row> rows = {
      {"six bytes of Pad1", {0, 0, 0, 0, 0, 0}, kOk},
      {"PadN of six", {1, 4, 0, 0, 0, 0}, kOk},
      {"PadN that is not zero", {1, 4, 0, 0, 1, 0}, kDropped},
      {"seven bytes of padding", {0x1e, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, kOk},
      {"eight bytes of padding", {0x1e, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, kDropped},
      {"router alert", {5, 2, 0, 0, 1, 0}, kOk},
      {"router alert of a wrong size", {5, 3, 0, 0, 0, 0}, kDropped},
      {"an unknown option to be passed over", {0x1e, 2, 0, 0, 1, 0}, kOk},
      {"an unknown option that says: drop", {0x5e, 2, 0, 0, 1, 0}, kDropped},
      {"an unknown option that says: drop and complain", {0x9e, 2, 0, 0, 1, 0}, kDropped},
      {"a security label", {7, 4, 0, 0, 0, 0}, kDropped},
      {"a trace at a multiple of four", {1, 0, 0x31, 2, 0, 0}, kOk},
      {"a trace elsewhere", {0x31, 2, 0, 0, 1, 0}, kDropped},
      {"an option past the end", {0x1e, 5, 0, 0, 0, 0}, kDropped},
      {"an option without a length", {1, 3, 0, 0, 0, 0x1e}, kDropped},
      {"a jumbogram that is none", {0xc2, 4, 0, 1, 0, 0}, kDropped},
      {"nine options",
       {0x1e, 0,    0x1e, 0,    0x1e, 0,    0x1e, 0, 0x1e, 0, 0x1e,
        0,    0x1e, 0,    0x1e, 0,    0x1e, 0,    1, 2,    0, 0},
       kDropped},
      {"eight options",
       {0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 0x1e, 0, 1, 4, 0, 0, 0, 0},
       kOk},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK_EQ(parse(hop_by_hop(row.options)).result, row.result);
  }
}

TEST_CASE("hop-by-hop options that the packet has no room for are dropped, cut ones are cut") {
  Bytes bytes = hop_by_hop({1, 4, 0, 0, 0, 0});
  CHECK_EQ(parse(first(bytes, 45)).result, ParseResult::kCut);
  bytes[41] = 200;
  CHECK_EQ(parse(bytes).result, ParseResult::kDropped);
  bytes.resize(44);
  bytes[5] = 4;
  CHECK_EQ(parse(bytes).result, ParseResult::kDropped);
}

TEST_CASE("the transport of a fragment that nobody put together is in the first one only") {
  const auto find = [](const Bytes& bytes, uint8_t family) {
    Packet packet;
    packet.bytes = bytes.data();
    packet.captured = packet.length = static_cast<uint32_t>(bytes.size());
    packet.family = family;
    return find_transport(packet);
  };
  CHECK_EQ(find(udp_packet({.fragment = kMoreFragments}, {}).bytes, AF_INET), ParseResult::kOk);
  CHECK_EQ(find(udp_packet({.fragment = 1}, {}).bytes, AF_INET), ParseResult::kInvalid);
  CHECK_EQ(find(udp_packet(v6_with({{44, fragment_header(1)}}), {}).bytes, AF_INET6),
           ParseResult::kOk);
  CHECK_EQ(find(udp_packet(v6_with({{44, fragment_header(9)}}), {}).bytes, AF_INET6),
           ParseResult::kInvalid);
}

TEST_CASE("four bytes of a fragment header are needed to pass it") {
  const Bytes whole = ip_packet(v6_with({{44, fragment_header(1)}}), IPPROTO_ESP, {}).bytes;
  for (size_t size = 40; size <= whole.size(); ++size) {
    CAPTURE(size);
    const Bytes quoted = first(whole, size);
    Packet packet;
    packet.bytes = quoted.data();
    packet.captured = packet.length = static_cast<uint32_t>(size);
    packet.family = AF_INET6;
    CHECK_EQ(find_transport(packet), size < 44 ? ParseResult::kInvalid : ParseResult::kOk);
    packet.length = static_cast<uint32_t>(whole.size());
    CHECK_EQ(find_transport(packet), size < 44 ? ParseResult::kCut : ParseResult::kOk);
  }
}

TEST_CASE("a packet inside of an ICMP error is as long as the error lets it be") {
  const Bytes whole = udp_packet({.options = Bytes(8, 1)}, {}).bytes;
  for (size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const Bytes quoted = first(whole, size);
    Packet packet;
    packet.bytes = quoted.data();
    packet.captured = packet.length = static_cast<uint32_t>(size);
    packet.family = AF_INET;
    CHECK_EQ(find_transport(packet) == ParseResult::kOk, size >= 28);
  }
}

TEST_CASE("the quote of a cut error is cut, not invalid") {
  const Bytes whole = udp_packet(all_extensions(), {}).bytes;
  for (uint32_t captured = 0; captured < 86; ++captured) {
    CAPTURE(captured);
    const Bytes there = first(whole, captured);
    Packet packet;
    packet.bytes = there.data();
    packet.captured = captured;
    packet.length = static_cast<uint32_t>(whole.size());
    packet.family = AF_INET6;
    CHECK_EQ(find_transport(packet), ParseResult::kCut);
  }
}

TEST_CASE("bytes of any kind are parsed without a read past their end") {
  constexpr uint32_t kSeed = 20;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const Bytes seeds[] = {udp_packet({.options = Bytes(12, 1)}, {.payload = data(9)}).bytes,
                         tcp_packet(all_extensions(), {}).bytes,
                         udp_packet(v6_with({{44, fragment_header(1)}}), {}).bytes};
  for (int round = 0; round < 60000; ++round) {
    Bytes bytes = seeds[static_cast<size_t>(round) % std::size(seeds)];
    for (auto changes = random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    if (random() % 2) bytes = first(bytes, random() % (bytes.size() + 1));
    if (random() % 2 && bytes.size() > 20) bytes = changed(bytes, 1, 0);
    const auto [result, packet] = parse(bytes);
    REQUIRE_LE(packet.captured, bytes.size());
    REQUIRE_LE(packet.captured, packet.length);
    if (result == ParseResult::kOk) {
      REQUIRE_LE(packet.l4_offset, packet.length);
      REQUIRE_LE(packet.l4_captured(), packet.l4_length());
    }
  }
}

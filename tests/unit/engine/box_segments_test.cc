// TCP segments that are cut only by the device that they leave by.
#include <doctest/doctest.h>

#include "engine/engine.h"
#include "packet/checksum.h"
#include "support/packet_builder.h"

using namespace ctwin;
using namespace ctwin::engine;
using namespace ctwin::test;

namespace {

struct Left {
  uint32_t device;
  Bytes bytes;
  uint16_t segment_size;
  uint32_t l4_offset;
};

/// A translating router between a and b.
struct Router {
  Router() : engine(options()) {
    engine.on_output([this](const Departure& departure) {
      left.push_back({departure.device,
                      {departure.bytes.begin(), departure.bytes.end()},
                      departure.segment_size,
                      departure.l4_offset});
    });
  }

  static Engine::Options options() {
    Engine::Options options;
    options.setup.emplace();
    const Status read = setup::read_setup_text(
        "setup",
        "ip addr add 10.0.0.1/24 dev a\nip addr add 10.0.1.1/24 dev b\n"
        "ip -6 addr add fd00::1/64 dev a\nip -6 addr add fd01::1/64 dev b\n"
        "sysctl -w net.ipv4.ip_forward=1\nsysctl -w net.ipv6.conf.all.forwarding=1\n"
        "iptables -t nat -A POSTROUTING -o b -j MASQUERADE\n"
        "ip6tables -t nat -A POSTROUTING -o b -j MASQUERADE\n",
        *options.setup);
    REQUIRE(read.ok());
    options.settings = options.setup->settings;
    return options;
  }

  void pass(const Bytes& bytes, uint16_t segment_size) {
    RawPacket raw;
    raw.bytes = bytes;
    raw.device = engine.device("a");
    raw.time = ++time;
    raw.checksum = packet::ChecksumState::kTrusted;
    raw.segment_size = segment_size;
    engine.process(raw);
  }

  Engine engine;
  std::vector<Left> left;
  uint64_t time = 1'700'000'000'000'000'000;
};

Bytes segment(bool v4, size_t payload) {
  const Ip way =
      v4 ? Ip{.src = "10.0.0.2", .dst = "10.0.1.2"} : Ip{.src = "fd00::2", .dst = "fd01::2"};
  return tcp_packet(way, {.sport = 1000, .dport = 80, .flags = "A", .payload = Bytes(payload, 'x')})
      .bytes;
}

}  // namespace

TEST_CASE("a segment that is yet to be cut leaves in one piece, translated") {
  for (const bool v4 : {true, false}) {
    CAPTURE(v4);
    Router router;
    const Bytes before = segment(v4, 20'000);
    router.pass(before, 1400);
    REQUIRE(router.left.size() == 1);
    const Left& left = router.left[0];
    CHECK(left.segment_size == 1400);
    CHECK(left.l4_offset == (v4 ? 20 : 40));
    REQUIRE(left.bytes.size() == before.size());
    // Its checksum is that of the new pseudo header: completed, it is right.
    Bytes whole = left.bytes;
    const uint16_t sum =
        packet::fold_checksum(packet::add_checksum(std::span(whole).subspan(left.l4_offset), 0));
    whole[left.l4_offset + 16] = static_cast<uint8_t>(sum >> 8);
    whole[left.l4_offset + 17] = static_cast<uint8_t>(sum);
    packet::Packet parsed;
    REQUIRE(packet::parse_packet(whole, parsed) == packet::ParseResult::kOk);
    CHECK(packet::transport_checksum_ok(parsed, IPPROTO_TCP));
    CHECK(whole[v4 ? 15 : 23] == 1);  // the router's address
  }
}

TEST_CASE("what is judged by the next link is the pieces, not the whole") {
  for (const bool v4 : {true, false}) {
    CAPTURE(v4);
    const uint16_t fits = v4 ? 1460 : 1440;
    Router router;
    router.pass(segment(v4, 5000), fits);
    router.pass(segment(v4, 5000), static_cast<uint16_t>(fits + 1));
    REQUIRE(router.left.size() == 2);
    CHECK(router.left[0].device == router.engine.device("b"));
    CHECK(router.left[0].segment_size == fits);
    // The answer to the second: an error to who sent it.
    CHECK(router.left[1].device == router.engine.device("a"));
    CHECK(router.left[1].segment_size == 0);
    CHECK(router.left[1].bytes[v4 ? 9 : 6] == (v4 ? 1 : 58));
  }
}

TEST_CASE("only TCP can be cut, whatever is said") {
  Router router;
  router.pass(udp_packet({.src = "10.0.0.2", .dst = "10.0.1.2"}, {.sport = 1, .dport = 2}).bytes,
              1000);
  REQUIRE(router.left.size() == 1);
  CHECK(router.left[0].segment_size == 0);
}

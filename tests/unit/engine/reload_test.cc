// Another setup takes the place of a router's while it is at work.
#include <doctest/doctest.h>

#include <string>

#include "engine/engine.h"
#include "support/packet_builder.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

constexpr const char* kAddresses =
    "ip addr add 10.0.0.254/24 dev inside\n"
    "ip addr add 192.0.2.1/24 dev outside\n"
    "sysctl -w net.ipv4.ip_forward=1\n";

/// The setup of a text, whose devices begin with those that there are.
setup::Setup setup_of(const std::string& text, const std::vector<std::string>& devices = {}) {
  setup::Setup setup;
  for (const std::string& device : devices) setup.router.interfaces().find_or_add(device);
  const Status read = setup::read_setup_text("test", text, setup);
  REQUIRE_MESSAGE(read.ok(), read.error().text);
  return setup;
}

struct Gateway {
  explicit Gateway(const std::string& rules)
      : engine({.settings = {}, .capacity = 1000, .setup = setup_of(kAddresses + rules)}) {
    engine.on_output(
        [this](const engine::Departure& departure) { left.push_back(departure.device); });
  }

  /// Sends a packet from inside; true when it leaves the router by its other side.
  bool passes(uint16_t sport) {
    left.clear();
    const BuiltPacket packet =
        udp_packet({.src = "10.0.0.1", .dst = "192.0.2.9"}, {.sport = sport, .dport = 53});
    time += kSecond;
    engine::RawPacket raw;
    raw.bytes = packet.bytes;
    raw.device = engine.device("inside");
    raw.time = time;
    engine.process(raw);
    return left == std::vector<uint32_t>{engine.device("outside")};
  }
  void replace(const std::string& text) {
    engine.replace_setup(setup_of(text, {"lo", "inside", "outside"}));
  }

  engine::Engine engine;
  std::vector<uint32_t> left;
  uint64_t time = 1'700'000'000 * kSecond;
};

}  // namespace

TEST_CASE("new rules hold for the next packet, and flows go on") {
  Gateway gateway("iptables -A FORWARD -p udp --sport 7 -j DROP\n");
  CHECK(gateway.passes(1));
  CHECK_FALSE(gateway.passes(7));
  CHECK(gateway.engine.tracker().count() == 1);
  gateway.replace(std::string(kAddresses) +
                  "iptables -A FORWARD -m conntrack --ctstate NEW -p udp --sport 9 -j DROP\n"
                  "iptables -A FORWARD -m conntrack --ctstate NEW -p udp --sport 1 -j DROP\n");
  CHECK(gateway.engine.tracker().count() == 1);
  CHECK(gateway.passes(7));
  CHECK_FALSE(gateway.passes(9));
  CHECK_FALSE(gateway.passes(1));  // nobody has answered: it is still NEW
}

TEST_CASE("a flow keeps the translation that it has, a new one gets the new one") {
  const std::string first = "iptables -t nat -A POSTROUTING -j SNAT --to-source 192.0.2.1\n";
  Gateway gateway(first);
  CHECK(gateway.passes(1));
  gateway.replace(std::string(kAddresses) +
                  "iptables -t nat -A POSTROUTING -j SNAT --to-source 192.0.2.77\n");
  CHECK(gateway.passes(1));
  CHECK(gateway.passes(2));
  std::vector<uint8_t> translated;
  const auto& table = gateway.engine.tracker().table();
  for (conntrack::ConnIndex index = 1; index < table.end(); ++index)
    if (table[index].in_use) translated.push_back(table[index].tuple[1].dst[3]);
  CHECK(translated == std::vector<uint8_t>{1, 77});
}

TEST_CASE("devices keep their numbers, new ones come behind them, and settings change") {
  Gateway gateway("sysctl -w net.netfilter.nf_conntrack_udp_timeout=5\n");
  const uint32_t inside = gateway.engine.device("inside");
  CHECK(gateway.passes(1));
  gateway.replace(std::string("ip addr add 198.51.100.1/24 dev third\n") + kAddresses);
  CHECK(gateway.engine.device("inside") == inside);
  CHECK(gateway.engine.device("third") == gateway.engine.devices_end() - 1);
  CHECK(gateway.engine.settings().udp_timeout == 30);
  CHECK(gateway.passes(1));
  gateway.replace(std::string("ip addr add 10.0.0.254/24 dev inside\n") +
                  "sysctl -w net.ipv4.ip_forward=1\n");
  CHECK_FALSE(gateway.passes(1));  // no route leads there any more
}

TEST_CASE("rules that look at counters or labels make room for them") {
  Gateway gateway("");
  CHECK(gateway.passes(1));
  gateway.replace(std::string(kAddresses) +
                  "iptables -A FORWARD -m connbytes --connbytes 1000000: --connbytes-dir both "
                  "--connbytes-mode bytes -j DROP\n");
  CHECK(gateway.engine.settings().acct);
}

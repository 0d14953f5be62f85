// How fast the engine is as a router that translates, in the frame of track.cc.
//
// Workload: a gateway with two devices that SNATs to a range of addresses. `flows` established
// flows, half TCP and half UDP, IPv4, scattered; packets of both directions in random flow order,
// already in memory, handed over in batches of 32 with checksums that need no verifying. The
// packets of the answers carry the mapped addresses and ports, which are read out of the table. New
// flows: UDP packets that each begin one, towards different servers and towards one, in an engine
// that is empty; what the system takes for the memory is measured by itself beforehand.
//
// Beside it, in the same run: the same packets through an engine that only watches (track.cc), and
// the gateway with 10,000 more filter rules behind the one that accepts what is ESTABLISHED.
//
//   nat [flows ...]           10,000 and 1,000,000 when none are given
//   nat new                   only the new flows, in a process that has touched no memory yet
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "conntrack/tuple.h"
#include "setup/setup_file.h"
#include "traffic.h"

namespace {

using namespace ctwin;
using namespace ctwin::bench;

constexpr const char* kGateway = R"(
ip addr add 10.255.255.254/8 dev eth0
ip addr add 203.0.0.1/16 dev eth1
ip route add default via 203.0.0.2
iptables -t nat -A POSTROUTING -o eth1 -j SNAT --to-source 203.0.1.0-203.0.255.255
iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
)";

std::string many_rules(uint32_t count) {
  std::string text;
  for (uint32_t i = 0; i < count; ++i)
    text += fmt::format("iptables -A FORWARD -s 172.16.{}.{} -p tcp --dport {} -j DROP\n", i / 256,
                        i % 256, 1 + i % 60000);
  return text;
}

std::unique_ptr<engine::Engine> make_gateway(const std::string& text) {
  setup::Setup setup;
  if (Status read = setup::read_setup_text("gateway", text, setup); !read) {
    std::fprintf(stderr, "%s\n", read.error().text.c_str());
    std::exit(1);
  }
  engine::Engine::Options options;
  options.settings = setup.settings;
  options.settings.max_entries = 8'000'000;
  options.setup = std::move(setup);
  return std::make_unique<engine::Engine>(options);
}

/// An entry, its places in the index, and what NAT remembers of it.
constexpr size_t kBytesPerFlow = 288;

/// A packet and the device by which it comes in.
struct Arriving {
  Frame frame;
  bool from_outside;
};

void feed(engine::Engine& engine, const std::vector<Arriving>& packets, uint64_t time) {
  const uint32_t inside = engine.device("eth0"), outside = engine.device("eth1");
  std::array<engine::RawPacket, kBatch> batch;
  for (size_t first = 0; first < packets.size(); first += kBatch) {
    const size_t count = std::min(kBatch, packets.size() - first);
    for (size_t i = 0; i < count; ++i) {
      const Arriving& packet = packets[first + i];
      set_raw(batch[i], packet.frame, time, packet.from_outside ? outside : inside);
    }
    engine.process(std::span(batch.data(), count));
  }
}

/// A flow by its client and its server.
FlowKeys keys_of(const Address& client, uint16_t cport, const Address& server, uint16_t sport,
                 uint8_t proto) {
  FlowKeys flow;
  flow.client = packet::load32(client.bytes.data());
  flow.server = packet::load32(server.bytes.data());
  flow.cport = cport;
  flow.sport = sport;
  flow.proto = proto;
  return flow;
}
FlowKeys original(const conntrack::Conn& ct) {
  const Tuple orig = conntrack::to_tuple(ct.tuple[0]);
  return keys_of(orig.src, orig.sport, orig.dst, orig.dport, orig.proto);
}
/// As the outside sees it.
FlowKeys mapped(const conntrack::Conn& ct) {
  const Tuple reply = conntrack::to_tuple(ct.tuple[1]);
  return keys_of(reply.dst, reply.dport, reply.src, reply.sport, reply.proto);
}

struct Mapping {
  FlowKeys inside, outside;
};

/// Establishes the flows, and tells what became of each.
std::vector<Mapping> establish(engine::Engine& engine, const std::vector<FlowKeys>& flows) {
  std::vector<Arriving> packets;
  for (const FlowKeys& flow : flows)
    packets.push_back({make_frame(flow, false, kSyn, 1000, 0), false});
  feed(engine, packets, kStart);
  std::vector<Mapping> mappings;
  const conntrack::ConnTable& table = engine.tracker().table();
  for (conntrack::ConnIndex index = 1; index < table.end(); ++index)
    if (table[index].in_use) mappings.push_back({original(table[index]), mapped(table[index])});
  packets.clear();
  for (const Mapping& flow : mappings) {
    packets.push_back({make_frame(flow.outside, true, kSyn | kAck, 5000, 1001), true});
    packets.push_back({make_frame(flow.inside, false, kAck, 1001, 5001), false});
    packets.push_back({make_frame(flow.outside, true, kAck, 5001, 1001), true});
  }
  feed(engine, packets, kStart);
  return mappings;
}

std::vector<Arriving> random_traffic(const std::vector<Mapping>& flows, size_t count,
                                     Random& random) {
  std::vector<Arriving> packets;
  packets.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const Mapping& flow = flows[random.below(flows.size())];
    const bool reply = random.next() & 1;
    packets.push_back({make_frame(reply ? flow.outside : flow.inside, reply, kAck,
                                  reply ? 5001 : 1001, reply ? 1001 : 5001),
                       reply});
  }
  return packets;
}

struct Measured {
  double nanoseconds = 0;
  uint32_t alive = 0;
  uint64_t sent = 0;
};

Measured measure(const std::string& setup, const std::vector<FlowKeys>& flows) {
  constexpr size_t kPackets = 4'000'000;
  const auto engine = make_gateway(setup);
  uint64_t sent = 0;
  engine->on_output([&](const engine::Departure&) { ++sent; });
  Random random(7);
  const std::vector<Mapping> mappings = establish(*engine, flows);
  const std::vector<Arriving> traffic = random_traffic(mappings, kPackets, random);
  sent = 0;
  const double seconds = seconds_of([&] { feed(*engine, traffic, kStart + 1'000'000); });
  return {seconds / kPackets * 1e9, engine->tracker().count(), sent};
}

/// The same flows, not translated, through an engine that only watches.
double watch(const std::vector<FlowKeys>& flows) {
  constexpr size_t kPackets = 4'000'000;
  engine::Engine::Options options;
  options.settings.max_entries = 8'000'000;
  engine::Engine engine(options);
  std::vector<Frame> frames;
  for (const FlowKeys& flow : flows) {
    frames.push_back(make_frame(flow, false, kSyn, 1000, 0));
    frames.push_back(make_frame(flow, true, kSyn | kAck, 5000, 1001));
    frames.push_back(make_frame(flow, false, kAck, 1001, 5001));
  }
  bench::feed(engine, frames, kStart);
  frames.clear();
  Random random(7);
  for (size_t i = 0; i < kPackets; ++i) {
    const FlowKeys& flow = flows[random.below(flows.size())];
    const bool reply = random.next() & 1;
    frames.push_back(make_frame(flow, reply, kAck, reply ? 5001 : 1001, reply ? 1001 : 5001));
  }
  return seconds_of([&] { bench::feed(engine, frames, kStart + 1'000'000); }) / kPackets * 1e9;
}

void bench_flows(uint32_t count) {
  Random random(count);
  std::vector<FlowKeys> flows;
  for (uint32_t i = 0; i < count; ++i) flows.push_back(make_flow(i, false, random));
  const Measured plain = measure(kGateway, flows);
  std::printf(
      "%9u flows  SNAT %6.1f ns a packet  %5.2f M/s  (%.1f %% sent)  watching only %6.1f ns\n",
      plain.alive, plain.nanoseconds, 1e3 / plain.nanoseconds,
      static_cast<double>(plain.sent) / 40'000, watch(flows));
}

/// First packets ask all of the rules, so few flows do.
void bench_rules(uint32_t count) {
  Random random(count);
  std::vector<FlowKeys> flows;
  for (uint32_t i = 0; i < count; ++i) flows.push_back(make_flow(i, false, random));
  std::printf("%9u flows  SNAT %6.1f ns a packet, with 10,000 rules more %6.1f ns\n", count,
              measure(kGateway, flows).nanoseconds,
              measure(kGateway + many_rules(10'000), flows).nanoseconds);
}

void bench_new(uint32_t count, bool one_server) {
  Random random(count + 1);
  std::vector<Arriving> packets;
  for (uint32_t i = 0; i < count; ++i) {
    FlowKeys flow = make_flow(i, false, random);
    flow.proto = IPPROTO_UDP;
    flow.server = one_server ? 0xc0000001 : 0xc0000000 + i;
    packets.push_back({make_frame(flow, false, 0, 0, 0), false});
  }
  const double memory = seconds_of_memory(count * kBytesPerFlow);
  const auto engine = make_gateway(kGateway);
  const double seconds = seconds_of([&] { feed(*engine, packets, kStart); });
  std::printf("%9u new flows to %s  %6.1f ns each  %6.2f M/s  (their memory alone: %.1f ns)\n",
              engine->tracker().count(), one_server ? "one server  " : "many servers",
              seconds / count * 1e9, count / seconds / 1e6, memory / count * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<uint32_t> counts;
  if (argc == 2 && argv[1] == std::string_view("new")) {
    bench_new(1'000'000, false);
    bench_new(1'000'000, true);
    return 0;
  }
  for (int i = 1; i < argc; ++i) counts.push_back(static_cast<uint32_t>(std::atol(argv[i])));
  if (counts.empty()) counts = {10'000, 1'000'000};
  for (const uint32_t count : counts) bench_flows(count);
  bench_rules(1000);
  bench_new(1'000'000, false);
  bench_new(1'000'000, true);
}

// How fast the engine tracks, beside a floor measured in the same run.
//
// Workload: `flows` established flows, half TCP and half UDP, IPv4; packets of both directions in
// random flow order, already in memory, handed over in batches of 32. The floor is what any tracker
// must at least do: one probe of a hash table of 64-byte entries, one entry a flow, each batch's
// memory asked for beforehand. New flows: UDP packets that each begin one. Correlated addresses
// (10.0.0.0 and up, ports in sequence) and scattered ones are both measured.
//
//   track [flows ...]           10,000 and 1,000,000 when none are given
#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "base/random.h"
#include "engine/engine.h"

namespace {

using namespace ctwin;

constexpr size_t kBatch = 32;
constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr uint8_t kSyn = 0x02, kAck = 0x10;

struct FlowKeys {
  uint32_t client, server;
  uint16_t cport, sport;
  uint8_t proto;
};

FlowKeys make_flow(uint32_t i, bool correlated, Random& random) {
  FlowKeys flow;
  flow.proto = i % 2 == 0 ? IPPROTO_TCP : IPPROTO_UDP;
  const uint64_t draw = random.next();
  flow.client = correlated ? 0x0a000000 + i / 16 : 0x0a000000 | (draw & 0xffffff);
  flow.server = correlated ? 0xc0a80001 : 0xc0000000 | static_cast<uint32_t>(draw >> 40);
  flow.cport = static_cast<uint16_t>(correlated ? 1024 + i % 16 : 1024 + (draw >> 24) % 60000);
  flow.sport = flow.proto == IPPROTO_TCP ? 443 : 53;
  return flow;
}

using Frame = std::array<uint8_t, 40>;

void put16(uint8_t* at, uint16_t value) { at[0] = value >> 8, at[1] = value & 0xff; }
void put32(uint8_t* at, uint32_t value) { put16(at, value >> 16), put16(at + 2, value & 0xffff); }

/// A bare IPv4 header and what trackers read of TCP or UDP.
Frame make_frame(const FlowKeys& flow, bool reply, uint8_t flags, uint32_t seq, uint32_t ack) {
  Frame frame{};
  const bool tcp = flow.proto == IPPROTO_TCP;
  frame[0] = 0x45;
  put16(&frame[2], tcp ? 40 : 28);
  frame[8] = 64;
  frame[9] = flow.proto;
  put32(&frame[12], reply ? flow.server : flow.client);
  put32(&frame[16], reply ? flow.client : flow.server);
  put16(&frame[20], reply ? flow.sport : flow.cport);
  put16(&frame[22], reply ? flow.cport : flow.sport);
  if (!tcp) {
    put16(&frame[24], 8);
    return frame;
  }
  put32(&frame[24], seq);
  put32(&frame[28], ack);
  frame[32] = 0x50;
  frame[33] = flags;
  put16(&frame[34], 65535);
  return frame;
}

engine::RawPacket raw(const Frame& frame, uint64_t time) {
  const size_t size = frame[9] == IPPROTO_TCP ? 40 : 28;
  return {std::span(frame.data(), size), static_cast<uint32_t>(size), 0, time,
          packet::ChecksumState::kTrusted};
}

void feed(engine::Engine& engine, const std::vector<Frame>& frames, uint64_t time) {
  std::array<engine::RawPacket, kBatch> batch;
  for (size_t first = 0; first < frames.size(); first += kBatch) {
    const size_t count = std::min(kBatch, frames.size() - first);
    for (size_t i = 0; i < count; ++i) batch[i] = raw(frames[first + i], time);
    engine.process(std::span(batch.data(), count));
  }
}

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// CPU time: others use this machine's cores too.
double seconds_of(const auto& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

void establish(engine::Engine& engine, const std::vector<FlowKeys>& flows) {
  std::vector<Frame> frames;
  for (const FlowKeys& flow : flows) {
    frames.push_back(make_frame(flow, false, kSyn, 1000, 0));
    frames.push_back(make_frame(flow, true, kSyn | kAck, 5000, 1001));
    frames.push_back(make_frame(flow, false, kAck, 1001, 5001));
    frames.push_back(make_frame(flow, true, kAck, 5001, 1001));
  }
  feed(engine, frames, kStart);
}

std::vector<Frame> random_traffic(const std::vector<FlowKeys>& flows, size_t count,
                                  Random& random) {
  std::vector<Frame> frames;
  frames.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const FlowKeys& flow = flows[random.below(flows.size())];
    const bool reply = random.next() & 1;
    frames.push_back(make_frame(flow, reply, kAck, reply ? 5001 : 1001, reply ? 1001 : 5001));
  }
  return frames;
}

/// The floor: a table of 64-byte entries, probed by the same keys in the same order.
double floor_seconds(const std::vector<Frame>& frames, size_t flows, uint64_t seed) {
  struct alignas(64) Entry {
    uint64_t key, payload[7];
  };
  size_t size = 1;
  while (size < flows * 2) size *= 2;
  std::vector<Entry> table(size);
  const KeyedHash hash({seed, seed * 3 | 1, seed * 5 | 1, seed * 7 | 1});
  const auto key_of = [](const Frame& frame) {
    uint64_t a, b;
    std::memcpy(&a, &frame[12], 8);
    std::memcpy(&b, &frame[16], 8);
    return a ^ (b >> 32);
  };
  const auto slot_of = [&](uint64_t key) {
    return hash.finish(hash.mix(hash.start(), key, key)) & (size - 1);
  };
  uint64_t sum = 0;
  const double seconds = seconds_of([&] {
    std::array<uint64_t, kBatch> slots;
    for (size_t first = 0; first < frames.size(); first += kBatch) {
      const size_t count = std::min(kBatch, frames.size() - first);
      for (size_t i = 0; i < count; ++i) {
        slots[i] = slot_of(key_of(frames[first + i]));
        __builtin_prefetch(&table[slots[i]], 1);
      }
      for (size_t i = 0; i < count; ++i) sum += ++table[slots[i]].payload[0];
    }
  });
  if (sum == 0) std::puts("");  // the work must be seen to have a result
  return seconds;
}

void bench(uint32_t count, bool correlated) {
  Random random(count);
  std::vector<FlowKeys> flows;
  for (uint32_t i = 0; i < count; ++i) flows.push_back(make_flow(i, correlated, random));
  engine::Engine::Options options;
  options.settings.max_entries = 8'000'000;
  engine::Engine engine(options);
  establish(engine, flows);
  const size_t packets = 4'000'000;
  const std::vector<Frame> traffic = random_traffic(flows, packets, random);
  const double bare = floor_seconds(traffic, count, random.next());
  const double tracked = seconds_of([&] { feed(engine, traffic, kStart + 1'000'000); });
  const double each = tracked / static_cast<double>(packets) * 1e9;
  const double floor = bare / static_cast<double>(packets) * 1e9;
  const uint32_t alive = engine.tracker().count();
  std::printf(
      "%9u flows %-10s  %6.1f ns a packet  %6.2f M/s  floor %5.1f ns  ratio %4.2f  %5.1f bytes a "
      "flow%s\n",
      alive, correlated ? "correlated" : "scattered", each, 1e3 / each, floor, each / floor,
      static_cast<double>(engine.tracker().table().bytes_used()) / alive,
      engine.tracker().stats().invalid == 0 ? "" : "  (INVALID packets!)");
}

void bench_new(uint32_t count) {
  Random random(count + 1);
  std::vector<Frame> frames;
  for (uint32_t i = 0; i < count; ++i) {
    FlowKeys flow = make_flow(i, false, random);
    flow.proto = IPPROTO_UDP;
    flow.server = 0xc0000000 + i;
    frames.push_back(make_frame(flow, false, 0, 0, 0));
  }
  engine::Engine::Options options;
  options.settings.max_entries = 8'000'000;
  engine::Engine engine(options);
  const double seconds = seconds_of([&] { feed(engine, frames, kStart); });
  std::printf("%9u new flows  %6.1f ns each  %6.2f M/s\n", count, seconds / count * 1e9,
              count / seconds / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<uint32_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(static_cast<uint32_t>(std::atol(argv[i])));
  if (counts.empty()) counts = {10'000, 1'000'000};
  for (const uint32_t count : counts) {
    bench(count, false);
    bench(count, true);
  }
  bench_new(1'000'000);
}

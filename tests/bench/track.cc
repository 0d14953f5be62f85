// How fast the engine tracks, beside a floor measured in the same run.
//
// Workload: `flows` established flows, half TCP and half UDP, IPv4; packets of both directions in
// random flow order, already in memory, handed over in batches of 32. Correlated addresses
// (10.0.0.0 and up, ports in sequence) and scattered ones are both measured. New flows: UDP packets
// that each begin one, in an engine that is empty; what the system takes for the memory is measured
// by itself beforehand.
//
// The floor is what any tracker must at least do, on the same packets in the same order: read the
// 5-tuple out of the packet's bytes, hash it with the engine's keyed hash, find the flow's one
// 64-byte entry and count the packet there. Both directions share the entry, since the tuple is put
// in order first; the table is at most half full, on huge pages like the engine's, and each batch
// of 32 asks for its memory beforehand. It checks nothing of the packet and knows neither states,
// timers nor replies that differ (NAT). Every packet must find its flow, or the program ends.
//
// All times are CPU time of the one thread. The packets themselves are laid down one behind the
// other, so the processor reads them ahead, for the floor as for the engine.
//
//   track [flows ...]           10,000 and 1,000,000 when none are given
#include <sys/mman.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/keyed_hash.h"
#include "traffic.h"

namespace {

using namespace ctwin;
using namespace ctwin::bench;

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

/// The floor's table: open addressing over entries of one cache line.
class FloorTable {
 public:
  FloorTable(size_t flows, const KeyedHash::Key& key)
      : hash_(key),
        mask_(std::bit_ceil(flows * 2) - 1),
        entries_(static_cast<Entry*>(std::aligned_alloc(kHugePage, bytes()))) {
    if (!entries_) throw std::bad_alloc();
    (void)madvise(entries_.get(), bytes(), MADV_HUGEPAGE);
    std::memset(static_cast<void*>(entries_.get()), 0, bytes());
  }

  void insert(const Frame& frame) {
    const Probe probe = probe_of(frame);
    size_t at = probe.slot;
    while (entries_.get()[at].ports != 0) at = (at + 1) & mask_;
    entries_.get()[at] = {probe.addresses, probe.ports, 0, {}};
  }

  /// Counts the packets of a batch; the number of those that found their flow.
  size_t count(std::span<const Frame> batch) {
    std::array<Probe, kBatch> probes;
    for (size_t i = 0; i < batch.size(); ++i) {
      probes[i] = probe_of(batch[i]);
      __builtin_prefetch(&entries_.get()[probes[i].slot], 1);
    }
    size_t found = 0;
    for (size_t i = 0; i < batch.size(); ++i) found += count(probes[i]);
    return found;
  }

 private:
  struct alignas(64) Entry {
    uint64_t addresses, ports;  ///< ports and protocol; 0 in a free entry
    uint64_t packets, rest[5];
  };
  static_assert(sizeof(Entry) == 64);
  struct Probe {
    uint64_t addresses, ports;
    size_t slot;
  };
  struct Free {
    void operator()(Entry* entries) const { std::free(entries); }
  };
  static constexpr size_t kHugePage = size_t{2} << 20;

  size_t bytes() const { return std::max((mask_ + 1) * sizeof(Entry), kHugePage); }

  /// The 5-tuple, the lesser end in front.
  Probe probe_of(const Frame& frame) const {
    uint32_t source, target;
    uint16_t sport, dport;
    std::memcpy(&source, &frame[12], sizeof source);
    std::memcpy(&target, &frame[16], sizeof target);
    std::memcpy(&sport, &frame[20], sizeof sport);
    std::memcpy(&dport, &frame[22], sizeof dport);
    const uint64_t a = uint64_t{source} << 16 | sport, b = uint64_t{target} << 16 | dport;
    const uint64_t first = std::min(a, b), second = std::max(a, b);
    Probe probe;
    probe.addresses = (first >> 16) << 32 | second >> 16;
    probe.ports = (first & 0xffff) << 16 | (second & 0xffff) | uint64_t{frame[9]} << 32;
    const uint64_t mixed = hash_.mix(hash_.start(), probe.addresses, probe.ports);
    probe.slot = hash_.finish(mixed) & mask_;
    return probe;
  }

  bool count(const Probe& probe) {
    for (size_t at = probe.slot;; at = (at + 1) & mask_) {
      Entry& entry = entries_.get()[at];
      if (entry.addresses == probe.addresses && entry.ports == probe.ports)
        return ++entry.packets != 0;
      if (entry.ports == 0) return false;
    }
  }

  KeyedHash hash_;
  size_t mask_;
  std::unique_ptr<Entry, Free> entries_;
};

double floor_seconds(const std::vector<FlowKeys>& flows, const std::vector<Frame>& frames,
                     Random& random) {
  FloorTable table(flows.size(), {random.next(), random.next(), random.next() | 1, random.next()});
  for (const FlowKeys& flow : flows) table.insert(make_frame(flow, false, 0, 0, 0));
  size_t found = 0;
  const double seconds = seconds_of([&] {
    for (size_t first = 0; first < frames.size(); first += kBatch)
      found +=
          table.count(std::span(frames).subspan(first, std::min(kBatch, frames.size() - first)));
  });
  if (found == frames.size()) return seconds;
  std::fprintf(stderr, "the floor has lost %zu packets\n", frames.size() - found);
  std::exit(1);
}

void bench_flows(uint32_t count, bool correlated) {
  Random random(count);
  std::vector<FlowKeys> flows;
  for (uint32_t i = 0; i < count; ++i) flows.push_back(make_flow(i, correlated, random));
  engine::Engine::Options options;
  options.settings.max_entries = 8'000'000;
  engine::Engine engine(options);
  establish(engine, flows);
  const size_t packets = 4'000'000;
  const std::vector<Frame> traffic = random_traffic(flows, packets, random);
  const double bare = floor_seconds(flows, traffic, random);
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
  constexpr size_t kBytesPerFlow = 256;
  const double memory = seconds_of_memory(count * kBytesPerFlow);
  const double seconds = seconds_of([&] { feed(engine, frames, kStart); });
  std::printf("%9u new flows  %6.1f ns each  %6.2f M/s  (their memory alone: %.1f ns)\n", count,
              seconds / count * 1e9, count / seconds / 1e6, memory / count * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<uint32_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(static_cast<uint32_t>(std::atol(argv[i])));
  if (counts.empty()) counts = {10'000, 1'000'000};
  for (const uint32_t count : counts) {
    bench_flows(count, false);
    bench_flows(count, true);
  }
  bench_new(1'000'000);
}

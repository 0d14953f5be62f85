// The engine: packets in, the kernel's verdicts, events and table out.
//
// For every packet: parse → defragment → conntrack at PREROUTING → confirm at POSTROUTING → output.
// Without a setup file the engine only watches: every packet passes both hooks once and leaves as
// it came. Time is the packets' own; between packets it stands still.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "conntrack/tracker.h"
#include "packet/defrag.h"
#include "packet/packet.h"

namespace ctwin::engine {

/// A packet from outside, from its IP header on.
struct RawPacket {
  std::span<const uint8_t> bytes;  ///< as captured, perhaps cut
  uint32_t wire_length = 0;        ///< before the cut; 0 means all of `bytes`
  uint32_t device = 0;
  uint64_t time = 0;  ///< ns since the epoch
  packet::ChecksumState checksum = packet::ChecksumState::kUnknown;
};

/// Looks on while packets pass (--trace).
class Observer {
 public:
  virtual ~Observer() = default;
  /// A packet that reaches conntrack; `packet` is as reassembled.
  virtual void before(const packet::Packet& packet) = 0;
  virtual void after(const packet::Packet& packet, const conntrack::Tracked& tracked) = 0;
  /// A packet that never gets there: dropped by IP input, or a fragment that waits for others.
  virtual void passed_over(const packet::Packet& packet, packet::ParseResult why) = 0;
};

/// What became of the packets, beside conntrack's own counters.
struct EngineCounts {
  uint64_t packets = 0;
  uint64_t dropped_by_ip = 0;
  uint64_t fragments = 0;
  uint64_t not_tracked = 0;  ///< the capture holds too little of them
};

class Engine {
 public:
  struct Options {
    conntrack::Settings settings;
    uint32_t capacity = 1u << 25;  ///< entries there is address space for
    uint64_t seed = 1;
  };
  using Output = std::function<void(uint32_t device, std::span<const uint8_t> bytes)>;

  explicit Engine(const Options& options);

  /// The index of a device, made when it is new.
  uint32_t device(const std::string& name);
  const std::vector<std::string>& devices() const { return devices_; }

  void on_output(Output output) { output_ = std::move(output); }
  void observe(Observer* observer) { observer_ = observer; }

  /// One packet, or several in order; several are faster, their memory is waited for together.
  void process(const RawPacket& packet) { process(std::span(&packet, 1)); }
  void process(std::span<const RawPacket> packets);

  /// Lets time pass.
  void advance(uint64_t time) { tracker_.advance(time); }

  conntrack::Settings& settings() { return settings_; }
  conntrack::Tracker& tracker() { return tracker_; }
  const conntrack::Tracker& tracker() const { return tracker_; }
  const EngineCounts& counts() const { return counts_; }
  uint64_t now_ns() const { return tracker_.now_ns(); }

 private:
  void run_batch();
  void process_observed(const packet::Packet& packet);
  void process_odd(const packet::Packet& packet, packet::ParseResult why);
  void process_whole(const packet::Packet& packet, packet::ParseResult parsed);
  void settle(const packet::Packet& packet, const conntrack::Tracked& tracked);

  conntrack::Settings settings_;
  conntrack::Tracker tracker_;
  packet::Defragmenter defragmenter_;
  std::vector<std::string> devices_;
  std::vector<packet::Packet> batch_;
  Output output_;
  Observer* observer_ = nullptr;
  EngineCounts counts_;
};

}  // namespace ctwin::engine

// The engine: packets in, the kernel's verdicts, events and table out.
//
// Every packet is parsed and, if it is a fragment, put together. With a setup it then takes its way
// through the box (box.h). Without one the engine only watches: every packet passes conntrack at
// PREROUTING and is confirmed at POSTROUTING, and leaves as it came. Time is the packets' own;
// between packets it stands still.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conntrack/tracker.h"
#include "engine/box.h"
#include "nat/nat.h"
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
  std::span<const uint8_t> link_header;  ///< what stood in front, where that is known
  bool outbound = false;                 ///< the box itself sent it
  /// As Packet has it. There is a TCP header then, and `checksum` is kTrusted.
  uint16_t segment_size = 0;
};

class Tracer;

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
    std::optional<setup::Setup> setup;  ///< makes the engine a router; its settings are not used
  };

  explicit Engine(Options options);

  /// Puts another setup in the place of the router's, and its settings in the place of ours; flows
  /// go on. The devices of before have the same numbers in it.
  void replace_setup(setup::Setup setup);

  /// The index of a device, made when it is new.
  uint32_t device(const std::string& name);
  const std::string& device_name(uint32_t device) const { return interfaces().name(device); }
  /// Devices are below this, and begin at 1.
  uint32_t devices_end() const { return interfaces().end(); }

  void on_output(Output output);
  void observe(Observer* observer) { observer_ = observer; }
  /// Has a tracer look on, at the box if there is one.
  void observe(Tracer& tracer);

  /// One packet, or several in order; several are faster, their memory is waited for together.
  void process(const RawPacket& packet) { process(std::span(&packet, 1)); }
  void process(std::span<const RawPacket> packets);

  /// Lets time pass.
  void advance(uint64_t time) { tracker_.advance(time); }

  conntrack::Settings& settings() { return settings_; }
  /// Packets that wait for fragments.
  size_t incomplete() const { return defragmenter_.waiting(); }
  uint64_t seed() const { return seed_; }
  conntrack::Tracker& tracker() { return tracker_; }
  const conntrack::Tracker& tracker() const { return tracker_; }
  nat::Nat& nat() { return nat_; }
  /// The router, where there is a setup.
  Box* box() { return box_.get(); }
  const EngineCounts& counts() const { return counts_; }
  uint64_t now_ns() const { return tracker_.now_ns(); }

 private:
  void run_batch();
  void process_observed(const packet::Packet& packet);
  void process_odd(const packet::Packet& packet, packet::ParseResult why);
  void process_whole(const packet::Packet& packet, packet::ParseResult parsed);
  void settle(const packet::Packet& packet, const conntrack::Tracked& tracked);
  void process_routed(std::span<const RawPacket> packets);
  void arrive(const Arrival& arrival);
  void arrive_fragment(const Arrival& fragment);
  void run_arrivals();
  const router::Interfaces& interfaces() const { return box_ ? box_->interfaces() : interfaces_; }
  router::Interfaces& interfaces() { return box_ ? box_->interfaces() : interfaces_; }

  conntrack::Settings settings_;
  uint64_t seed_;
  conntrack::Tracker tracker_;
  nat::Nat nat_{tracker_};
  packet::Defragmenter defragmenter_;
  router::Interfaces interfaces_;  ///< where there is no box
  std::unique_ptr<Box> box_;
  std::vector<packet::Packet> batch_;
  std::vector<Arrival> arrivals_;
  Output output_;
  Observer* observer_ = nullptr;
  EngineCounts counts_;
};

}  // namespace ctwin::engine

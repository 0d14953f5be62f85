// --trace: what became of every packet, and why.
//
// The tracer looks on as packets pass conntrack. It compares the entry before and after each
// packet, and remembers for every flow which packet set each bound of TCP's window check, so that a
// packet that is refused can be explained by the one that caused it.
//
// A block of text a packet:
//   #NUMBER TIME DEVICE PACKET
//     tuple    the packet's own
//     entry    found, created, destroyed or none, and in which direction
//     ctinfo   NEW, ESTABLISHED, RELATED, … and REPLY
//     state    before -> after
//     timeout  seconds, and the rule that chose them
//     why      the kernel's words, the numbers behind them, the packet that set them
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace ctwin::engine {

class Tracer final : public Observer, public conntrack::NoteSink {
 public:
  struct Options {
    bool json = false;
    bool only_invalid = false;  ///< nothing of packets that conntrack accepts
  };
  using Sink = std::function<void(std::string_view text)>;

  Tracer(Engine& engine, const Options& options, Sink sink);

  void before(const packet::Packet& packet) override;
  void after(const packet::Packet& packet, const conntrack::Tracked& tracked) override;
  void passed_over(const packet::Packet& packet, packet::ParseResult why) override;
  void note(conntrack::TrackNote note) override { notes_.push_back(std::move(note)); }
  void timeout(conntrack::Tick ticks, const char* rule) override {
    timeout_ = ticks;
    rule_ = rule;
  }

 private:
  /// Numbers of the packets that last moved each of a peer's bounds; 0 while none has.
  struct Bounds {
    uint64_t end = 0, maxend = 0, maxwin = 0, maxack = 0;
  };
  struct History {
    std::array<Bounds, 2> peer;
    uint64_t made_by = 0;
  };
  /// What is said of one packet.
  struct Story {
    std::string entry, ctinfo, state, timeout;
    std::vector<std::string> why;
    bool refused = false;
  };

  Story tell(const packet::Packet& packet, const conntrack::Tracked& tracked);
  void remember(const packet::Packet& packet, const conntrack::Conn& now);
  std::string explain(const conntrack::TrackNote& note) const;
  std::string state_change(const conntrack::Conn* now) const;
  void print(const packet::Packet& packet, const Story& story);
  void print_text(const packet::Packet& packet, const Story& story);
  void print_json(const packet::Packet& packet, const Story& story);
  std::string device_name(uint32_t device) const;

  Engine& engine_;
  Options options_;
  Sink sink_;
  std::unordered_map<uint32_t, History> histories_;  // by entry id
  // Of the packet that is passing:
  bool had_entry_ = false;
  conntrack::Conn entry_before_;
  conntrack::Direction dir_ = conntrack::Direction::kOriginal;
  uint32_t invalid_before_ = 0, error_before_ = 0;
  std::vector<conntrack::TrackNote> notes_;
  conntrack::Tick timeout_ = -1;
  const char* rule_ = "";
  fmt::memory_buffer out_;
};

}  // namespace ctwin::engine

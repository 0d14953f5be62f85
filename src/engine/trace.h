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
// and where a setup makes the engine a router, in the order in which they happen:
//     hook     the hook that the packet reaches, its devices
//     rule     table, chain, number and target of a rule that matched, and where it was written;
//              or the policy of a chain
//     nat      the packet before and after, or why no rule was asked
//     route    what routing decided
//     fate     where its way ended
// A packet that the box makes in answer to another follows that one's block.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace ctwin::engine {

class Tracer final : public Observer, public PathObserver, public conntrack::NoteSink {
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

  void begins(const conntrack::Skb& skb, bool made_here) override;
  void reaches(const conntrack::Skb& skb, conntrack::Hook hook) override;
  void before_tracking(const conntrack::Skb& skb) override { before(skb.packet); }
  void after_tracking(const conntrack::Skb& skb) override;
  void says(const char* about, const std::string& sentence) override;
  void ends(const conntrack::Skb& skb, const char* fate) override;
  void passed(rules::TableId table, const rules::Chain& chain, uint32_t number,
              const rules::Rule* rule) override;

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
  struct Line {
    const char* name;
    std::string text;
  };
  /// What is said of one packet on its way.
  struct Block {
    packet::Packet packet;  ///< without its bytes, which may be rewritten
    std::string summary, tuple, device;
    Story story;
    std::vector<Line> before, behind;  ///< of conntrack's own lines
    bool tracked = false;
    std::string after;  ///< the blocks of what it caused
  };

  Story tell(const packet::Packet& packet, const conntrack::Tracked& tracked);
  void remember(const packet::Packet& packet, const conntrack::Conn& now);
  std::string explain(const conntrack::TrackNote& note) const;
  std::string state_change(const conntrack::Conn* now) const;
  Block block_of(const packet::Packet& packet) const;
  void show(const packet::Packet& packet, Story story);
  void render(const Block& block);
  void render_text(const Block& block);
  void render_json(const Block& block);
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
  std::vector<Block> blocks_;  ///< of packets on their way; the last one is the youngest
  uint8_t family_ = 0;         ///< of that
  fmt::memory_buffer out_;
};

}  // namespace ctwin::engine

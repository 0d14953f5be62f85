// The box: a packet's way through a Linux router.
//
//   in   PREROUTING  raw · conntrack · mangle · nat     → routing
//        INPUT       mangle · filter · security · nat · confirm            → the box itself
//        FORWARD     mangle · filter · security
//   out  OUTPUT      raw · conntrack · mangle · nat · (routing) · filter · security
//        POSTROUTING mangle · nat · confirm             → fragments, if need be → a device
//
// A Box has the setup – devices, addresses, routes, rules – and works on the engine's tracker. What
// it makes itself in answer to packets (ICMP errors, TCP resets) takes the way out, attached to the
// flow that it is about. Packets for the box end behind INPUT: there are no sockets here.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "conntrack/skb.h"
#include "conntrack/tracker.h"
#include "engine/error_limiter.h"
#include "nat/nat.h"
#include "router/input.h"
#include "router/router.h"
#include "rules/evaluate.h"
#include "setup/setup_file.h"

namespace ctwin::engine {

/// A packet as the engine hands it over: whole, or a fragment that nobody could put together.
struct Arrival {
  packet::Packet packet;
  packet::ParseResult parsed = packet::ParseResult::kOk;
  std::span<const uint8_t> link_header;
  bool outbound = false;  ///< sent by the box itself: enters at OUTPUT
  uint16_t largest_fragment = 0;
};

/// A packet that leaves.
struct Departure {
  uint32_t device = 0;
  uint64_t time = 0;               ///< ns since the epoch
  std::span<const uint8_t> bytes;  ///< what there is of it, from the IP header on
  uint32_t length = 0;             ///< on the wire
  /// Not 0: to be cut into TCP segments with so much payload. The checksum is the pseudo header's
  /// alone, and the transport header stands at `l4_offset`.
  uint16_t segment_size = 0;
  uint32_t l4_offset = 0;
};
using Output = std::function<void(const Departure& departure)>;

/// Looks on while packets take their way (--trace).
class PathObserver : public rules::RuleWatcher {
 public:
  /// A packet comes in, or one is made here in answer to the one before.
  virtual void begins(const conntrack::Skb& skb, bool made_here) = 0;
  virtual void reaches(const conntrack::Skb& skb, conntrack::Hook hook) = 0;
  /// Before and after conntrack looks at it.
  virtual void before_tracking(const conntrack::Skb& skb) = 0;
  virtual void after_tracking(const conntrack::Skb& skb) = 0;
  /// A sentence about NAT or routing: `about` is "nat", "route", …
  virtual void says(const char* about, const std::string& sentence) = 0;
  /// Where its way ended.
  virtual void ends(const conntrack::Skb& skb, const char* fate) = 0;
};

class Box final : public conntrack::NoteSink {
 public:
  Box(setup::Setup setup, const conntrack::Settings& settings, conntrack::Tracker& tracker,
      nat::Nat& nat);

  /// Puts another setup in the place of this one: routes, rules and their counters begin anew. The
  /// devices of before have the same numbers in it, and may be followed by others.
  void replace(setup::Setup setup);

  void on_output(Output output) { output_ = std::move(output); }
  void set_log(rules::LogSink* log);
  void observe(PathObserver* observer);
  /// Gets what conntrack says of packets, beside the log.
  void take_notes(conntrack::NoteSink* notes) { notes_ = notes; }

  /// Several in order; their memory is waited for together.
  void process(std::span<const Arrival> arrivals);

  router::Interfaces& interfaces() { return router_.interfaces(); }
  const router::Interfaces& interfaces() const { return router_.interfaces(); }
  const std::vector<setup::SetupText>& setup_texts() const { return setup_texts_; }
  rules::Firewall& firewall(uint8_t family) {
    return family == AF_INET ? *firewall_v4_ : *firewall_v6_;
  }
  ErrorLimiter& error_limiter() { return error_limiter_; }
  /// Does a rule look at the counters of flows? Loading it turns nf_conntrack_acct on.
  bool needs_counters() const {
    return firewall_v4_->uses_counters() || firewall_v6_->uses_counters();
  }
  const rules::Ruleset& rules(uint8_t family) const {
    return family == AF_INET ? firewall_v4_->rules() : firewall_v6_->rules();
  }

  // ---- NoteSink ----
  void note(conntrack::TrackNote note) override;
  void timeout(conntrack::Tick ticks, const char* rule) override;

 private:
  using Hook = conntrack::Hook;
  using Skb = conntrack::Skb;
  using Lookup = conntrack::Tracker::Lookup;

  void arrive(const Arrival& arrival, Lookup& lookup);
  void load(const Arrival& arrival, Skb& skb);
  void prerouting(Skb& skb, Lookup& lookup);
  bool pass_prerouting(Skb& skb, Lookup& lookup);
  const router::InputRules& input_rules(uint32_t device);
  void route_in(Skb& skb);
  void input(Skb& skb);
  void forward(Skb& skb, const router::InputRoute& found);
  /// `link`: the device whose link a link-local destination is on; 0 where that is not known.
  void output(Skb& skb, Lookup& lookup, uint32_t link = 0);
  void postrouting(Skb& skb, const router::Route& route);
  void emit(Skb& skb, const router::Route& route);
  void emit_fragments_v4(const Skb& skb, uint32_t mtu);
  void emit_fragments_v6(const Skb& skb, uint32_t mtu);
  void depart_uncut(const Skb& skb);
  void depart(const Skb& skb, std::span<const uint8_t> bytes, uint32_t length);
  void loop_back(Skb& skb);

  bool track(Skb& skb, Hook hook, Lookup& lookup);
  bool pass(rules::TableId table, Hook hook, Skb& skb);
  bool translate(Skb& skb, Hook hook);
  bool bind(Skb& skb, Hook hook);
  bool confirm(Skb& skb);

  void reject(Skb& cause, rules::RejectTarget::With with);
  void send_redirect(const Skb& cause, const router::Route& route);
  void send_redirect_v6(const Skb& cause, const router::Route& route);
  void send_error(const Skb& cause, uint8_t type, uint8_t code, uint32_t info);
  void send_made(std::vector<uint8_t>& bytes, const Skb& cause, uint32_t link = 0);
  void close_flow(const Skb& cause);
  void ends(const Skb& skb, const char* fate) {
    if (observer_) observer_->ends(skb, fate);
  }
  rules::Firewall& firewall(const Skb& skb) {
    return skb.is_ipv4() ? *firewall_v4_ : *firewall_v6_;
  }

  const conntrack::Settings& settings_;
  std::vector<setup::SetupText> setup_texts_;
  setup::BoxSettings box_settings_;
  std::vector<router::InputRules> input_rules_;  ///< by device
  router::Router router_;
  ErrorLimiter error_limiter_;
  conntrack::Tracker& tracker_;
  nat::Nat& nat_;
  std::optional<rules::Firewall> firewall_v4_, firewall_v6_;
  Output output_;
  rules::LogSink* log_ = nullptr;
  PathObserver* observer_ = nullptr;
  conntrack::NoteSink* notes_ = nullptr;
  const Skb* passing_ = nullptr;  ///< whom conntrack looks at
  Hook hook_ = Hook::kPrerouting;
  std::vector<uint8_t> buffer_;    ///< of the packet that came in
  std::vector<uint8_t> fragment_;  ///< of what leaves in pieces
};

}  // namespace ctwin::engine

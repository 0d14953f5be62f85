// Sequences drawn from a seed: many flows of all protocols woven into each other, each half
// behaving and half not, their packets damaged, cut into fragments and complained about.
//
// What a router decides, and not conntrack, is left out where no router is compared: packets that
// are too large or too old for it, addresses that it would not forward, options that it would act
// upon.
#pragma once

#include <memory>

#include "base/random.h"
#include "sequence.h"

namespace ctwin::test {

/// A draw of dice: `chance(3, 10)` holds in three of ten cases. One draw an expression whose parts
/// have no order, so that a seed means the same to every compiler.
class Dice : public Random {
 public:
  using Random::Random;
  bool chance(uint64_t hits, uint64_t of) { return below(of) < hits; }
  uint32_t number(uint32_t bound) { return static_cast<uint32_t>(below(bound)); }
  uint32_t any() { return static_cast<uint32_t>(next()); }
  /// One of `choices`.
  template <typename T, size_t kSize>
  const T& pick(const T (&choices)[kSize]) {
    return choices[below(kSize)];
  }
};

/// The ends of a flow, by the names of step.h.
struct FlowEnds {
  bool six = false;
  std::string left;
  std::string right;
  uint32_t left_port = 0;
  uint32_t right_port = 0;

  const std::string& host(Side side) const { return side == Side::kLeft ? left : right; }
};

/// "> KIND src[:port] dst[:port]"
std::string row_with_ports(Side from, const char* kind, const FlowEnds& ends);
std::string row_without_ports(Side from, const char* kind, const FlowEnds& ends);

/// One flow; asked again and again for its next packet.
class Talker {
 public:
  virtual ~Talker() = default;
  virtual std::string next(Dice& dice) = 0;
};

std::unique_ptr<Talker> make_tcp_talker(Dice& dice, const FlowEnds& ends);
std::unique_ptr<Talker> make_sctp_talker(Dice& dice, const FlowEnds& ends);
/// UDP, UDP-Lite, ICMP, ICMPv6, GRE and what has no tracker.
std::unique_ptr<Talker> make_plain_talker(Dice& dice, const FlowEnds& ends);

/// Sequence `index` of `seed`, with about `packets` packets.
Sequence generate(uint64_t seed, uint64_t index, size_t packets);

/// The same for a router with drawn rules (rules_generator.h): its hosts mostly answer to whom they
/// see, some packets are for the router itself, too old or too large.
Sequence generate_routed(uint64_t seed, uint64_t index, size_t packets);

}  // namespace ctwin::test

// Does a rule hold for a packet? Its header match and every other match, asked at a hook.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/evaluate.h"

namespace ctwin::rules {

/// A packet at a hook, as rules see it: read once for a whole table.
struct Passage {
  Passage(conntrack::Skb& skb_in, Hook hook_in, const Firewall::World& world_in,
          MatchStates& states_in);

  /// The first `size` bytes of transport; null when they are not there. A packet that is too short
  /// for them is dropped for it (hotdrop), one that the capture cut just does not match.
  const uint8_t* transport(uint32_t size);
  /// The packet's entry, or the template that it has in the meantime.
  conntrack::Conn* entry() {
    if (skb.ct.index != 0) return &world.tracker.table()[skb.ct.index];
    return skb.track_template.set ? skb.track_template.entry : nullptr;
  }
  /// How the packet stands to it: to a template like the first one of a flow.
  conntrack::CtInfo info() const {
    const bool lent = skb.ct.index == 0 && skb.track_template.set;
    return lent ? conntrack::CtInfo::kNew : skb.ct.info;
  }
  bool is_v4() const { return skb.is_ipv4(); }
  size_t address_size() const { return is_v4() ? 4 : 16; }
  const uint8_t* source() const { return skb.data + (is_v4() ? 12 : 8); }
  const uint8_t* destination() const { return skb.data + (is_v4() ? 16 : 24); }
  Address source_address() const;
  Address destination_address() const;

  conntrack::Skb& skb;
  const Hook hook;
  const Firewall::World& world;
  MatchStates& states;
  uint32_t in = 0, out = 0;            ///< devices as the hook shows them
  std::string_view in_name, out_name;  ///< empty where there is none

  bool has_header = false;  ///< the IP header was captured
  /// What a walk to the transport came to. IPv6 headers that lead nowhere drop the packet as soon
  /// as a rule asks for a protocol.
  enum class Walk : uint8_t { kFound, kNowhere, kCut };
  Walk walk = Walk::kFound;
  uint8_t proto = 0;
  uint32_t l4_offset = 0;
  uint16_t fragment_offset = 0;  ///< IPv4: in units of 8 bytes, IPv6: in bytes
  bool hot_drop = false;

 private:
  void find_transport();
  void walk_v6();
};

bool matches(const HeaderMatch& header, Passage& passage);
/// `state` is the match's number among what is remembered.
bool matches(const Match& match, uint32_t state, Passage& passage);

}  // namespace ctwin::rules

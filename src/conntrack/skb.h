// A packet on its way through the box, with what the kernel's sk_buff carries along.
//
// A Skb owns nothing: the engine owns the bytes, which it copied from the capture so that they may
// be rewritten. `packet.bytes` and `data` are the same place; whoever changes the length of the
// packet or moves its transport header sets `packet` right again.
#pragma once

#include <cstdint>
#include <span>

#include "conntrack/conn.h"
#include "ctwin/flow.h"
#include "packet/packet.h"

namespace ctwin::conntrack {

/// The five places where the kernel lets others look at a packet (enum nf_inet_hooks).
enum class Hook : uint8_t { kPrerouting, kInput, kForward, kOutput, kPostrouting };
constexpr size_t kHooks = 5;
const char* name_of(Hook hook);  ///< "PREROUTING"

/// How a packet was addressed at the link layer (linux/if_packet.h).
enum class PacketType : uint8_t { kHost, kBroadcast, kMulticast, kOtherHost, kOutgoing, kLoopback };

/// A packet's entry and how the packet stands to it.
struct Tracked {
  ConnIndex index = 0;  ///< 0: no entry
  CtInfo info = CtInfo::kInvalid;
  bool drop = false;         ///< the packet is dropped
  bool not_tracked = false;  ///< the capture holds too little of it to say anything
};

/// What a CT target in the raw table asks of conntrack (a template entry in the kernel).
struct TrackTemplate {
  bool set = false;
  bool has_zone = false;  ///< `zone` holds
  bool zone_from_mark = false;
  bool zone_orig = false;  ///< the zone holds for one direction only
  bool zone_reply = false;
  uint16_t zone = 0;
  bool has_event_mask = false;
  uint16_t event_mask = 0;  ///< EventBits that may be delivered
  InlineString<15> helper;
  /// The template itself, which rules see for the packet's entry until conntrack has looked at it.
  /// It is its rule's, not the packet's.
  Conn* entry = nullptr;
};

struct Skb {
  packet::Packet packet;    ///< views `data`
  uint8_t* data = nullptr;  ///< the same bytes, writable
  uint32_t capacity = 0;    ///< bytes there is room for at `data`

  Tracked ct;
  TrackTemplate track_template;
  bool unparsed = false;  ///< no transport header was found: no conntrack
  bool cut = false;       ///< because the capture ends before it
  bool looped = false;    ///< has its entry already: made here, in answer to a packet of that entry
  /// An ICMP error made here about an untracked packet, from which it has a state without an entry:
  /// CT targets take it for tracked, conntrack looks for its entry all the same.
  bool tracked_by_none = false;
  /// Made here, and the kernel would complete its transport checksum when it leaves: an error about
  /// it quotes the pseudo header's sum alone (CHECKSUM_PARTIAL).
  bool checksum_pending = false;

  uint32_t mark = 0;
  uint32_t in = 0;                ///< device index, 0 for none
  uint32_t out = 0;               ///< device index, 0 for none
  uint16_t largest_fragment = 0;  ///< of what it was put together from, IP header included
  PacketType type = PacketType::kHost;
  bool traced = false;                   ///< the TRACE target saw it
  std::span<const uint8_t> link_header;  ///< as captured; empty where there is none

  bool is_ipv4() const { return packet.family == AF_INET; }
};

/// The addresses in the packet's IP header, which must have been captured.
Address source_of(const Skb& skb);
Address destination_of(const Skb& skb);

}  // namespace ctwin::conntrack

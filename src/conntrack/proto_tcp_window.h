// TCP segments, and whether they lie in the window (proto_tcp_window.cc).
//
// All numbers are in host order; sequence numbers compare modulo 2^32.
#pragma once

#include <cstdint>
#include <span>

#include "conntrack/proto.h"
#include "conntrack/proto_states.h"

namespace ctwin::conntrack {

constexpr uint8_t kFinBit = 0x01, kSynBit = 0x02, kRstBit = 0x04, kAckBit = 0x10;

/// What a segment is to the transition tables, and the "index" of the kernel's messages.
enum class TcpKind : uint8_t { kSyn, kSynAck, kFin, kAck, kRst, kNone };

struct TcpSegment {
  uint32_t seq, ack;
  uint32_t end;     ///< seq + data + SYN + FIN: what comes next
  uint16_t window;  ///< as it stands in the header, not scaled
  uint8_t flags;
  TcpKind kind;
  bool has_options;  ///< the header is longer than 20 bytes
  bool options_cut;  ///< not all of them were captured
  std::span<const uint8_t> options;

  bool has(uint8_t flag) const { return flags & flag; }
};

inline bool before(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }
inline bool after(uint32_t a, uint32_t b) { return before(b, a); }

enum class WindowVerdict : uint8_t {
  kAccept,  ///< in the window: bounds are moved
  kIgnore,  ///< old or a little too much: passes, but means nothing
  kInvalid,
};

/// tcp_in_window: judges the segment and moves the bounds of both peers.
WindowVerdict check_window(const ProtoContext& context, Conn& ct, Direction dir,
                           const TcpSegment& segment);

/// Takes what a SYN offers, if it has options at all: window scale and SACK of `sender`.
void take_syn_options(const TcpSegment& segment, TcpPeer& sender, TcpPeer& receiver);

inline uint16_t at_least_1(uint16_t window) { return window == 0 ? uint16_t{1} : window; }

}  // namespace ctwin::conntrack

// A conntrack entry, and what identifies it.
//
// An entry is three cache lines: both tuples, what its protocol remembers, and the core. What few
// entries have (counters, timestamps, labels, a helper, a master) lies in an Extension beside it.
// Keys of tuples are kept in network order and compared as bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "ctwin/flow.h"

namespace ctwin::conntrack {

/// Engine time: jiffies of 4 ms since the epoch, as the kernel's HZ=250.
using Tick = int64_t;
constexpr uint64_t kTickNs = 4'000'000;
constexpr Tick kTicksPerSecond = 250;

enum class Direction : uint8_t { kOriginal = 0, kReply = 1 };
constexpr Direction opposite(Direction dir) {
  return dir == Direction::kOriginal ? Direction::kReply : Direction::kOriginal;
}
constexpr size_t index_of(Direction dir) { return static_cast<size_t>(dir); }

/// enum ip_conntrack_info of the kernel.
enum class CtInfo : uint8_t {
  kEstablished = 0,
  kRelated = 1,
  kNew = 2,
  kEstablishedReply = 3,
  kRelatedReply = 4,
  kUntracked = 7,
  kInvalid = 8,  ///< no entry: what the kernel shows as a packet without conntrack
};
constexpr Direction direction_of(CtInfo info) {
  return info >= CtInfo::kEstablishedReply ? Direction::kReply : Direction::kOriginal;
}

/// One direction of a flow as it is hashed and compared (struct nf_conntrack_tuple and the zone).
/// For IPv4 the last twelve bytes of an address are zero.
struct TupleKey {
  std::array<uint8_t, 16> src;
  std::array<uint8_t, 16> dst;
  uint16_t src_key;  ///< network order: port, ICMP id, GRE key; 0 for the generic tracker
  uint16_t dst_key;  ///< network order: port, GRE key; for ICMP the bytes type, code
  uint8_t family;    ///< AF_INET or AF_INET6
  uint8_t proto;
  uint16_t zone;  ///< id of the zone that holds for this direction

  /// Word by word and without a branch: every packet comes through here.
  friend bool operator==(const TupleKey& a, const TupleKey& b) {
    const uint64_t addresses =
        (word(&a.src[0]) ^ word(&b.src[0])) | (word(&a.src[8]) ^ word(&b.src[8])) |
        (word(&a.dst[0]) ^ word(&b.dst[0])) | (word(&a.dst[8]) ^ word(&b.dst[8]));
    return (addresses | (word(&a.src_key) ^ word(&b.src_key))) == 0;
  }

 private:
  static uint64_t word(const void* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
};
static_assert(sizeof(TupleKey) == 40);

struct TcpPeer {
  uint32_t td_end, td_maxend, td_maxwin, td_maxack;
  uint8_t td_scale;
  uint8_t flags;  ///< TcpFlag mask
};

enum TcpFlag : uint8_t {
  kTcpWindowScale = 0x01,
  kTcpSackPerm = 0x02,
  kTcpCloseInit = 0x04,
  kTcpBeLiberal = 0x08,
  kTcpDataUnacknowledged = 0x10,
  kTcpMaxackSet = 0x20,
  kTcpExpChallengeAck = 0x40,
  kTcpSimultaneousOpen = 0x80,
};

struct TcpTrack {
  std::array<TcpPeer, 2> seen;
  uint32_t last_seq, last_ack, last_end;
  uint16_t last_win;
  uint8_t state;
  uint8_t last_dir;
  uint8_t last_index;
  uint8_t retrans;
  uint8_t last_wscale;
  uint8_t last_flags;
};

struct SctpTrack {
  std::array<uint32_t, 2> vtag;  ///< network order, as in the packets
  uint8_t state;
  uint8_t last_dir;
  uint8_t flags;
  std::array<uint8_t, 2> init;
};

struct UdpTrack {
  Tick stream_ts;  ///< later packets make it a stream
};

struct GreTrack {
  uint32_t timeout, stream_timeout;  ///< ticks
};

union ProtoTrack {
  TcpTrack tcp;
  SctpTrack sctp;
  UdpTrack udp;
  GreTrack gre;
};

/// Index of an entry in the table; 0 is none.
using ConnIndex = uint32_t;

/// What was enabled when the entry was created, and holds for its life.
enum ConnFeature : uint8_t {
  kHasAccounting = 1 << 0,
  kHasTimestamps = 1 << 1,
  kHasEvents = 1 << 2,
  kHasLabels = 1 << 3,
  kBoundToDevice = 1 << 5,  ///< masqueraded: NAT knows the device that it leaves by
  kFromNetlink = 1 << 4,  ///< made by ctnetlink: has every extension, synproxy and seqadj included
};

/// Bits of Conn::events, by the kernel's enum ip_conntrack_events.
enum EventBit : uint16_t {
  kEventNew = 1 << 0,
  kEventRelated = 1 << 1,
  kEventDestroy = 1 << 2,
  kEventReply = 1 << 3,
  kEventAssured = 1 << 4,
  kEventProtoinfo = 1 << 5,
  kEventHelper = 1 << 6,
  kEventMark = 1 << 7,
  kEventSeqAdj = 1 << 8,
  kEventSecmark = 1 << 9,
  kEventLabel = 1 << 10,
  kEventSynproxy = 1 << 11,
};

struct alignas(64) Conn {
  std::array<TupleKey, 2> tuple;
  ProtoTrack track;
  uint32_t status;  ///< StatusBit mask
  uint32_t mark;
  Tick expiry;     ///< relative to confirmation until CONFIRMED is set, absolute then
  Tick timer_due;  ///< when the timer wheel looks at it: never later than `expiry`
  ConnIndex timer_next;
  ConnIndex timer_prev;
  uint32_t id;         ///< counts up with creation: a smaller id is an older entry
  uint32_t extension;  ///< index of its Extension, 0 for none
  uint16_t events;     ///< EventBits that wait for delivery
  uint8_t features;    ///< ConnFeature mask
  uint8_t in_use;      ///< the slot holds an entry

  bool has(uint32_t bits) const { return (status & bits) == bits; }
};
static_assert(sizeof(Conn) == 192);

/// What few entries have.
struct Extension {
  std::array<Counters, 2> counters{};
  uint64_t timestamp_start = 0;  ///< ns since the epoch
  uint64_t timestamp_stop = 0;
  Labels labels;
  std::array<SeqAdj, 2> seq_adj{};
  Synproxy synproxy;
  InlineString<15> helper;
  ConnIndex master = 0;  ///< 0: none; the entry there is the master while its id is master_id
  uint32_t master_id = 0;
  TupleKey master_tuple{};  ///< its original tuple, which outlives it
  uint32_t children = 0;    ///< entries whose master this is
  bool secctx = false;
  uint16_t event_mask = UINT16_MAX;  ///< EventBits that may be delivered (CT --ctevents)
};

}  // namespace ctwin::conntrack

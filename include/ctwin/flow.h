// A tracked flow as it crosses the seam: what a ctnetlink message says of one conntrack entry.
//
// A Flow is a set of fields of which any subset may be known: the kernel leaves attributes out
// (no counters without nf_conntrack_acct, no mark of zero in events) and requests carry only what
// they set. `fields` says what is known; reading a field that is not in `fields` is meaningless.
// Tuples know their own parts (Tuple::has_ports, Tuple::has_zone). Numbers are in host order.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ctwin/tuple.h"

namespace ctwin {

enum class FlowField : uint8_t {
  kOrig,
  kReply,
  kMaster,
  kStatus,
  kTimeout,
  kMark,
  kMarkMask,
  kUse,
  kId,
  kZone,
  kSecmark,
  kSecctx,
  kHelper,
  kLabels,
  kLabelsMask,
  kCountersOrig,
  kCountersReply,
  kTimestampStart,
  kTimestampStop,
  kTimestampEvent,
  kTcpState,
  kTcpWscale,
  kTcpFlags,
  kSctpState,
  kSctpVtags,
  kDccpState,
  kDccpRole,
  kDccpSequence,
  kNatSrc,
  kNatDst,
  kSeqAdjOrig,
  kSeqAdjReply,
  kSynproxy,
};

class FlowFields {
 public:
  bool has(FlowField field) const { return bits_ & bit(field); }
  void add(FlowField field) { bits_ |= bit(field); }
  void remove(FlowField field) { bits_ &= ~bit(field); }
  void clear() { bits_ = 0; }

 private:
  static uint64_t bit(FlowField field) { return uint64_t{1} << static_cast<unsigned>(field); }
  uint64_t bits_ = 0;
};

/// Status bits of an entry (enum ip_conntrack_status of the kernel).
enum StatusBit : uint32_t {
  kExpected = 1u << 0,
  kSeenReply = 1u << 1,
  kAssured = 1u << 2,
  kConfirmed = 1u << 3,
  kSrcNat = 1u << 4,
  kDstNat = 1u << 5,
  kSeqAdjust = 1u << 6,
  kSrcNatDone = 1u << 7,
  kDstNatDone = 1u << 8,
  kDying = 1u << 9,
  kFixedTimeout = 1u << 10,
  kTemplate = 1u << 11,
  kUntracked = 1u << 12,
  kHelperBit = 1u << 13,
  kOffload = 1u << 14,
  kHwOffload = 1u << 15,
};

/// A short string held in place: nothing on the path of a listing allocates.
template <size_t kCapacity>
class InlineString {
 public:
  InlineString() = default;
  InlineString(std::string_view text) { assign(text); }

  /// Keeps the first kCapacity bytes of `text`.
  void assign(std::string_view text) {
    size_ = static_cast<uint8_t>(text.size() < kCapacity ? text.size() : kCapacity);
    for (size_t i = 0; i < size_; ++i) bytes_[i] = text[i];
  }
  std::string_view view() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  static_assert(kCapacity < 256);
  std::array<char, kCapacity> bytes_;
  uint8_t size_ = 0;
};

/// The 128 connlabel bits; bit n is bit n%32 of word n/32, words in host order as the kernel
/// keeps them (the attribute is copied byte for byte).
struct Labels {
  static constexpr unsigned kBits = 128;
  std::array<uint32_t, kBits / 32> words{};

  bool test(unsigned bit) const { return words[bit / 32] >> (bit % 32) & 1; }
  void set(unsigned bit) { words[bit / 32] |= 1u << (bit % 32); }
  bool any() const { return (words[0] | words[1] | words[2] | words[3]) != 0; }
  bool contains(const Labels& other) const {
    for (size_t i = 0; i < words.size(); ++i)
      if ((words[i] & other.words[i]) != other.words[i]) return false;
    return true;
  }
  friend bool operator==(const Labels&, const Labels&) = default;
};

struct Counters {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

struct FlagsWithMask {
  uint8_t flags = 0;
  uint8_t mask = 0;
};

/// A NAT request: map to `min_addr`, and to `min_port` when `has_port`.
struct NatRange {
  Address min_addr;
  Address max_addr;
  uint16_t min_port = 0;
  uint16_t max_port = 0;
  bool has_port = false;
};

/// Sequence adjustment of one direction (struct nf_ct_seqadj).
struct SeqAdj {
  uint32_t correction_pos = 0;
  int32_t offset_before = 0;
  int32_t offset_after = 0;
};

struct Synproxy {
  uint32_t isn = 0;
  uint32_t its = 0;
  uint32_t tsoff = 0;
};

struct Flow {
  FlowFields fields;

  Tuple orig;
  Tuple reply;
  Tuple master;

  uint32_t status = 0;   ///< StatusBit mask
  uint32_t timeout = 0;  ///< seconds left
  uint32_t mark = 0;
  uint32_t mark_mask = 0;  ///< requests only: which bits of the mark to replace
  uint32_t use = 0;
  uint32_t id = 0;
  uint32_t secmark = 0;
  uint16_t zone = 0;

  uint8_t tcp_state = 0;  ///< TCP_CONNTRACK_*
  std::array<uint8_t, 2> tcp_wscale{};
  std::array<FlagsWithMask, 2> tcp_flags{};
  uint8_t sctp_state = 0;
  uint8_t dccp_state = 0;
  uint8_t dccp_role = 0;
  std::array<uint32_t, 2> sctp_vtag{};
  uint64_t dccp_sequence = 0;

  Counters counters_orig;
  Counters counters_reply;
  uint64_t timestamp_start = 0;  ///< ns since the epoch
  uint64_t timestamp_stop = 0;
  uint64_t timestamp_event = 0;

  InlineString<31> helper;
  InlineString<255> secctx;
  Labels labels;
  Labels labels_mask;

  NatRange nat_src;
  NatRange nat_dst;
  std::array<SeqAdj, 2> seq_adj{};
  Synproxy synproxy;

  bool has(FlowField field) const { return fields.has(field); }

  void set_status(uint32_t value) { status = value, fields.add(FlowField::kStatus); }
  void set_timeout(uint32_t seconds) { timeout = seconds, fields.add(FlowField::kTimeout); }
  void set_mark(uint32_t value) { mark = value, fields.add(FlowField::kMark); }
  void set_zone(uint16_t value) { zone = value, fields.add(FlowField::kZone); }
  void set_id(uint32_t value) { id = value, fields.add(FlowField::kId); }
};

/// What an event did to an entry.
enum class EventKind : uint8_t { kNone, kNew, kUpdate, kDestroy };

}  // namespace ctwin

// Fragments into packets: what ip_defrag and nf_ct_frag6_gather do at priority -400.
//
// A Defragmenter gets every fragment that the parser finds and answers with the whole packet when
// its last missing piece comes. The whole packet's bytes belong to the Defragmenter and are good
// until the next call. Time is the packets' own; the Defragmenter reads no clock.
//
// A fragment that the capture cut keeps its place and its length: the whole packet then has
// `captured` up to the first byte that is missing, and its checksum is kUncheckable.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "packet/packet.h"

namespace ctwin::packet {

/// The kernel's sysctls. Times in ns; memory in bytes as the kernel counts it, each fragment with
/// the buffer that holds it (truesize). Above the limit all fragments are dropped; 0 drops all.
struct DefragLimits {
  uint64_t ipv4_timeout = 30'000'000'000;  ///< ipfrag_time
  uint64_t ipv6_timeout = 60'000'000'000;  ///< nf_conntrack_frag6_timeout
  uint32_t ipv4_memory = 4194304;          ///< ipfrag_high_thresh
  uint32_t ipv6_memory = 4194304;          ///< nf_conntrack_frag6_high_thresh
  uint32_t ipv4_max_distance = 64;         ///< ipfrag_max_dist; 0 means no limit
};

enum class DefragOutcome : uint8_t {
  kWhole,      ///< the packet is complete: go on with it
  kPassed,     ///< the kernel lets this fragment through as it is: go on with it
  kWaiting,    ///< kept, until the others come
  kDuplicate,  ///< dropped alone: these bytes are here already
  kOverlap,    ///< dropped, with the fragments it belongs to: some of these bytes are here already
  kMalformed,  ///< dropped: its lengths cannot be, or do not agree with those before it
  kTooLong,    ///< dropped: the whole packet would be longer than 65,535 bytes
  kBadEcn,     ///< dropped, with all others: their ECN bits cannot come from one packet (RFC 3168)
  kNoMemory,   ///< dropped: fragments that wait hold all the memory there may be
};

struct DefragResult {
  DefragOutcome outcome;
  ParseResult parsed = ParseResult::kFragment;  ///< of `packet`, when it goes on
  Packet packet;                                ///< when it goes on
  uint16_t largest_fragment = 0;  ///< with its IP header; the size to cut the packet to again

  bool goes_on() const {
    return outcome == DefragOutcome::kWhole || outcome == DefragOutcome::kPassed;
  }
};

class Defragmenter {
 public:
  Defragmenter() = default;
  explicit Defragmenter(const DefragLimits& limits) : limits_(limits) {}
  Defragmenter(const Defragmenter&) = delete;
  Defragmenter& operator=(const Defragmenter&) = delete;

  /// Holds for fragments that come from now on.
  void set_limits(const DefragLimits& limits) { limits_ = limits; }

  /// Takes a packet that parse_packet called kFragment. Packets of different `user`s – hook and
  /// zone – are never put together. Drops what is overdue at `fragment.time` before.
  DefragResult add(const Packet& fragment, uint32_t user = 0);

  /// Forgets packets whose first-come fragment has waited too long at `now`.
  void expire(uint64_t now);

  /// Packets that wait for fragments.
  size_t waiting() const { return queues_.size(); }
  /// Bytes that the kernel would account for them.
  uint64_t memory(uint8_t family) const { return family == AF_INET ? memory_v4_ : memory_v6_; }

 private:
  struct Key {
    std::array<uint8_t, 32> addresses;
    uint32_t id, user, device;
    uint8_t family, proto;
    auto operator<=>(const Key&) const = default;
  };
  using Deadlines = std::multimap<uint64_t, Key>;

  /// Bytes of the payload, [begin, end), as one fragment or several that came in order.
  struct Range {
    uint32_t begin, end;
  };
  struct Piece {
    uint32_t begin, end;
    std::vector<uint8_t> bytes;  ///< as many as were captured
  };
  struct Queue {
    std::vector<uint8_t> header;  ///< of the first fragment, without IPv6's fragment header
    uint32_t next_header_at = 0;  ///< IPv6: what announced the fragment header
    uint8_t next_header = 0;      ///< IPv6: what takes its place
    std::vector<Piece> pieces;
    std::vector<Range> runs;  ///< by position
    uint32_t length = 0;      ///< of the payload, as far as it is known
    uint32_t received = 0;
    bool has_first = false, has_last = false;
    bool trusted = true;  ///< so are the checksums of all
    uint8_t ecn = 0;      ///< a bit for each of the four codepoints that was seen
    uint32_t largest = 0, largest_df = 0;
    uint64_t memory = 0;
    uint32_t source_count = 0;  ///< the source's count when its last fragment came
    Deadlines::iterator deadline;
  };
  using Queues = std::map<Key, Queue>;

  /// Where a fragment belongs.
  struct Place {
    uint32_t begin, end;
    bool last;
    uint32_t payload_at;  ///< in the fragment's packet
  };
  /// Of all fragments from one address, while a packet of its waits.
  struct Source {
    uint32_t fragments = 0;
    uint32_t queues = 0;
  };

  DefragResult add_ipv4(const Packet& fragment, uint32_t user);
  DefragResult add_ipv6(const Packet& fragment, uint32_t user);
  Queues::iterator find_or_make(const Key& key, uint64_t now);
  void forget(Queues::iterator entry);
  void restart_if_too_far(Queues::iterator entry, uint64_t now);
  void keep(Queues::iterator entry, const Packet& fragment, const Place& place);
  DefragResult complete(Queues::iterator entry, const Packet& last);
  uint32_t join(const Queue& queue);
  uint64_t& memory_of(uint8_t family) { return family == AF_INET ? memory_v4_ : memory_v6_; }
  bool memory_is_full(uint8_t family) const;

  static DefragOutcome agree_on_length(Queue& queue, const Place& place);
  static DefragOutcome insert(Queue& queue, uint32_t begin, uint32_t end);

  DefragLimits limits_;
  Queues queues_;
  Deadlines deadlines_;
  std::map<std::array<uint8_t, 4>, Source> sources_;
  uint64_t memory_v4_ = 0;
  uint64_t memory_v6_ = 0;
  std::vector<uint8_t> whole_;
};

}  // namespace ctwin::packet

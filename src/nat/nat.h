// Network address translation: which tuple a flow is given, and the packets rewritten to it.
//
// Overview. A flow is translated by a change of its reply tuple, made once for each side (`set_up`,
// nf_nat_setup_info): what the answers will look like says what the packets must become. From then
// on `translate` rewrites every packet of the flow, in both directions, without asking any rule. A
// flow that no rule translates gets a null binding: the address that it has, and a port that
// nobody else's answers need.
//
// Mappings of sources are remembered by what they were made for, so that a client's port keeps its
// mapping towards other destinations (the by-source list).
#pragma once

#include <cstdint>

#include "base/reserved_array.h"
#include "conntrack/skb.h"
#include "conntrack/tracker.h"
#include "nat/range.h"
#include "nat/unique_tuple.h"

namespace ctwin::nat {

/// The side that is rewritten at a hook (HOOK2MANIP).
constexpr Manip manip_at(conntrack::Hook hook) {
  return hook == conntrack::Hook::kPostrouting || hook == conntrack::Hook::kInput
             ? Manip::kSource
             : Manip::kDestination;
}

class Nat final : public conntrack::EntryWatcher, public SourceIndex {
 public:
  explicit Nat(conntrack::Tracker& tracker);
  ~Nat() override;
  Nat(const Nat&) = delete;
  Nat& operator=(const Nat&) = delete;

  /// Maps one side of an entry that is not confirmed yet (nf_nat_setup_info); does nothing to one
  /// that is. False: the packet is to be dropped.
  bool set_up(conntrack::ConnIndex index, const Range& range, Manip manip);
  /// The same without a wish (nf_nat_alloc_null_binding).
  bool set_up_null(conntrack::ConnIndex index, Manip manip);
  static bool is_done(const conntrack::Conn& ct, Manip manip) {
    return ct.has(manip == Manip::kSource ? kSrcNatDone : kDstNatDone);
  }

  /// MASQUERADE: the flow is bound to the device that it leaves by.
  void bind_to_device(conntrack::ConnIndex index, uint32_t device);
  uint32_t device_of(conntrack::ConnIndex index) const {
    return index < links_end_ ? links_[index].device : 0;
  }
  /// An entry came back from a state that was kept, behind all that are older.
  void restore(conntrack::ConnIndex index, uint32_t device);
  /// Does the packet leave by another device than the one its flow is bound to
  /// (nf_nat_oif_changed)? Then the flow ends.
  bool left_its_device(const conntrack::Skb& skb) const;
  /// Ends the flow of such a packet, which it still counts.
  void end_flow(const conntrack::Skb& skb);

  /// Asks for the memory that binding a flow with this original tuple will touch, if its source is
  /// mapped as the last one was.
  void await_source(const conntrack::TupleKey& tuple) const;

  /// Rewrites the packet as its entry says at this hook (nf_nat_packet, and
  /// nf_nat_icmp_reply_translation for errors). False: the packet is to be dropped.
  bool translate(conntrack::Skb& skb, conntrack::Hook hook);

  // ---- EntryWatcher ----
  void forget(conntrack::ConnIndex index) override;

  // ---- SourceIndex ----
  bool find(const conntrack::TupleKey& tuple, const Range& range,
            conntrack::TupleKey& mapped) const override;

 private:
  bool map(conntrack::ConnIndex index, const Range& range, Manip manip);

  /// Of an entry: its neighbours among those whose sources fall into the same bucket, and its
  /// device. The tag tells most of them apart without a look at the entry.
  struct Link {
    conntrack::ConnIndex next, previous;
    uint32_t device;
    uint32_t tag;  ///< of its source, which says the bucket, too; odd, or 0: in no list
  };
  /// Most lists have one entry: whoever looks for another source need not look at its link.
  struct Head {
    static constexpr uint32_t kOthersBehind = 1;  ///< a bit of `tag`

    conntrack::ConnIndex first;  ///< the youngest
    uint32_t tag;                ///< its
  };

  size_t bucket_of(uint32_t tag) const { return (tag >> 1) & (heads_.size() - 1); }
  static uint32_t tag_of(const conntrack::TupleKey& tuple);
  Link& link_of(conntrack::ConnIndex index);
  void remember_source(conntrack::ConnIndex index);
  Head head_for(conntrack::ConnIndex first) const;
  void push_front(conntrack::ConnIndex index, uint32_t tag);
  void grow();
  bool translate_error(conntrack::Skb& skb, conntrack::Hook hook);

  conntrack::Tracker& tracker_;
  ReservedArray<Link> links_;  ///< by entry; reserved when the first one is mapped
  size_t links_end_ = 0;       ///< links of entries behind it were never written
  ReservedArray<Head> heads_;
  size_t sources_ = 0;
  Range last_range_;  ///< that a source was mapped to
};

}  // namespace ctwin::nat

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
#include <vector>

#include "conntrack/skb.h"
#include "conntrack/tracker.h"
#include "nat/range.h"

namespace ctwin::nat {

/// The side that is rewritten at a hook (HOOK2MANIP).
constexpr Manip manip_at(conntrack::Hook hook) {
  return hook == conntrack::Hook::kPostrouting || hook == conntrack::Hook::kInput
             ? Manip::kSource
             : Manip::kDestination;
}

class Nat final : public conntrack::EntryWatcher {
 public:
  explicit Nat(conntrack::Tracker& tracker);

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
  /// The device that a flow is bound to, 0 for none.
  uint32_t device_of(conntrack::ConnIndex index) const;

  /// Rewrites the packet as its entry says at this hook (nf_nat_packet, and
  /// nf_nat_icmp_reply_translation for errors). False: the packet is to be dropped.
  bool translate(conntrack::Skb& skb, conntrack::Hook hook);

  /// An entry is gone.
  void forget(conntrack::ConnIndex index) override;

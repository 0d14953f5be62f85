// What to select from a table: every condition that is set must hold.
//
// A Filter says what the user meant, whoever evaluates it. Part of it travels with a dump request
// (ctnetlink/filter_codec.h) or sits on the socket that events come in by
// (ctnetlink/event_filter.h); all of it is checked again on every answer and event
// (ctnetlink/match.h), so a kernel that ignores a condition gives the same result as one that
// honours it.
#pragma once

#include <cstdint>
#include <optional>

#include "ctwin/flow.h"

namespace ctwin {

/// Conditions on one direction of a flow. A mask of AF_UNSPEC compares the whole address.
struct TupleFilter {
  Address src, src_mask;
  Address dst, dst_mask;
  std::optional<uint8_t> proto;
  std::optional<uint16_t> sport, dport;  ///< ports, or GRE keys
  std::optional<uint8_t> icmp_type, icmp_code;
  std::optional<uint16_t> icmp_id;
  std::optional<uint16_t> zone;  ///< zone of this direction only
};

/// "Translated", and when they are set: to this address, to this port.
struct NatFilter {
  Address address;
  std::optional<uint16_t> port;
};

struct MarkFilter {
  uint32_t value = 0;
  uint32_t mask = UINT32_MAX;
};

struct Filter {
  uint8_t family = AF_UNSPEC;
  TupleFilter orig;
  TupleFilter reply;

  std::optional<MarkFilter> mark;  ///< (mark & mask) == value; an absent mark is 0
  uint32_t status_set = 0;         ///< StatusBits that must be set
  uint32_t status_clear = 0;       ///< StatusBits that must not be
  std::optional<uint16_t> zone;    ///< an absent zone is 0
  std::optional<uint32_t> id;
  std::optional<uint32_t> secmark;
  std::optional<uint32_t> timeout;
  Labels labels;  ///< all of these must be set

  std::optional<uint8_t> tcp_state, sctp_state, dccp_state, dccp_role;
  std::optional<uint32_t> vtag_orig, vtag_reply;

  std::optional<NatFilter> src_nat, dst_nat;
  std::optional<NatFilter> any_nat;  ///< source or destination
};

}  // namespace ctwin

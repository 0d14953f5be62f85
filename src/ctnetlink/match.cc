#include "ctnetlink/match.h"

namespace ctwin::ctnetlink {

namespace {

bool address_matches(const Address& wanted, const Address& mask, const Address& seen) {
  if (!wanted.is_set()) return true;
  return mask.is_set() ? wanted.equals_under(seen, mask) : wanted == seen;
}

template <typename T>
bool value_matches(const std::optional<T>& wanted, bool known, T seen) {
  return !wanted || (known && *wanted == seen);
}

bool tuple_matches(const TupleFilter& filter, const Tuple& tuple) {
  const bool icmp = is_icmp(tuple.proto);
  return address_matches(filter.src, filter.src_mask, tuple.src) &&
         address_matches(filter.dst, filter.dst_mask, tuple.dst) &&
         value_matches(filter.proto, tuple.has_proto, tuple.proto) &&
         value_matches(filter.sport, !icmp, tuple.sport) &&
         value_matches(filter.dport, !icmp, tuple.dport) &&
         value_matches(filter.icmp_type, icmp, tuple.icmp_type) &&
         value_matches(filter.icmp_code, icmp, tuple.icmp_code) &&
         value_matches(filter.icmp_id, icmp, tuple.icmp_id) &&
         value_matches(filter.zone, true, tuple.has_zone ? tuple.zone : uint16_t{0});
}

/// One side of the NAT question: `original` is what the flow began with, `translated` what the
/// other direction answers to.
struct NatSide {
  uint32_t done_bit;
  const Address& original;
  const Address& translated;
  uint16_t original_port;
  uint16_t translated_port;
};

NatSide source_side(const Flow& flow) {
  return {kSrcNatDone, flow.orig.src, flow.reply.dst, flow.orig.sport, flow.reply.dport};
}

NatSide destination_side(const Flow& flow) {
  return {kDstNatDone, flow.orig.dst, flow.reply.src, flow.orig.dport, flow.reply.sport};
}

bool nat_possible(const Flow& flow, const NatSide& side) {
  return !flow.has(FlowField::kStatus) || (flow.status & side.done_bit) != 0;
}

bool address_translated(const Flow& flow, const NatSide& side) {
  return nat_possible(flow, side) && side.original != side.translated;
}

/// ICMP has an id, not ports, and its reply differs in type; GRE's keys are not translated either.
bool port_translated(const Flow& flow, const NatSide& side) {
  return nat_possible(flow, side) && transport_kind(flow.orig.proto) == TransportKind::kPorts &&
         side.original_port != side.translated_port;
}

bool translated(const Flow& flow, const NatSide& side) {
  return address_translated(flow, side) || port_translated(flow, side);
}

bool nat_matches(const NatFilter& filter, const Flow& flow, const NatSide& side) {
  if (!translated(flow, side)) return false;
  if (filter.address.is_set() &&
      (!address_translated(flow, side) || side.translated != filter.address))
    return false;
  return !filter.port || (port_translated(flow, side) && side.translated_port == *filter.port);
}

bool all_nat_matches(const Filter& filter, const Flow& flow) {
  if (filter.src_nat && !nat_matches(*filter.src_nat, flow, source_side(flow))) return false;
  if (filter.dst_nat && !nat_matches(*filter.dst_nat, flow, destination_side(flow))) return false;
  return !filter.any_nat || nat_matches(*filter.any_nat, flow, source_side(flow)) ||
         nat_matches(*filter.any_nat, flow, destination_side(flow));
}

bool protocol_state_matches(const Filter& filter, const Flow& flow) {
  const bool vtags = flow.has(FlowField::kSctpVtags);
  return value_matches(filter.tcp_state, flow.has(FlowField::kTcpState), flow.tcp_state) &&
         value_matches(filter.sctp_state, flow.has(FlowField::kSctpState), flow.sctp_state) &&
         value_matches(filter.dccp_state, flow.has(FlowField::kDccpState), flow.dccp_state) &&
         value_matches(filter.dccp_role, flow.has(FlowField::kDccpRole), flow.dccp_role) &&
         value_matches(filter.vtag_orig, vtags, flow.sctp_vtag[0]) &&
         value_matches(filter.vtag_reply, vtags, flow.sctp_vtag[1]);
}

bool labels_match(const Filter& filter, const Flow& flow) {
  if (!filter.labels.any()) return true;
  return flow.has(FlowField::kLabels) && flow.labels.contains(filter.labels);
}

}  // namespace

bool is_source_nat(const Flow& flow) { return translated(flow, source_side(flow)); }
bool is_destination_nat(const Flow& flow) { return translated(flow, destination_side(flow)); }

bool matches(const Filter& filter, const Flow& flow) {
  if (filter.family != AF_UNSPEC && filter.family != flow.orig.family()) return false;
  if (!tuple_matches(filter.orig, flow.orig) || !tuple_matches(filter.reply, flow.reply))
    return false;
  const uint32_t mark = flow.has(FlowField::kMark) ? flow.mark : 0;
  if (filter.mark && (mark & filter.mark->mask) != filter.mark->value) return false;
  const uint32_t status = flow.has(FlowField::kStatus) ? flow.status : 0;
  if ((status & filter.status_set) != filter.status_set || (status & filter.status_clear) != 0)
    return false;
  const uint16_t zone = flow.has(FlowField::kZone) ? flow.zone : uint16_t{0};
  return value_matches(filter.zone, true, zone) &&
         value_matches(filter.id, flow.has(FlowField::kId), flow.id) &&
         value_matches(filter.secmark, flow.has(FlowField::kSecmark), flow.secmark) &&
         value_matches(filter.timeout, flow.has(FlowField::kTimeout), flow.timeout) &&
         labels_match(filter, flow) && protocol_state_matches(filter, flow) &&
         all_nat_matches(filter, flow);
}

}  // namespace ctwin::ctnetlink

#include "cli/build.h"

#include <netinet/in.h>

#include "base/tuple.h"

namespace ctwin::cli {

namespace {

constexpr uint8_t kTcpTimeWait = 7;  // TCP_CONNTRACK_TIME_WAIT
// IP_CT_TCP_FLAG_* of the kernel.
constexpr uint8_t kTcpSackPerm = 0x02;
constexpr uint8_t kTcpCloseInit = 0x04;
constexpr uint8_t kTcpBeLiberal = 0x08;

constexpr uint32_t kNamedStatus =
    kExpected | kSeenReply | kAssured | kFixedTimeout | kOffload | kHwOffload;

bool sets_values(Command command) { return command == Command::kUpdate; }

void set_ports(const std::optional<uint16_t>& sport, const std::optional<uint16_t>& dport,
               Tuple& tuple) {
  tuple.sport = sport.value_or(0);
  tuple.dport = dport.value_or(0);
  tuple.has_ports = sport || dport;
}

Tuple original_tuple(const Arguments& arguments) {
  const ProtocolValues& values = arguments.protocol;
  Tuple tuple;
  tuple.src = arguments.src;
  tuple.dst = arguments.dst;
  tuple.proto = arguments.proto.value_or(0);
  tuple.has_proto = arguments.proto.has_value();
  set_ports(values.sport, values.dport, tuple);
  if (is_icmp(tuple.proto)) {
    tuple.icmp_type = values.icmp_type.value_or(0);
    tuple.icmp_code = values.icmp_code.value_or(0);
    tuple.icmp_id = values.icmp_id.value_or(0);
    tuple.has_ports = true;
  }
  return tuple;
}

Tuple reply_tuple(const Arguments& arguments) {
  const ProtocolValues& values = arguments.protocol;
  Tuple tuple;
  tuple.src = arguments.reply_src;
  tuple.dst = arguments.reply_dst;
  tuple.proto = arguments.proto.value_or(0);
  tuple.has_proto = arguments.proto.has_value();
  set_ports(values.reply_sport, values.reply_dport, tuple);
  return tuple;
}

/// An address that was left out of a direction of which the other was given is 0.0.0.0 or ::.
void fill_addresses(uint8_t family, Tuple& tuple) {
  for (Address* address : {&tuple.src, &tuple.dst})
    if (!address->is_set()) address->family = family;
}

void complete_tuples(const Arguments& arguments, Flow& flow) {
  const OptionSet& given = arguments.given;
  const bool orig = given.has(Option::kSrc) || given.has(Option::kDst);
  const bool reply = given.has(Option::kReplySrc) || given.has(Option::kReplyDst);
  if (orig && !reply) invert_addresses(flow.orig, flow.reply);
  if (reply && !orig) invert_addresses(flow.reply, flow.orig);
  fill_addresses(arguments.family, flow.orig);
  fill_addresses(arguments.family, flow.reply);
  if (!flow.reply.has_ports)
    invert_ports(flow.orig, flow.reply);
  else if (!flow.orig.has_ports)
    invert_ports(flow.reply, flow.orig);
  // ICMP goes by the family: ICMPv6 over IPv4 has no answers, and the kernel refuses it.
  const uint8_t icmp =
      flow.orig.family() == AF_INET ? uint8_t{IPPROTO_ICMP} : uint8_t{IPPROTO_ICMPV6};
  if (is_icmp(flow.orig.proto)) flow.reply.icmp_type = icmp_reply_type(icmp, flow.orig.icmp_type);
}

void set_protocol_state(const Arguments& arguments, Flow& flow) {
  const ProtocolValues& values = arguments.protocol;
  switch (arguments.proto.value_or(0)) {
    case IPPROTO_TCP:
      if (!values.state) break;
      flow.tcp_state = *values.state;
      flow.fields.add(FlowField::kTcpState);
      break;
    case IPPROTO_SCTP:
      if (values.state) {
        flow.sctp_state = *values.state;
        flow.fields.add(FlowField::kSctpState);
      }
      if (values.orig_vtag || values.reply_vtag) {
        flow.sctp_vtag = {values.orig_vtag.value_or(0), values.reply_vtag.value_or(0)};
        flow.fields.add(FlowField::kSctpVtags);
      }
      break;
    case IPPROTO_DCCP:
      if (values.state) {
        flow.dccp_state = *values.state;
        flow.fields.add(FlowField::kDccpState);
      }
      if (values.role) {
        flow.dccp_role = *values.role;
        flow.fields.add(FlowField::kDccpRole);
      }
      break;
  }
}

/// A flow that is made by hand has no history of windows, so none are checked.
void set_tcp_flags(Flow& flow) {
  uint8_t flags = kTcpSackPerm | kTcpBeLiberal;
  if (flow.tcp_state >= kTcpTimeWait) flags |= kTcpCloseInit;
  flow.tcp_flags = {FlagsWithMask{flags, flags}, FlagsWithMask{flags, flags}};
  flow.fields.add(FlowField::kTcpFlags);
}

NatRange nat_range(const NatFilter& nat) {
  const uint16_t port = nat.port.value_or(0);
  return {nat.address, nat.address, port, port, nat.port.has_value()};
}

void set_nat(const Arguments& arguments, Flow& flow) {
  if (arguments.given.has(Option::kSrcNat)) {
    flow.nat_src = nat_range(arguments.src_nat);
    flow.fields.add(FlowField::kNatSrc);
  }
  if (arguments.given.has(Option::kDstNat)) {
    flow.nat_dst = nat_range(arguments.dst_nat);
    flow.fields.add(FlowField::kNatDst);
  }
}

void set_zones(const Arguments& arguments, Flow& flow) {
  const OptionSet& given = arguments.given;
  if (given.has(Option::kZone)) flow.set_zone(arguments.zone);
  if (given.has(Option::kOrigZone)) flow.orig.has_zone = true, flow.orig.zone = arguments.orig_zone;
  if (given.has(Option::kReplyZone))
    flow.reply.has_zone = true, flow.reply.zone = arguments.reply_zone;
}

template <typename T>
std::optional<T> if_given(const Arguments& arguments, Option option, T value) {
  return arguments.given.has(option) ? std::optional(value) : std::nullopt;
}

void filter_tuples(const Arguments& arguments, Filter& filter) {
  const ProtocolValues& values = arguments.protocol;
  TupleFilter& orig = filter.orig;
  orig.src = arguments.src;
  orig.src_mask = arguments.src_mask;
  orig.dst = arguments.dst;
  orig.dst_mask = arguments.dst_mask;
  orig.proto = arguments.proto;
  orig.sport = values.sport;
  orig.dport = values.dport;
  orig.icmp_type = values.icmp_type;
  orig.icmp_code = values.icmp_code;
  orig.icmp_id = values.icmp_id;
  TupleFilter& reply = filter.reply;
  reply.src = arguments.reply_src;
  reply.dst = arguments.reply_dst;
  reply.sport = values.reply_sport;
  reply.dport = values.reply_dport;
}

void filter_state(const Arguments& arguments, Filter& filter) {
  const ProtocolValues& values = arguments.protocol;
  switch (arguments.proto.value_or(0)) {
    case IPPROTO_TCP: filter.tcp_state = values.state; break;
    case IPPROTO_SCTP: filter.sctp_state = values.state; break;
    case IPPROTO_DCCP: filter.dccp_state = values.state; break;
  }
  filter.dccp_role = values.role;
  filter.vtag_orig = values.orig_vtag;
  filter.vtag_reply = values.reply_vtag;
}

void filter_entry(const Arguments& arguments, Filter& filter) {
  const OptionSet& given = arguments.given;
  filter.mark = if_given(arguments, Option::kMark, arguments.mark);
  filter.secmark = if_given(arguments, Option::kSecmark, arguments.secmark);
  filter.timeout = if_given(arguments, Option::kTimeout, arguments.timeout);
  filter.zone = if_given(arguments, Option::kZone, arguments.zone);
  filter.orig.zone = if_given(arguments, Option::kOrigZone, arguments.orig_zone);
  filter.reply.zone = if_given(arguments, Option::kReplyZone, arguments.reply_zone);
  if (!given.has(Option::kStatus)) return;
  filter.status_set = arguments.status.set;
  filter.status_clear = arguments.status.clear;
  if (arguments.status.unset && filter.status_set == 0 && filter.status_clear == 0)
    filter.status_clear = kNamedStatus;
}

Labels changed_labels(const Arguments& arguments, const Labels& now) {
  Labels labels = now;
  for (size_t i = 0; i < labels.words.size(); ++i) {
    labels.words[i] |= arguments.label_add_bits.words[i];
    labels.words[i] &= ~arguments.label_del_bits.words[i];
  }
  return arguments.label_del_all ? Labels{} : labels;
}

/// The kernel computes (labels & ~mask) ^ value with one word of mask a word of value, so setting
/// bits is a mask of these bits and the same value; clearing, a mask of them and no value. An entry
/// that has the labels already counts as changed, as it does for conntrack.
bool update_labels(const Arguments& arguments, const Flow& entry, Flow& update) {
  const Labels now = entry.has(FlowField::kLabels) ? entry.labels : Labels{};
  const Labels wanted = changed_labels(arguments, now);
  const bool asked = arguments.given.has(Option::kLabelAdd) ||
                     (arguments.given.has(Option::kLabelDel) && entry.has(FlowField::kLabels));
  if (!asked) return false;
  for (size_t i = 0; i < now.words.size(); ++i) {
    update.labels_mask.words[i] = now.words[i] ^ wanted.words[i];
    update.labels.words[i] = wanted.words[i] & update.labels_mask.words[i];
  }
  update.fields.add(FlowField::kLabels);
  update.fields.add(FlowField::kLabelsMask);
  return true;
}

bool update_mark(const Arguments& arguments, const Flow& entry, Flow& update) {
  if (!arguments.given.has(Option::kMark)) return false;
  const uint32_t now = entry.has(FlowField::kMark) ? entry.mark : 0;
  const uint32_t wanted = (now & ~arguments.mark.mask) ^ arguments.mark.value;
  if (wanted == now) return false;
  update.set_mark(arguments.mark.value);
  update.mark_mask = arguments.mark.mask;  // the kernel computes the same, atomically
  update.fields.add(FlowField::kMarkMask);
  return true;
}

bool update_state(const Arguments& arguments, const Flow& entry, Flow& update) {
  set_protocol_state(arguments, update);
  if (update.has(FlowField::kTcpState))
    return !entry.has(FlowField::kTcpState) || entry.tcp_state != update.tcp_state;
  const bool state = update.has(FlowField::kSctpState);
  const bool vtags = update.has(FlowField::kSctpVtags);
  if (!state && !vtags) return update.has(FlowField::kDccpState);
  // The kernel wants all three of SCTP's attributes at once.
  if (!state) update.sctp_state = entry.sctp_state;
  if (!arguments.protocol.orig_vtag) update.sctp_vtag[0] = entry.sctp_vtag[0];
  if (!arguments.protocol.reply_vtag) update.sctp_vtag[1] = entry.sctp_vtag[1];
  update.fields.add(FlowField::kSctpState);
  update.fields.add(FlowField::kSctpVtags);
  return update.sctp_state != entry.sctp_state || update.sctp_vtag != entry.sctp_vtag;
}

/// What names the entry: its original tuple, its zones and its id.
void copy_identity(const Flow& entry, Flow& request) {
  request.orig = entry.orig;
  request.fields.add(FlowField::kOrig);
  if (entry.has(FlowField::kZone)) request.set_zone(entry.zone);
  if (entry.has(FlowField::kId)) request.set_id(entry.id);
}

bool nat_is(const NatRange& wanted, const Address& address, uint16_t port) {
  return wanted.min_addr == address && (!wanted.has_port || wanted.min_port == port);
}

}  // namespace

Filter build_filter(const Arguments& arguments) {
  Filter filter;
  filter.family = arguments.family;
  filter_tuples(arguments, filter);
  if (!sets_values(arguments.command)) {
    filter_state(arguments, filter);
    filter_entry(arguments, filter);
  }
  filter.labels = arguments.label_bits;
  filter.id = if_given(arguments, Option::kId, arguments.id);
  filter.src_nat = if_given(arguments, Option::kSrcNat, arguments.src_nat);
  filter.dst_nat = if_given(arguments, Option::kDstNat, arguments.dst_nat);
  filter.any_nat = if_given(arguments, Option::kAnyNat, arguments.any_nat);
  return filter;
}

Flow build_entry(const Arguments& arguments) {
  Flow flow;
  flow.orig = original_tuple(arguments);
  flow.reply = reply_tuple(arguments);
  complete_tuples(arguments, flow);
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  if (arguments.given.has(Option::kStatus)) flow.set_status(arguments.status.set | kConfirmed);
  flow.set_timeout(arguments.timeout);
  if (arguments.given.has(Option::kMark)) flow.set_mark(arguments.mark.value);
  set_protocol_state(arguments, flow);
  if (flow.has(FlowField::kTcpState)) set_tcp_flags(flow);
  set_nat(arguments, flow);
  set_zones(arguments, flow);
  if (arguments.given.has(Option::kLabelAdd)) {
    flow.labels = arguments.label_add_bits;
    flow.fields.add(FlowField::kLabels);
  }
  return flow;
}

Flow build_query(const Arguments& arguments) {
  Flow flow;
  flow.orig = original_tuple(arguments);
  flow.fields.add(FlowField::kOrig);
  return flow;
}

bool build_update(const Arguments& arguments, const Flow& entry, Flow& update) {
  update = {};
  copy_identity(entry, update);
  bool changed = update_mark(arguments, entry, update);
  changed |= update_labels(arguments, entry, update);
  changed |= update_state(arguments, entry, update);
  if (arguments.given.has(Option::kTimeout)) {
    update.set_timeout(arguments.timeout);
    changed |= !entry.has(FlowField::kTimeout) || entry.timeout != arguments.timeout;
  }
  if (arguments.given.has(Option::kStatus)) {
    update.set_status(entry.status | arguments.status.set);
    changed |= update.status != entry.status;
  }
  return changed;
}

Flow adapt_to_existing(const Flow& wanted, const Flow& existing) {
  Flow update = wanted;
  FlowFields& fields = update.fields;
  if (nat_is(wanted.nat_src, existing.reply.dst, existing.reply.dport))
    fields.remove(FlowField::kNatSrc);
  if (nat_is(wanted.nat_dst, existing.reply.src, existing.reply.sport))
    fields.remove(FlowField::kNatDst);
  if (wanted.has(FlowField::kStatus)) {
    update.status = (wanted.status & ~kExpected) | (existing.status & kExpected);
    if (wanted.status & existing.status & kFixedTimeout) fields.remove(FlowField::kTimeout);
  }
  fields.remove(FlowField::kTcpFlags);
  return update;
}

Expectation build_expectation(const Arguments& arguments) {
  const ProtocolValues& values = arguments.protocol;
  Expectation expectation;
  if (arguments.command != Command::kCreate) {
    expectation.expected = original_tuple(arguments);
    return expectation;
  }
  expectation.master = original_tuple(arguments);
  expectation.has_master = true;
  Tuple& expected = expectation.expected;
  expected.src = arguments.tuple_src;
  expected.dst = arguments.tuple_dst;
  Tuple& mask = expectation.mask;
  mask.src = arguments.src_mask;
  mask.dst = arguments.dst_mask;
  expected.proto = mask.proto = arguments.proto.value_or(0);
  expected.has_proto = mask.has_proto = arguments.proto.has_value();
  set_ports(values.tuple_sport, values.tuple_dport, expected);
  set_ports(values.mask_sport, values.mask_dport, mask);
  expectation.timeout = arguments.timeout;
  expectation.has_timeout = true;
  return expectation;
}

}  // namespace ctwin::cli

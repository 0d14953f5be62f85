#include "ctnetlink/flow_codec.h"

#include <algorithm>

#include "ctnetlink/uapi.h"

namespace ctwin::ctnetlink {

using netlink::Attr;
using netlink::AttrReader;
using netlink::AttrWriter;

namespace {

void decode_address(const Attr& attr, uint8_t family, Address& address) {
  const size_t size = family == AF_INET ? 4 : 16;
  if (attr.payload.size() != size) return;
  address.bytes = {};
  std::memcpy(address.bytes.data(), attr.payload.data(), size);
  address.family = family;
}

void decode_tuple_ip(const Attr& nest, Tuple& tuple) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_IP_V4_SRC: decode_address(attr, AF_INET, tuple.src); break;
      case CTA_IP_V4_DST: decode_address(attr, AF_INET, tuple.dst); break;
      case CTA_IP_V6_SRC: decode_address(attr, AF_INET6, tuple.src); break;
      case CTA_IP_V6_DST: decode_address(attr, AF_INET6, tuple.dst); break;
    }
  }
}

void decode_tuple_proto(const Attr& nest, Tuple& tuple) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_PROTO_NUM:
        tuple.proto = attr.be<uint8_t>();
        tuple.has_proto = true;
        continue;
      case CTA_PROTO_SRC_PORT: tuple.sport = attr.be<uint16_t>(); break;
      case CTA_PROTO_DST_PORT: tuple.dport = attr.be<uint16_t>(); break;
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID: tuple.icmp_id = attr.be<uint16_t>(); break;
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE: tuple.icmp_type = attr.be<uint8_t>(); break;
      case CTA_PROTO_ICMP_CODE:
      case CTA_PROTO_ICMPV6_CODE: tuple.icmp_code = attr.be<uint8_t>(); break;
      default: continue;
    }
    tuple.has_ports = true;
  }
}

FlagsWithMask decode_flags(const Attr& attr) {
  FlagsWithMask value;
  if (attr.payload.size() == 2) {
    value.flags = static_cast<uint8_t>(attr.payload[0]);
    value.mask = static_cast<uint8_t>(attr.payload[1]);
  }
  return value;
}

void decode_tcp(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_PROTOINFO_TCP_STATE:
        flow.tcp_state = attr.be<uint8_t>();
        flow.fields.add(FlowField::kTcpState);
        break;
      case CTA_PROTOINFO_TCP_WSCALE_ORIGINAL:
      case CTA_PROTOINFO_TCP_WSCALE_REPLY:
        flow.tcp_wscale[attr.type - CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] = attr.be<uint8_t>();
        flow.fields.add(FlowField::kTcpWscale);
        break;
      case CTA_PROTOINFO_TCP_FLAGS_ORIGINAL:
      case CTA_PROTOINFO_TCP_FLAGS_REPLY:
        flow.tcp_flags[attr.type - CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = decode_flags(attr);
        flow.fields.add(FlowField::kTcpFlags);
        break;
    }
  }
}

void decode_sctp(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_PROTOINFO_SCTP_STATE:
        flow.sctp_state = attr.be<uint8_t>();
        flow.fields.add(FlowField::kSctpState);
        break;
      case CTA_PROTOINFO_SCTP_VTAG_ORIGINAL:
      case CTA_PROTOINFO_SCTP_VTAG_REPLY:
        flow.sctp_vtag[attr.type - CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = attr.be<uint32_t>();
        flow.fields.add(FlowField::kSctpVtags);
        break;
    }
  }
}

void decode_dccp(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_PROTOINFO_DCCP_STATE:
        flow.dccp_state = attr.be<uint8_t>();
        flow.fields.add(FlowField::kDccpState);
        break;
      case CTA_PROTOINFO_DCCP_ROLE:
        flow.dccp_role = attr.be<uint8_t>();
        flow.fields.add(FlowField::kDccpRole);
        break;
      case CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ:
        flow.dccp_sequence = attr.be<uint64_t>();
        flow.fields.add(FlowField::kDccpSequence);
        break;
    }
  }
}

void decode_protoinfo(const Attr& nest, Flow& flow) {
  flow.tcp_wscale = {};  // one direction may come without the other
  flow.tcp_flags = {};
  flow.sctp_vtag = {};
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_PROTOINFO_TCP: decode_tcp(attr, flow); break;
      case CTA_PROTOINFO_DCCP: decode_dccp(attr, flow); break;
      case CTA_PROTOINFO_SCTP: decode_sctp(attr, flow); break;
    }
  }
}

/// The counters are known where both numbers are there.
void decode_counters(const Attr& nest, FlowField field, Counters& counters, Flow& flow) {
  bool packets = false;
  bool bytes = false;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_COUNTERS_PACKETS:
        counters.packets = attr.be<uint64_t>();
        packets = true;
        break;
      case CTA_COUNTERS_BYTES:
        counters.bytes = attr.be<uint64_t>();
        bytes = true;
        break;
    }
  }
  if (packets && bytes) flow.fields.add(field);
}

void decode_timestamps(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_TIMESTAMP_START:
        flow.timestamp_start = attr.be<uint64_t>();
        flow.fields.add(FlowField::kTimestampStart);
        break;
      case CTA_TIMESTAMP_STOP:
        flow.timestamp_stop = attr.be<uint64_t>();
        flow.fields.add(FlowField::kTimestampStop);
        break;
    }
  }
}

SeqAdj decode_seq_adj(const Attr& nest) {
  SeqAdj adjust;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_SEQADJ_CORRECTION_POS: adjust.correction_pos = attr.be<uint32_t>(); break;
      case CTA_SEQADJ_OFFSET_BEFORE:
        adjust.offset_before = static_cast<int32_t>(attr.be<uint32_t>());
        break;
      case CTA_SEQADJ_OFFSET_AFTER:
        adjust.offset_after = static_cast<int32_t>(attr.be<uint32_t>());
        break;
    }
  }
  return adjust;
}

void decode_synproxy(const Attr& nest, Flow& flow) {
  flow.synproxy = {};
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_SYNPROXY_ISN: flow.synproxy.isn = attr.be<uint32_t>(); break;
      case CTA_SYNPROXY_ITS: flow.synproxy.its = attr.be<uint32_t>(); break;
      case CTA_SYNPROXY_TSOFF: flow.synproxy.tsoff = attr.be<uint32_t>(); break;
    }
  }
}

NatRange decode_nat(const Attr& nest) {
  NatRange range;
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_NAT_V4_MINIP: decode_address(attr, AF_INET, range.min_addr); break;
      case CTA_NAT_V4_MAXIP: decode_address(attr, AF_INET, range.max_addr); break;
      case CTA_NAT_V6_MINIP: decode_address(attr, AF_INET6, range.min_addr); break;
      case CTA_NAT_V6_MAXIP: decode_address(attr, AF_INET6, range.max_addr); break;
      case CTA_NAT_PROTO: {
        AttrReader ports(attr);
        for (Attr port; ports.next(port);) {
          if (port.type == CTA_PROTONAT_PORT_MIN) range.min_port = port.be<uint16_t>();
          if (port.type == CTA_PROTONAT_PORT_MAX) range.max_port = port.be<uint16_t>();
          range.has_port = true;
        }
        break;
      }
    }
  }
  if (!range.max_addr.is_set()) range.max_addr = range.min_addr;
  return range;
}

Labels decode_labels(const Attr& attr) {
  Labels labels;
  std::memcpy(labels.words.data(), attr.payload.data(),
              std::min(attr.payload.size(), sizeof labels.words));
  return labels;
}

void decode_help(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    if (attr.type != CTA_HELP_NAME) continue;
    flow.helper.assign(attr.text());
    flow.fields.add(FlowField::kHelper);
  }
}

void decode_secctx(const Attr& nest, Flow& flow) {
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    if (attr.type != CTA_SECCTX_NAME) continue;
    flow.secctx.assign(attr.text());
    flow.fields.add(FlowField::kSecctx);
  }
}

void decode_attribute(const Attr& attr, Flow& flow) {
  FlowFields& fields = flow.fields;
  switch (attr.type) {
    case CTA_TUPLE_ORIG:
      decode_tuple(attr, flow.orig);
      fields.add(FlowField::kOrig);
      break;
    case CTA_TUPLE_REPLY:
      decode_tuple(attr, flow.reply);
      fields.add(FlowField::kReply);
      break;
    case CTA_TUPLE_MASTER:
      decode_tuple(attr, flow.master);
      fields.add(FlowField::kMaster);
      break;
    case CTA_STATUS: flow.set_status(attr.be<uint32_t>()); break;
    case CTA_TIMEOUT: flow.set_timeout(attr.be<uint32_t>()); break;
    case CTA_MARK: flow.set_mark(attr.be<uint32_t>()); break;
    case CTA_MARK_MASK:
      flow.mark_mask = attr.be<uint32_t>();
      fields.add(FlowField::kMarkMask);
      break;
    case CTA_PROTOINFO: decode_protoinfo(attr, flow); break;
    case CTA_COUNTERS_ORIG:
      decode_counters(attr, FlowField::kCountersOrig, flow.counters_orig, flow);
      break;
    case CTA_COUNTERS_REPLY:
      decode_counters(attr, FlowField::kCountersReply, flow.counters_reply, flow);
      break;
    case CTA_USE:
      flow.use = attr.be<uint32_t>();
      fields.add(FlowField::kUse);
      break;
    case CTA_ID: flow.set_id(attr.be<uint32_t>()); break;
    case CTA_ZONE: flow.set_zone(attr.be<uint16_t>()); break;
    case CTA_SECMARK:
      flow.secmark = attr.be<uint32_t>();
      fields.add(FlowField::kSecmark);
      break;
    case CTA_SECCTX: decode_secctx(attr, flow); break;
    case CTA_TIMESTAMP: decode_timestamps(attr, flow); break;
    case kCtaTimestampEvent:
      flow.timestamp_event = attr.be<uint64_t>();
      fields.add(FlowField::kTimestampEvent);
      break;
    case CTA_HELP: decode_help(attr, flow); break;
    case CTA_LABELS:
      flow.labels = decode_labels(attr);
      fields.add(FlowField::kLabels);
      break;
    case CTA_LABELS_MASK:
      flow.labels_mask = decode_labels(attr);
      fields.add(FlowField::kLabelsMask);
      break;
    case CTA_NAT_SRC:
      flow.nat_src = decode_nat(attr);
      fields.add(FlowField::kNatSrc);
      break;
    case CTA_NAT_DST:
      flow.nat_dst = decode_nat(attr);
      fields.add(FlowField::kNatDst);
      break;
    case CTA_SEQ_ADJ_ORIG:
      flow.seq_adj[0] = decode_seq_adj(attr);
      fields.add(FlowField::kSeqAdjOrig);
      break;
    case CTA_SEQ_ADJ_REPLY:
      flow.seq_adj[1] = decode_seq_adj(attr);
      fields.add(FlowField::kSeqAdjReply);
      break;
    case CTA_SYNPROXY:
      decode_synproxy(attr, flow);
      fields.add(FlowField::kSynproxy);
      break;
  }
}

void encode_address(uint16_t v4_type, uint16_t v6_type, const Address& address, AttrWriter& attrs) {
  if (!address.is_set()) return;
  attrs.put_bytes(address.family == AF_INET ? v4_type : v6_type,
                  std::as_bytes(std::span(address.bytes)).first(address.size()));
}

void encode_protoinfo(const Flow& flow, AttrWriter& attrs) {
  const FlowFields& fields = flow.fields;
  const bool tcp = fields.has(FlowField::kTcpState) || fields.has(FlowField::kTcpFlags) ||
                   fields.has(FlowField::kTcpWscale);
  const bool sctp = fields.has(FlowField::kSctpState) || fields.has(FlowField::kSctpVtags);
  const bool dccp = fields.has(FlowField::kDccpState) || fields.has(FlowField::kDccpRole);
  if (!tcp && !sctp && !dccp) return;
  const size_t protoinfo = attrs.begin_nest(CTA_PROTOINFO);
  if (tcp) {
    const size_t nest = attrs.begin_nest(CTA_PROTOINFO_TCP);
    if (fields.has(FlowField::kTcpState)) attrs.put(CTA_PROTOINFO_TCP_STATE, flow.tcp_state);
    if (fields.has(FlowField::kTcpWscale)) {
      attrs.put(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, flow.tcp_wscale[0]);
      attrs.put(CTA_PROTOINFO_TCP_WSCALE_REPLY, flow.tcp_wscale[1]);
    }
    if (fields.has(FlowField::kTcpFlags)) {
      attrs.put_native(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, flow.tcp_flags[0]);
      attrs.put_native(CTA_PROTOINFO_TCP_FLAGS_REPLY, flow.tcp_flags[1]);
    }
    attrs.end_nest(nest);
  } else if (sctp) {
    const size_t nest = attrs.begin_nest(CTA_PROTOINFO_SCTP);
    if (fields.has(FlowField::kSctpState)) attrs.put(CTA_PROTOINFO_SCTP_STATE, flow.sctp_state);
    if (fields.has(FlowField::kSctpVtags)) {
      attrs.put(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, flow.sctp_vtag[0]);
      attrs.put(CTA_PROTOINFO_SCTP_VTAG_REPLY, flow.sctp_vtag[1]);
    }
    attrs.end_nest(nest);
  } else {
    const size_t nest = attrs.begin_nest(CTA_PROTOINFO_DCCP);
    if (fields.has(FlowField::kDccpState)) attrs.put(CTA_PROTOINFO_DCCP_STATE, flow.dccp_state);
    if (fields.has(FlowField::kDccpRole)) attrs.put(CTA_PROTOINFO_DCCP_ROLE, flow.dccp_role);
    if (fields.has(FlowField::kDccpSequence))
      attrs.put(CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, flow.dccp_sequence);
    attrs.end_nest(nest);
  }
  attrs.end_nest(protoinfo);
}

void encode_nat(uint16_t type, const NatRange& range, AttrWriter& attrs) {
  const size_t nat = attrs.begin_nest(type);
  encode_address(CTA_NAT_V4_MINIP, CTA_NAT_V6_MINIP, range.min_addr, attrs);
  if (range.max_addr != range.min_addr)
    encode_address(CTA_NAT_V4_MAXIP, CTA_NAT_V6_MAXIP, range.max_addr, attrs);
  if (range.has_port) {
    const size_t proto = attrs.begin_nest(CTA_NAT_PROTO);
    attrs.put(CTA_PROTONAT_PORT_MIN, range.min_port);
    attrs.put(CTA_PROTONAT_PORT_MAX, range.max_port);
    attrs.end_nest(proto);
  }
  attrs.end_nest(nat);
}

void encode_seq_adj(uint16_t type, const SeqAdj& adjust, AttrWriter& attrs) {
  const size_t nest = attrs.begin_nest(type);
  attrs.put(CTA_SEQADJ_CORRECTION_POS, adjust.correction_pos);
  attrs.put(CTA_SEQADJ_OFFSET_BEFORE, static_cast<uint32_t>(adjust.offset_before));
  attrs.put(CTA_SEQADJ_OFFSET_AFTER, static_cast<uint32_t>(adjust.offset_after));
  attrs.end_nest(nest);
}

void encode_tuple_ports(const Tuple& tuple, AttrWriter& attrs) {
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
    case TransportKind::kKeys:
      attrs.put(CTA_PROTO_SRC_PORT, tuple.sport);
      attrs.put(CTA_PROTO_DST_PORT, tuple.dport);
      break;
    case TransportKind::kIcmp: {
      const bool v4 = tuple.proto == IPPROTO_ICMP;
      attrs.put(v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, tuple.icmp_id);
      attrs.put(v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, tuple.icmp_type);
      attrs.put(v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, tuple.icmp_code);
      break;
    }
    case TransportKind::kNone: break;
  }
}

}  // namespace

void decode_tuple(const Attr& nest, Tuple& tuple) {
  tuple = {};
  AttrReader reader(nest);
  for (Attr attr; reader.next(attr);) {
    switch (attr.type) {
      case CTA_TUPLE_IP: decode_tuple_ip(attr, tuple); break;
      case CTA_TUPLE_PROTO: decode_tuple_proto(attr, tuple); break;
      case CTA_TUPLE_ZONE:
        tuple.zone = attr.be<uint16_t>();
        tuple.has_zone = true;
        break;
    }
  }
}

void encode_tuple(uint16_t type, const Tuple& tuple, AttrWriter& attrs) {
  const size_t nest = attrs.begin_nest(type);
  const size_t ip = attrs.begin_nest(CTA_TUPLE_IP);
  encode_address(CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.src, attrs);
  encode_address(CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.dst, attrs);
  attrs.end_nest(ip);
  const size_t proto = attrs.begin_nest(CTA_TUPLE_PROTO);
  if (tuple.has_proto) attrs.put(CTA_PROTO_NUM, tuple.proto);
  if (tuple.has_ports) encode_tuple_ports(tuple, attrs);
  attrs.end_nest(proto);
  if (tuple.has_zone) attrs.put(CTA_TUPLE_ZONE, tuple.zone);
  attrs.end_nest(nest);
}

bool decode_flow(const netlink::Message& message, Flow& flow) {
  flow.fields.clear();
  AttrReader reader(message.attributes());
  for (Attr attr; reader.next(attr);) decode_attribute(attr, flow);
  return !reader.malformed();
}

void encode_flow(const Flow& flow, bool with_id, AttrWriter& attrs) {
  const FlowFields& fields = flow.fields;
  if (fields.has(FlowField::kOrig)) encode_tuple(CTA_TUPLE_ORIG, flow.orig, attrs);
  if (fields.has(FlowField::kReply)) encode_tuple(CTA_TUPLE_REPLY, flow.reply, attrs);
  if (fields.has(FlowField::kMaster)) encode_tuple(CTA_TUPLE_MASTER, flow.master, attrs);
  if (fields.has(FlowField::kStatus)) attrs.put(CTA_STATUS, flow.status);
  if (fields.has(FlowField::kTimeout)) attrs.put(CTA_TIMEOUT, flow.timeout);
  if (fields.has(FlowField::kMark)) attrs.put(CTA_MARK, flow.mark);
  if (fields.has(FlowField::kMarkMask)) attrs.put(CTA_MARK_MASK, flow.mark_mask);
  encode_protoinfo(flow, attrs);
  if (fields.has(FlowField::kNatSrc)) encode_nat(CTA_NAT_SRC, flow.nat_src, attrs);
  if (fields.has(FlowField::kNatDst)) encode_nat(CTA_NAT_DST, flow.nat_dst, attrs);
  if (fields.has(FlowField::kSeqAdjOrig)) encode_seq_adj(CTA_SEQ_ADJ_ORIG, flow.seq_adj[0], attrs);
  if (fields.has(FlowField::kSeqAdjReply))
    encode_seq_adj(CTA_SEQ_ADJ_REPLY, flow.seq_adj[1], attrs);
  if (fields.has(FlowField::kHelper)) {
    const size_t help = attrs.begin_nest(CTA_HELP);
    attrs.put_text(CTA_HELP_NAME, flow.helper.view());
    attrs.end_nest(help);
  }
  if (fields.has(FlowField::kZone)) attrs.put(CTA_ZONE, flow.zone);
  if (fields.has(FlowField::kLabels))
    attrs.put_bytes(CTA_LABELS, std::as_bytes(std::span(flow.labels.words)));
  if (fields.has(FlowField::kLabelsMask))
    attrs.put_bytes(CTA_LABELS_MASK, std::as_bytes(std::span(flow.labels_mask.words)));
  if (with_id && fields.has(FlowField::kId)) attrs.put(CTA_ID, flow.id);
}

}  // namespace ctwin::ctnetlink

#include "engine/flow_message.h"

#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "conntrack/tuple.h"
#include "ctnetlink/uapi.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnTable;
using conntrack::Extension;
using conntrack::Tick;
using conntrack::TupleKey;
using netlink::AttrWriter;

AnswerMessage::AnswerMessage(std::span<std::byte> buffer, uint16_t subsystem_and_type,
                             uint16_t flags, uint32_t sequence, uint32_t port_id, uint8_t family,
                             uint16_t resource_id)
    : buffer_(buffer), attrs_(buffer, sizeof(nlmsghdr) + sizeof(nfgenmsg)) {
  if (attrs_.overflowed()) return;
  nlmsghdr header{};
  header.nlmsg_type = subsystem_and_type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  header.nlmsg_pid = port_id;
  const nfgenmsg generic{family, NFNETLINK_V0, netlink::big_endian(resource_id)};
  std::memcpy(buffer_.data(), &header, sizeof header);
  std::memcpy(buffer_.data() + sizeof header, &generic, sizeof generic);
}

size_t AnswerMessage::finish() {
  if (attrs_.overflowed()) return 0;
  const uint32_t length = static_cast<uint32_t>(attrs_.size());
  std::memcpy(buffer_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  return length;
}

namespace {

void put_address(AttrWriter& attrs, uint16_t type, const std::array<uint8_t, 16>& address,
                 size_t size) {
  attrs.put_bytes(type, std::as_bytes(std::span(address)).first(size));
}

void put_icmp(AttrWriter& attrs, const TupleKey& key) {
  const bool v4 = key.proto == IPPROTO_ICMP;
  uint8_t type_and_code[2];
  std::memcpy(type_and_code, &key.dst_key, sizeof type_and_code);
  attrs.put_native(v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, key.src_key);
  attrs.put_native(v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, type_and_code[0]);
  attrs.put_native(v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, type_and_code[1]);
}

/// The keys of a TupleKey are in network order already.
void put_transport(AttrWriter& attrs, const TupleKey& key) {
  attrs.put_native(CTA_PROTO_NUM, key.proto);
  switch (key.proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
    case IPPROTO_GRE:
      attrs.put_native(CTA_PROTO_SRC_PORT, key.src_key);
      attrs.put_native(CTA_PROTO_DST_PORT, key.dst_key);
      break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6: put_icmp(attrs, key); break;
    default: break;
  }
}

void put_tuple(AttrWriter& attrs, uint16_t type, const TupleKey& key, uint16_t own_zone) {
  const bool v4 = key.family == AF_INET;
  const size_t size = v4 ? 4 : 16;
  const size_t tuple = attrs.begin_nest(type);
  const size_t ip = attrs.begin_nest(CTA_TUPLE_IP);
  put_address(attrs, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, key.src, size);
  put_address(attrs, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, key.dst, size);
  attrs.end_nest(ip);
  const size_t proto = attrs.begin_nest(CTA_TUPLE_PROTO);
  put_transport(attrs, key);
  attrs.end_nest(proto);
  if (own_zone != 0) attrs.put(CTA_TUPLE_ZONE, own_zone);
  attrs.end_nest(tuple);
}

/// A zone that holds for both directions stands beside the tuples, one that holds for one in it.
void put_tuples(AttrWriter& attrs, const Conn& ct) {
  const uint16_t orig = ct.tuple[0].zone, reply = ct.tuple[1].zone;
  const bool both = orig == reply;
  put_tuple(attrs, CTA_TUPLE_ORIG, ct.tuple[0], both ? uint16_t{0} : orig);
  put_tuple(attrs, CTA_TUPLE_REPLY, ct.tuple[1], both ? uint16_t{0} : reply);
  if (both && orig != 0) attrs.put(CTA_ZONE, orig);
}

uint32_t seconds_left(const Conn& ct, Tick now) {
  return static_cast<uint32_t>(std::max<Tick>(ct.expiry - now, 0) / conntrack::kTicksPerSecond);
}

void put_tcp(AttrWriter& attrs, const conntrack::TcpTrack& tcp, bool destroyed) {
  const size_t nest = attrs.begin_nest(CTA_PROTOINFO_TCP);
  attrs.put(CTA_PROTOINFO_TCP_STATE, tcp.state);
  if (!destroyed) {
    attrs.put(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, tcp.seen[0].td_scale);
    attrs.put(CTA_PROTOINFO_TCP_WSCALE_REPLY, tcp.seen[1].td_scale);
    attrs.put_native(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, FlagsWithMask{tcp.seen[0].flags, 0});
    attrs.put_native(CTA_PROTOINFO_TCP_FLAGS_REPLY, FlagsWithMask{tcp.seen[1].flags, 0});
  }
  attrs.end_nest(nest);
}

void put_sctp(AttrWriter& attrs, const conntrack::SctpTrack& sctp, bool destroyed) {
  const size_t nest = attrs.begin_nest(CTA_PROTOINFO_SCTP);
  attrs.put(CTA_PROTOINFO_SCTP_STATE, sctp.state);
  if (!destroyed) {
    attrs.put_native(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, sctp.vtag[0]);
    attrs.put_native(CTA_PROTOINFO_SCTP_VTAG_REPLY, sctp.vtag[1]);
  }
  attrs.end_nest(nest);
}

void put_protoinfo(AttrWriter& attrs, const Conn& ct, bool destroyed) {
  const uint8_t proto = ct.tuple[0].proto;
  if (proto != IPPROTO_TCP && proto != IPPROTO_SCTP) return;
  const size_t nest = attrs.begin_nest(CTA_PROTOINFO);
  if (proto == IPPROTO_TCP)
    put_tcp(attrs, ct.track.tcp, destroyed);
  else
    put_sctp(attrs, ct.track.sctp, destroyed);
  attrs.end_nest(nest);
}

void put_counters(AttrWriter& attrs, const Conn& ct, const Extension* extension) {
  if (!extension || !(ct.features & conntrack::kHasAccounting)) return;
  for (const uint16_t type : {CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY}) {
    const Counters& counters = extension->counters[type - CTA_COUNTERS_ORIG];
    const size_t nest = attrs.begin_nest(type);
    attrs.put(CTA_COUNTERS_PACKETS, counters.packets);
    attrs.put(CTA_COUNTERS_BYTES, counters.bytes);
    attrs.end_nest(nest);
  }
}

void put_timestamps(AttrWriter& attrs, const Conn& ct, const Extension* extension) {
  if (!extension || !(ct.features & conntrack::kHasTimestamps)) return;
  const size_t nest = attrs.begin_nest(CTA_TIMESTAMP);
  attrs.put(CTA_TIMESTAMP_START, extension->timestamp_start);
  if (extension->timestamp_stop != 0) attrs.put(CTA_TIMESTAMP_STOP, extension->timestamp_stop);
  attrs.end_nest(nest);
}

void put_helper(AttrWriter& attrs, const Extension* extension) {
  if (!extension || extension->helper.empty()) return;
  const size_t nest = attrs.begin_nest(CTA_HELP);
  attrs.put_text(CTA_HELP_NAME, extension->helper.view());
  attrs.end_nest(nest);
}

void put_labels(AttrWriter& attrs, const Extension* extension) {
  if (!extension || !extension->labels.any()) return;
  attrs.put_bytes(CTA_LABELS, std::as_bytes(std::span(extension->labels.words)));
}

void put_master(AttrWriter& attrs, const Extension* extension) {
  if (!extension || extension->master == 0) return;
  put_tuple(attrs, CTA_TUPLE_MASTER, extension->master_tuple, 0);
}

void put_seq_adjust(AttrWriter& attrs, const Conn& ct, const Extension* extension) {
  if (!extension || !ct.has(kSeqAdjust)) return;
  for (const uint16_t type : {CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY}) {
    const SeqAdj& adjust = extension->seq_adj[type - CTA_SEQ_ADJ_ORIG];
    const size_t nest = attrs.begin_nest(type);
    attrs.put(CTA_SEQADJ_CORRECTION_POS, adjust.correction_pos);
    attrs.put(CTA_SEQADJ_OFFSET_BEFORE, static_cast<uint32_t>(adjust.offset_before));
    attrs.put(CTA_SEQADJ_OFFSET_AFTER, static_cast<uint32_t>(adjust.offset_after));
    attrs.end_nest(nest);
  }
}

/// Entries made by ctnetlink have room for it, and say so.
void put_synproxy(AttrWriter& attrs, const Conn& ct, const Extension* extension) {
  if (!(ct.features & conntrack::kFromNetlink)) return;
  const Synproxy synproxy = extension ? extension->synproxy : Synproxy{};
  const size_t nest = attrs.begin_nest(CTA_SYNPROXY);
  attrs.put(CTA_SYNPROXY_ISN, synproxy.isn);
  attrs.put(CTA_SYNPROXY_ITS, synproxy.its);
  attrs.put(CTA_SYNPROXY_TSOFF, synproxy.tsoff);
  attrs.end_nest(nest);
}

void put_what_ended(AttrWriter& attrs, const Conn& ct, const Extension* extension, Tick now) {
  if (const uint32_t left = seconds_left(ct, now); left != 0) attrs.put(CTA_TIMEOUT, left);
  put_counters(attrs, ct, extension);
  put_timestamps(attrs, ct, extension);
  put_protoinfo(attrs, ct, true);
}

void put_what_changed(AttrWriter& attrs, const Conn& ct, const Extension* extension, Tick now,
                      uint16_t bits) {
  attrs.put(CTA_TIMEOUT, seconds_left(ct, now));
  if (bits & conntrack::kEventProtoinfo) put_protoinfo(attrs, ct, false);
  put_helper(attrs, extension);
  if (bits & conntrack::kEventLabel) put_labels(attrs, extension);
  if (bits & conntrack::kEventRelated) put_master(attrs, extension);
  if (bits & conntrack::kEventSeqAdj) put_seq_adjust(attrs, ct, extension);
  if (bits & conntrack::kEventSynproxy) put_synproxy(attrs, ct, extension);
}

}  // namespace

void write_flow(const ConnTable& table, const Conn& ct, Tick now, uint32_t use, AttrWriter& attrs) {
  const Extension* extension = table.extension(ct);
  put_tuples(attrs, ct);
  attrs.put(CTA_STATUS, ct.status);
  attrs.put(CTA_MARK, ct.mark);
  attrs.put(CTA_ID, ct.id);
  attrs.put(CTA_USE, use);
  put_master(attrs, extension);
  attrs.put(CTA_TIMEOUT, seconds_left(ct, now));
  put_protoinfo(attrs, ct, false);
  put_counters(attrs, ct, extension);
  put_timestamps(attrs, ct, extension);
  put_helper(attrs, extension);
  put_labels(attrs, extension);
  put_seq_adjust(attrs, ct, extension);
  put_synproxy(attrs, ct, extension);
}

void write_event(const ConnTable& table, const Conn& ct, Tick now, uint64_t now_ns, EventKind kind,
                 uint16_t bits, AttrWriter& attrs) {
  const Extension* extension = table.extension(ct);
  put_tuples(attrs, ct);
  attrs.put(CTA_ID, ct.id);
  attrs.put(CTA_STATUS, ct.status);
  if (kind == EventKind::kDestroy)
    put_what_ended(attrs, ct, extension, now);
  else
    put_what_changed(attrs, ct, extension, now, bits);
  if (ct.mark != 0 || (bits & conntrack::kEventMark)) attrs.put(CTA_MARK, ct.mark);
  if (ct.features & conntrack::kHasTimestamps) attrs.put(ctnetlink::kCtaTimestampEvent, now_ns);
}

}  // namespace ctwin::engine

// Requests about entries: making, changing, reading and ending them.
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>

#include "engine/entry_change.h"
#include "engine/flow_message.h"
#include "engine/nat_request.h"
#include "engine/responder.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::ConnIndex;
using conntrack::ConnTable;
using conntrack::Direction;
using conntrack::Tick;
using conntrack::TupleKey;

namespace {

/// What events of creation and of change always tell.
constexpr uint16_t kToldAlways = conntrack::kEventReply | conntrack::kEventAssured |
                                 conntrack::kEventHelper | conntrack::kEventProtoinfo |
                                 conntrack::kEventSeqAdj | conntrack::kEventMark |
                                 conntrack::kEventSynproxy;

TupleKey in_zone(TupleKey key, uint16_t zone) {
  key.zone = zone;
  return key;
}

}  // namespace

/// How often the kernel would refer to an entry that lies in its table: once, and once a child.
uint32_t Responder::references(const Conn& ct) const {
  const conntrack::Extension* extension = tracker_.table().extension(ct);
  return 1 + (extension ? extension->children : 0);
}

/// An entry with nothing left of its time is none; the kernel finds that out when it next looks.
void Responder::expire_if_due(ConnIndex index) {
  if (tracker_.table()[index].expiry <= tracker_.now()) tracker_.destroy(index, 0);
}

// ---- new: create or change ----

int Responder::handle_new(const Request& request) {
  FlowAttrs attrs;
  if (const int code = read_attrs(request.attributes, kFlowRules, attrs)) return code;
  const uint8_t family = request.generic.nfgen_family;
  Zone zone = read_zone(attrs);
  TupleKey orig{}, reply{};
  const bool has_orig = attrs.has(CTA_TUPLE_ORIG), has_reply = attrs.has(CTA_TUPLE_REPLY);
  if (has_orig)
    if (const int code = read_tuple(attrs[CTA_TUPLE_ORIG], kAllParts, family, false, &zone, orig))
      return code;
  if (has_reply)
    if (const int code = read_tuple(attrs[CTA_TUPLE_REPLY], kAllParts, family, true, &zone, reply))
      return code;
  ConnTable::Found found;
  if (has_orig || has_reply) found = find_flow(tracker_.table(), has_orig ? orig : reply, zone);
  if (found.index == 0) {
    if (!request.wants(NLM_F_CREATE)) return ENOENT;
    if (!has_orig || !has_reply || orig.proto != reply.proto) return EINVAL;
    return create(request, attrs, zone, orig, reply);
  }
  if (request.wants(NLM_F_EXCL)) return EEXIST;
  if (const int code = change(found.index, attrs)) return code;
  announce(request, found.index, EventKind::kUpdate, kToldAlways | conntrack::kEventLabel);
  expire_if_due(found.index);
  return 0;
}

void Responder::announce(const Request& request, ConnIndex index, EventKind kind, uint16_t bits) {
  tracker_.deliver(tracker_.table()[index], kind, bits, request.from.id);
}

int Responder::create(const Request& request, const FlowAttrs& attrs, const Zone& zone,
                      const TupleKey& orig, const TupleKey& reply) {
  ConnTable& table = tracker_.table();
  const TupleKey zoned = in_zone(orig, zone.in(Direction::kOriginal));
  const ConnIndex index = tracker_.make(table.hash(zoned));
  if (index == 0) return ENOMEM;
  Conn& ct = table[index];
  ct.tuple = {zoned, in_zone(reply, zone.in(Direction::kReply))};
  ct.features |= conntrack::kFromNetlink;
  ConnIndex master = 0;
  int code = fill(ct, attrs, zone, request.generic.nfgen_family, master);
  const conntrack::ConnTable::Hashes hashes = table.hashes(ct);
  const bool clash = tracker_.clashes(ct, hashes);
  if (code == 0 && clash) code = EEXIST;
  if (code == 0 && tracker_.in_long_chain(hashes)) code = ENOSPC;
  if (code != 0) {
    tracker_.discard(index);
    return code;
  }
  if (master != 0) tracker_.adopt(ct, master);
  tracker_.add_confirmed(index, hashes);
  ++tracker_.stats().insert;
  uint16_t bits = kToldAlways | (master != 0 ? conntrack::kEventRelated : conntrack::kEventNew);
  if (attrs.has(CTA_LABELS) && change_labels(table, ct, attrs) == 0) bits |= conntrack::kEventLabel;
  announce(request, index, EventKind::kNew, bits);
  expire_if_due(index);
  return 0;
}

/// Gives a new entry what the request says of it; what is wrong is found in the kernel's order.
int Responder::fill(Conn& ct, const FlowAttrs& attrs, const Zone& zone, uint8_t family,
                    ConnIndex& master) {
  ConnTable& table = tracker_.table();
  if (!attrs.has(CTA_TIMEOUT)) return EINVAL;
  if (attrs.has(CTA_HELP)) {
    std::string_view name;
    const int code = read_helper_name(attrs[CTA_HELP], name);
    return code != 0 ? code : EOPNOTSUPP;
  }
  if (const int code = set_up_nat_of(ct, attrs)) return code;
  ct.status |= kConfirmed;
  ct.expiry = requested_ticks(attrs[CTA_TIMEOUT]);
  if (attrs.has(CTA_STATUS))
    if (const int code = change_status(ct, attrs[CTA_STATUS])) return code;
  if (const int code = change_sequence_adjustment(table, ct, attrs)) return code;
  if (attrs.has(CTA_PROTOINFO))
    if (const int code = change_protoinfo(ct, attrs[CTA_PROTOINFO])) return code;
  if (attrs.has(CTA_SYNPROXY))
    if (const int code = change_synproxy(table, ct, attrs[CTA_SYNPROXY])) return code;
  if (attrs.has(CTA_MARK)) change_mark(ct, attrs);
  return attrs.has(CTA_TUPLE_MASTER) ? find_master(attrs, zone, family, master) : 0;
}

/// Either side's request brings the other side its null binding.
int Responder::set_up_nat_of(const Conn& ct, const FlowAttrs& attrs) {
  if (!attrs.has(CTA_NAT_DST) && !attrs.has(CTA_NAT_SRC)) return 0;
  struct Side {
    nat::Manip manip;
    uint16_t type;
  };
  const ConnIndex index = tracker_.table().index_of(ct);
  for (const auto& [manip, type] :
       {Side{nat::Manip::kDestination, CTA_NAT_DST}, Side{nat::Manip::kSource, CTA_NAT_SRC}}) {
    nat::Range range;
    if (attrs.has(type))
      if (const int code = read_nat(attrs[type], ct.tuple[0].family, range)) return code;
    attrs.has(type) ? nat_.set_up(index, range, manip) : nat_.set_up_null(index, manip);
  }
  return 0;
}

int Responder::find_master(const FlowAttrs& attrs, const Zone& zone, uint8_t family,
                           ConnIndex& master) {
  TupleKey key;
  if (const int code = read_tuple(attrs[CTA_TUPLE_MASTER], kAllParts, family, false, nullptr, key))
    return code;
  master = find_flow(tracker_.table(), key, zone).index;
  return master == 0 ? ENOENT : 0;
}

/// What comes before a mistake stays changed.
int Responder::change(ConnIndex index, const FlowAttrs& attrs) {
  ConnTable& table = tracker_.table();
  Conn& ct = table[index];
  if (attrs.has(CTA_NAT_SRC) || attrs.has(CTA_NAT_DST) || attrs.has(CTA_TUPLE_MASTER))
    return EOPNOTSUPP;
  if (attrs.has(CTA_HELP))
    if (const int code = change_helper(table, ct, attrs[CTA_HELP])) return code;
  if (attrs.has(CTA_TIMEOUT)) {
    if (ct.has(kFixedTimeout)) return EPERM;
    ct.expiry = tracker_.now() + requested_ticks(attrs[CTA_TIMEOUT]);
    tracker_.timer_changed(index);
  }
  if (attrs.has(CTA_STATUS))
    if (const int code = change_status(ct, attrs[CTA_STATUS])) return code;
  if (attrs.has(CTA_PROTOINFO))
    if (const int code = change_protoinfo(ct, attrs[CTA_PROTOINFO])) return code;
  if (attrs.has(CTA_MARK)) change_mark(ct, attrs);
  if (const int code = change_sequence_adjustment(table, ct, attrs)) return code;
  if (attrs.has(CTA_SYNPROXY))
    if (const int code = change_synproxy(table, ct, attrs[CTA_SYNPROXY])) return code;
  return attrs.has(CTA_LABELS) ? change_labels(table, ct, attrs) : 0;
}

// ---- get ----

int Responder::find_named(const Request& request, const FlowAttrs& attrs, ConnIndex& index) const {
  const bool by_orig = attrs.has(CTA_TUPLE_ORIG);
  const uint16_t type = by_orig ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY;
  if (!attrs.has(type)) return EINVAL;
  Zone zone = read_zone(attrs);
  TupleKey key;
  if (const int code =
          read_tuple(attrs[type], kAllParts, request.generic.nfgen_family, !by_orig, &zone, key))
    return code;
  index = find_flow(tracker_.table(), key, zone).index;
  return index == 0 ? ENOENT : 0;
}

template <typename Write>
void Responder::send_answer(const Request& request, uint8_t type, uint8_t family,
                            const Write& write) {
  AnswerMessage message(scratch_, NFNL_SUBSYS_CTNETLINK << 8 | type, NLM_F_MULTI,
                        request.header.nlmsg_seq, request.from.id, family);
  write(message.attrs());
  request.from.queue.push(std::span(scratch_).first(message.finish()), tracker_.now_ns());
}

int Responder::handle_get(const Request& request) {
  FlowAttrs attrs;
  if (const int code = read_attrs(request.attributes, kFlowRules, attrs)) return code;
  if (request.wants_dump()) return dump_flows(request, attrs);
  ConnIndex index = 0;
  if (const int code = find_named(request, attrs, index)) return code;
  Conn& ct = tracker_.table()[index];
  send_answer(request, IPCTNL_MSG_CT_NEW, ct.tuple[0].family, [&](netlink::AttrWriter& out) {
    write_flow(tracker_.table(), ct, tracker_.now(), references(ct) + 1, out);
  });
  if ((request.header.nlmsg_type & 0xff) == IPCTNL_MSG_CT_GET_CTRZERO) zero_counters(ct);
  return 0;
}

int Responder::handle_stats(const Request& request) {
  send_answer(request, IPCTNL_MSG_CT_GET_STATS, AF_UNSPEC, [&](netlink::AttrWriter& out) {
    out.put(CTA_STATS_GLOBAL_ENTRIES, tracker_.count());
    out.put(CTA_STATS_GLOBAL_MAX_ENTRIES, tracker_.settings().max_entries);
  });
  return 0;
}

// ---- delete ----

/// A tuple names one entry, unless it is part of a filter; without one, the filter says what goes.
int Responder::handle_delete(const Request& request) {
  FlowAttrs attrs;
  if (const int code = read_attrs(request.attributes, kFlowRules, attrs)) return code;
  const bool has_tuple = attrs.has(CTA_TUPLE_ORIG) || attrs.has(CTA_TUPLE_REPLY);
  if (!has_tuple || attrs.has(CTA_FILTER)) return flush(request, attrs);
  ConnIndex index = 0;
  if (const int code = find_named(request, attrs, index)) return code;
  if (attrs.has(CTA_ID) && front<uint32_t>(attrs[CTA_ID]) != tracker_.table()[index].id)
    return ENOENT;
  tracker_.destroy(index, request.from.id);
  return 0;
}

/// The family counts only in requests of a version that is not 0: old clients set it and meant all.
int Responder::flush(const Request& request, const FlowAttrs& attrs) {
  const bool by_family = request.generic.version != 0 || attrs.has(CTA_FILTER);
  const uint8_t family = by_family ? request.generic.nfgen_family : uint8_t{AF_UNSPEC};
  FlowFilter filter;
  const bool filtered = FlowFilter::wanted(family, attrs);
  if (filtered)
    if (const int code = filter.read(family, attrs)) return code;
  const ConnTable& table = tracker_.table();
  for (ConnIndex index = 1; index < table.end(); ++index) {
    const Conn& ct = table[index];
    if (!ct.in_use || !ct.has(kConfirmed) || ct.has(kOffload)) continue;
    if (!filtered || filter.matches(ct)) tracker_.destroy(index, request.from.id);
  }
  return 0;
}

}  // namespace ctwin::engine

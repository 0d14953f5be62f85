// JSON: one object a line (NDJSON), its keys in the order of this table. Keys marked * are always
// there, with null where the value is not known; the others are there when their value is known.
// Numbers are integers and exact; those of 64 bits are packets, bytes and the like, so read them
// with a parser that keeps them whole. Times are RFC 3339, in UTC.
//
// A flow:
//
//   key          type           meaning
//   event        string         "new", "update" or "destroy"; only on lines of -E
//   resync       true           the event was lost; this is what the table says of it
//   time         string         when the event happened: 9 digits of a second where the kernel has
//                               said so, 6 where it was noted on arrival; only on lines of -E
//   family *     string         "ipv4" or "ipv6"
//   proto *      string         "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "gre";
//                               null for every other protocol
//   protonum *   integer        protocol number
//   timeout *    integer        seconds until the flow expires
//   state *      string         state of a TCP, SCTP or DCCP flow
//   orig *       object         the original direction, see below
//   reply *      object         the reply direction
//   status *     array          of strings: EXPECTED SEEN_REPLY ASSURED CONFIRMED SRC_NAT DST_NAT
//                               SEQ_ADJUST SRC_NAT_DONE DST_NAT_DONE DYING FIXED_TIMEOUT TEMPLATE
//                               UNTRACKED HELPER OFFLOAD HW_OFFLOAD
//   mark *       integer        the mark; the kernel leaves a mark of 0 out of most events
//   secmark      integer        security mark
//   secctx       string         security context
//   zone         integer        zone of both directions
//   start        string         when the flow began
//   stop         string         when it ended
//   delta_time   integer        whole seconds from start to stop, or to now
//   helper       string         name of the helper
//   use          integer        reference count
//   id *         integer        id of the entry, as -i takes it
//   labels       array          of strings: the labels that have a name; needs -o json,labels
//   label_bits   array          of integers: the numbers of all labels that are set
//   vtag_orig    integer        SCTP verification tags
//   vtag_reply   integer
//   role         string         DCCP: "client" or "server"
//   master       object         original direction of the flow that announced this one
//   portid       integer        netlink port of the program that caused the event
//   program      string         its name
//
// A direction:
//
//   src *        string         address
//   dst *        string         address
//   sport dport  integer        ports: tcp udp udplite sctp dccp
//   srckey dstkey integer       GRE keys
//   type code id integer        icmp, icmpv6
//   zone         integer        zone of this direction
//   packets      integer        counters, where accounting is on
//   bytes        integer
//
// An expectation is an object with the keys event and time as above and
//
//   expectation * object
//     family * proto * protonum *  as above, of the expected flow
//     timeout *    integer      seconds until the expectation expires
//     expected *   object       the flow that is expected, a direction
//     mask *       object       which of its bits must agree, a direction
//     master *     object       original direction of the flow that announced it
//     class        integer      the helper's class of expectations
//     helper       string       name of the helper
//     flags        array        of strings: PERMANENT INACTIVE USERSPACE
//     zone         integer
//     id           integer
//     function     string       what is done to the expected flow, such as "nat-follow-master"
//     nat          object       its translation: dir ("original" or "reply") and the keys of a
//                               direction
//
// Text that is not UTF-8 has each of its stray bytes written as \u00XX.
#include "cli/json.h"
#include "cli/labels.h"
#include "cli/names.h"
#include "cli/print_formats.h"

namespace ctwin::cli {

namespace {

void write_address(std::string_view name, const Address& address, JsonList& object) {
  Writer& out = object.key(name);
  if (!address.is_set()) return out.put("null");
  out.character('"');
  out.address(address, address.family);
  out.character('"');
}

void write_tuple(const Tuple& tuple, JsonList& object) {
  write_address("src", tuple.src, object);
  write_address("dst", tuple.dst, object);
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
      object.number("sport", tuple.sport);
      object.number("dport", tuple.dport);
      break;
    case TransportKind::kKeys:
      object.number("srckey", tuple.sport);
      object.number("dstkey", tuple.dport);
      break;
    case TransportKind::kIcmp:
      object.number("type", tuple.icmp_type);
      object.number("code", tuple.icmp_code);
      object.number("id", tuple.icmp_id);
      break;
    case TransportKind::kNone: break;
  }
  if (tuple.has_zone) object.number("zone", tuple.zone);
}

/// A direction of a flow; `counters` is null where they are not known.
void write_direction(std::string_view name, const Tuple& tuple, const Counters* counters,
                     JsonList& object) {
  JsonList direction('{', object.key(name));
  write_tuple(tuple, direction);
  if (!counters) return;
  direction.number("packets", counters->packets);
  direction.number("bytes", counters->bytes);
}

void write_protocol(const Tuple& tuple, JsonList& object) {
  const uint8_t family = tuple.family();
  object.word_or_null("family", family == AF_UNSPEC ? std::string_view{} : family_word(family));
  object.word_or_null("proto", protocol_name(tuple.proto));
  object.number_or_null("protonum", tuple.has_proto, tuple.proto);
}

void write_status(const Flow& flow, JsonList& object) {
  Writer& out = object.key("status");
  if (!flow.has(FlowField::kStatus)) return out.put("null");
  JsonList bits('[', out);
  for (unsigned bit = 0; bit < kStatusBits; ++bit)
    if (flow.status >> bit & 1) write_json_string(status_name(bit), bits.next());
}

void write_labels(const Labels& labels, const LabelMap* map, JsonList& object) {
  if (map) {
    JsonList names('[', object.key("labels"));
    for (unsigned bit = 0; bit < Labels::kBits; ++bit)
      if (labels.test(bit) && !map->name(bit).empty())
        write_json_string(map->name(bit), names.next());
  }
  JsonList bits('[', object.key("label_bits"));
  for (unsigned bit = 0; bit < Labels::kBits; ++bit)
    if (labels.test(bit)) bits.next().number(bit);
}

void write_timestamps(const FlowRecord& record, JsonList& object) {
  const Flow& flow = record.flow;
  const bool start = flow.has(FlowField::kTimestampStart);
  const bool stop = flow.has(FlowField::kTimestampStop);
  if (start) write_json_time(flow.timestamp_start, 9, object.key("start"));
  if (stop) write_json_time(flow.timestamp_stop, 9, object.key("stop"));
  if (!start) return;
  const uint64_t end = stop ? flow.timestamp_stop : record.now;
  const uint64_t elapsed = end > flow.timestamp_start ? end - flow.timestamp_start : 0;
  object.number("delta_time", elapsed / kNanosecondsPerSecond);
}

void write_event(EventKind kind, uint64_t time, unsigned digits, JsonList& object) {
  if (kind == EventKind::kNone) return;
  object.string("event", event_word(kind));
  write_json_time(time, digits, object.key("time"));
}

/// What flows of some kinds have, and others have not.
void write_particulars(const FlowRecord& record, const PrintOptions& options, JsonList& object) {
  const Flow& flow = record.flow;
  if (flow.has(FlowField::kSecmark)) object.number("secmark", flow.secmark);
  if (flow.has(FlowField::kSecctx)) object.string("secctx", flow.secctx.view());
  if (flow.has(FlowField::kZone)) object.number("zone", flow.zone);
  write_timestamps(record, object);
  if (flow.has(FlowField::kHelper)) object.string("helper", flow.helper.view());
  if (flow.has(FlowField::kUse)) object.number("use", flow.use);
  object.number_or_null("id", flow.has(FlowField::kId), flow.id);
  if (flow.has(FlowField::kLabels)) write_labels(flow.labels, options.labels, object);
  if (flow.has(FlowField::kSctpVtags)) {
    object.number("vtag_orig", flow.sctp_vtag[0]);
    object.number("vtag_reply", flow.sctp_vtag[1]);
  }
  if (flow.has(FlowField::kDccpRole))
    object.string("role", flow.dccp_role == 0 ? "client" : "server");
  if (flow.has(FlowField::kMaster)) write_direction("master", flow.master, nullptr, object);
  if (record.port_id != 0) object.number("portid", record.port_id);
  if (!record.program.empty()) object.string("program", record.program);
}

void write_flow(const FlowRecord& record, const PrintOptions& options, Writer& out) {
  const Flow& flow = record.flow;
  JsonList object('{', out);
  const unsigned digits = flow.has(FlowField::kTimestampEvent) ? 9 : 6;
  write_event(record.event, time_of(record), digits, object);
  if (record.resync) object.key("resync").put("true");
  write_protocol(orig_tuple(flow), object);
  object.number_or_null("timeout", flow.has(FlowField::kTimeout), flow.timeout);
  object.word_or_null("state", state_word(flow));
  write_direction("orig", orig_tuple(flow),
                  flow.has(FlowField::kCountersOrig) ? &flow.counters_orig : nullptr, object);
  write_direction("reply", reply_tuple(flow),
                  flow.has(FlowField::kCountersReply) ? &flow.counters_reply : nullptr, object);
  write_status(flow, object);
  object.number_or_null("mark", flow.has(FlowField::kMark), flow.mark);
  write_particulars(record, options, object);
}

void write_flags(uint32_t flags, JsonList& object) {
  JsonList list('[', object.key("flags"));
  if (flags & kExpectPermanent) write_json_string("PERMANENT", list.next());
  if (flags & kExpectInactive) write_json_string("INACTIVE", list.next());
  if (flags & kExpectUserspace) write_json_string("USERSPACE", list.next());
}

void write_expectation(const Expectation& expectation, Writer& out) {
  JsonList object('{', out);
  write_protocol(expectation.expected, object);
  object.number_or_null("timeout", expectation.has_timeout, expectation.timeout);
  write_direction("expected", expectation.expected, nullptr, object);
  write_direction("mask", expectation.mask, nullptr, object);
  if (expectation.has_master)
    write_direction("master", expectation.master, nullptr, object);
  else
    object.key("master").put("null");
  if (expectation.has_class) object.number("class", expectation.class_);
  if (!expectation.helper.empty()) object.string("helper", expectation.helper.view());
  if (expectation.has_flags) write_flags(expectation.flags, object);
  if (expectation.has_zone) object.number("zone", expectation.zone);
  if (expectation.has_id) object.number("id", expectation.id);
  if (!expectation.function.empty()) object.string("function", expectation.function.view());
  if (!expectation.has_nat) return;
  JsonList nat('{', object.key("nat"));
  nat.string("dir", expectation.nat_dir == 0 ? "original" : "reply");
  write_tuple(expectation.nat, nat);
}

}  // namespace

void print_flow_json(const FlowRecord& record, const PrintOptions& options,
                     fmt::memory_buffer& buffer) {
  Writer out(buffer);
  write_flow(record, options, out);
  out.character('\n');
}

void print_lost_json(uint64_t lost, uint64_t total, uint64_t now, fmt::memory_buffer& buffer) {
  Writer out(buffer);
  {
    JsonList object('{', out);
    object.string("event", "lost");
    write_json_time(now, 6, object.key("time"));
    object.number("lost", lost);
    object.number("total", total);
  }
  out.character('\n');
}

void print_expectation_json(const ExpectationRecord& record, fmt::memory_buffer& buffer) {
  Writer out(buffer);
  {
    JsonList object('{', out);
    write_event(record.event, record.now, 6, object);
    write_expectation(record.expectation, object.key("expectation"));
  }
  out.character('\n');
}

}  // namespace ctwin::cli

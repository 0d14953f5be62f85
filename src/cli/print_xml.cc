// XML: conntrack's elements. It differs from conntrack where that loses or damages data: text is
// escaped, ICMP has its three fields, SCTP and DCCP have their own state names, offload shows.
#include <array>

#include "cli/labels.h"
#include "cli/names.h"
#include "cli/print_formats.h"

namespace ctwin::cli {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// <name>value</name>, the name given as both tags so that each is one copy.
template <size_t kOpen, size_t kClose>
void element(const char (&open)[kOpen], uint64_t value, const char (&close)[kClose], Writer& out) {
  out.put(open);
  out.number(value);
  out.put(close);
}

void write_counters(const Counters& counters, Writer& out) {
  element("<counters><packets>", counters.packets, "</packets>", out);
  element("<bytes>", counters.bytes, "</bytes></counters>", out);
}

/// What both directions have: addresses, ports, zone.
void write_direction(const Tuple& tuple, Writer& out) {
  write_xml_layer3_tag(tuple.family(), out);
  write_xml_addresses(tuple, out);
  out.put("</layer3>");
  write_xml_layer4_tag(tuple.proto, out);
  write_xml_ports(tuple, out);
  out.put("</layer4>");
  if (tuple.has_zone) element("<zone>", tuple.zone, "</zone>", out);
}

/// conntrack prints the reply's counters when it knows the original's.
void write_directions(const Flow& flow, Writer& out) {
  const bool counted = flow.has(FlowField::kCountersOrig);
  out.put("<meta direction=\"original\">");
  write_direction(orig_tuple(flow), out);
  if (counted) write_counters(flow.counters_orig, out);
  out.put("</meta><meta direction=\"reply\">");
  write_direction(reply_tuple(flow), out);
  if (counted)
    write_counters(flow.has(FlowField::kCountersReply) ? flow.counters_reply : Counters{}, out);
  out.put("</meta>");
}

void write_labels(const Labels& labels, const LabelMap& map, Writer& out) {
  out.put("<labels>");
  for (unsigned bit = 0; bit < Labels::kBits; ++bit) {
    if (!labels.test(bit) || map.name(bit).empty()) continue;
    out.put("<label>");
    write_xml_text(map.name(bit), out);
    out.put("</label>");
  }
  out.put("</labels>");
}

void write_status(const Flow& flow, Writer& out) {
  if (!flow.has(FlowField::kStatus)) return;
  if (flow.status & kAssured) out.put("<assured/>");
  if (flow.status & kHwOffload) out.put("<hw-offload/>");
  if (flow.status & kOffload) out.put("<offload/>");
  if (!(flow.status & kSeenReply)) out.put("<unreplied/>");
}

void write_timestamps(const FlowRecord& record, bool whole, Writer& out) {
  const Flow& flow = record.flow;
  const bool start = flow.has(FlowField::kTimestampStart);
  const bool stop = flow.has(FlowField::kTimestampStop);
  if (whole && (start || stop)) {
    out.put("<timestamp>");
    if (start) element("<start>", flow.timestamp_start, "</start>", out);
    if (stop) element("<stop>", flow.timestamp_stop, "</stop>", out);
    out.put("</timestamp>");
  }
  if (!start) return;
  const uint64_t seconds =
      stop ? (flow.timestamp_stop - flow.timestamp_start) / kNanosecondsPerSecond
           : record.now / kNanosecondsPerSecond - flow.timestamp_start / kNanosecondsPerSecond;
  element("<deltatime>", seconds, "</deltatime>", out);
}

bool has_independent(const Flow& flow, bool labels) {
  static constexpr std::array kFields{
      FlowField::kTcpState,      FlowField::kSctpState,
      FlowField::kDccpState,     FlowField::kTimeout,
      FlowField::kMark,          FlowField::kSecmark,
      FlowField::kSecctx,        FlowField::kZone,
      FlowField::kUse,           FlowField::kId,
      FlowField::kStatus,        FlowField::kTimestampStart,
      FlowField::kTimestampStop,
  };
  for (const FlowField field : kFields)
    if (flow.has(field)) return true;
  return labels;
}

void write_independent(const FlowRecord& record, const PrintOptions& options, Writer& out) {
  const Flow& flow = record.flow;
  const bool labels = options.labels && flow.has(FlowField::kLabels);
  if (!has_independent(flow, labels)) return;
  out.put("<meta direction=\"independent\">");
  if (const std::string_view state = state_word(flow); !state.empty()) {
    out.put("<state>");
    out.text(state);
    out.put("</state>");
  }
  if (flow.has(FlowField::kTimeout)) element("<timeout>", flow.timeout, "</timeout>", out);
  if (flow.has(FlowField::kMark)) element("<mark>", flow.mark, "</mark>", out);
  if (labels) write_labels(flow.labels, *options.labels, out);
  if (flow.has(FlowField::kSecmark)) element("<secmark>", flow.secmark, "</secmark>", out);
  if (flow.has(FlowField::kSecctx)) {
    out.put("<secctx>");
    write_xml_text(flow.secctx.view(), out);
    out.put("</secctx>");
  }
  if (flow.has(FlowField::kZone)) element("<zone>", flow.zone, "</zone>", out);
  if (flow.has(FlowField::kUse)) element("<use>", flow.use, "</use>", out);
  if (flow.has(FlowField::kId)) element("<id>", flow.id, "</id>", out);
  write_status(flow, out);
  write_timestamps(record, options.ktimestamp, out);
  out.put("</meta>");
}

/// Writes one character of text: escaped, replaced, or as it stands.
void write_xml_character(std::string_view sequence, Writer& out) {
  const char first = sequence.front();
  switch (first) {
    case '&': return out.put("&amp;");
    case '<': return out.put("&lt;");
    case '>': return out.put("&gt;");
    case '\t': return out.put("&#9;");
    case '\n': return out.put("&#10;");
    case '\r': return out.put("&#13;");
    default: break;
  }
  const bool control = static_cast<unsigned char>(first) < 0x20;
  const bool noncharacter = sequence == "\xef\xbf\xbe" || sequence == "\xef\xbf\xbf";
  out.text(control || noncharacter ? kReplacement : sequence);
}

}  // namespace

void write_xml_text(std::string_view text, Writer& out) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0)
      out.text(kReplacement);
    else
      write_xml_character(text.substr(0, length), out);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void write_xml_addresses(const Tuple& tuple, Writer& out) {
  const uint8_t family = tuple.family();
  out.put("<src>");
  out.address(tuple.src, family);
  out.put("</src><dst>");
  out.address(tuple.dst, family);
  out.put("</dst>");
}

void write_xml_ports(const Tuple& tuple, Writer& out) {
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
      element("<sport>", tuple.sport, "</sport>", out);
      element("<dport>", tuple.dport, "</dport>", out);
      break;
    case TransportKind::kKeys:
      out.put("<srckey>0x");
      out.hex(tuple.sport);
      out.put("</srckey><dstkey>0x");
      out.hex(tuple.dport);
      out.put("</dstkey>");
      break;
    case TransportKind::kIcmp:
      element("<type>", tuple.icmp_type, "</type>", out);
      element("<code>", tuple.icmp_code, "</code>", out);
      element("<id>", tuple.icmp_id, "</id>", out);
      break;
    case TransportKind::kNone: break;
  }
}

void write_when(uint64_t nanoseconds, Writer& out) {
  const std::tm tm = local_time(nanoseconds);
  element("<when><hour>", static_cast<uint64_t>(tm.tm_hour), "</hour><min>", out);
  out.padded(static_cast<uint64_t>(tm.tm_min), 2);
  out.put("</min><sec>");
  out.padded(static_cast<uint64_t>(tm.tm_sec), 2);
  element("</sec><wday>", static_cast<uint64_t>(tm.tm_wday) + 1, "</wday>", out);
  element("<day>", static_cast<uint64_t>(tm.tm_mday), "</day>", out);
  element("<month>", static_cast<uint64_t>(tm.tm_mon) + 1, "</month>", out);
  element("<year>", static_cast<uint64_t>(tm.tm_year) + 1900, "</year></when>", out);
}

void write_xml_flow_tag(EventKind kind, bool resync, Writer& out) {
  if (kind == EventKind::kNone) return out.put("<flow>");
  out.put("<flow type=\"");
  out.text(event_word(kind));
  if (resync) out.put("\" resync=\"true");
  out.put("\">");
}

void write_xml_layer3_tag(uint8_t family, Writer& out) {
  out.put("<layer3 protonum=\"");
  out.number(family);
  out.put("\" protoname=\"");
  out.text(family_word(family));
  out.put("\">");
}

void write_xml_layer4_tag(uint8_t proto, Writer& out) {
  out.put("<layer4 protonum=\"");
  out.number(proto);
  out.put("\" protoname=\"");
  out.text(protocol_word(proto));
  out.put("\">");
}

void print_flow_xml(const FlowRecord& record, const PrintOptions& options,
                    fmt::memory_buffer& buffer) {
  const Flow& flow = record.flow;
  Writer out(buffer);
  write_xml_flow_tag(record.event, record.resync, out);
  write_directions(flow, out);
  write_independent(record, options, out);
  if (options.timestamp && record.event != EventKind::kNone) write_when(time_of(record), out);
  if (flow.has(FlowField::kHelper)) {
    out.put("<helper>");
    write_xml_text(flow.helper.view(), out);
    out.put("</helper>");
  }
  out.put("</flow>\n");
}

}  // namespace ctwin::cli

#include "cli/print.h"

#include <array>

#include "cli/labels.h"
#include "cli/names.h"
#include "cli/print_formats.h"

namespace ctwin::cli {

namespace {

constexpr Tuple kNoTuple{};

/// The protocol's column: its name in eight places, its number.
void write_protocol_column(uint8_t proto, Writer& out) {
  switch (proto) {
    case IPPROTO_TCP: return out.put("tcp      6 ");
    case IPPROTO_UDP: return out.put("udp      17 ");
    case IPPROTO_ICMP: return out.put("icmp     1 ");
    case IPPROTO_ICMPV6: return out.put("icmpv6   58 ");
    case IPPROTO_UDPLITE: return out.put("udplite  136 ");
    case IPPROTO_SCTP: return out.put("sctp     132 ");
    case IPPROTO_DCCP: return out.put("dccp     33 ");
    case IPPROTO_GRE: return out.put("gre      47 ");
    default: return out.field("unknown  ", proto);
  }
}

void write_family_column(uint8_t family, Writer& out) {
  switch (family) {
    case AF_INET: return out.put("ipv4     2 ");
    case AF_INET6: return out.put("ipv6     10 ");
    default: return out.field("unknown  ", family);
  }
}

void write_counters(const Counters& counters, Writer& out) {
  out.field("packets=", counters.packets);
  out.field("bytes=", counters.bytes);
}

void write_tuple_fields(const Tuple& tuple, Writer& out) {
  if (const uint8_t family = tuple.family(); family != AF_UNSPEC) {
    out.put("src=");
    out.address(tuple.src, family);
    out.put(" dst=");
    out.address(tuple.dst, family);
    out.character(' ');
  }
  write_port_fields(tuple, out);
}

void write_original_tuple(const Flow& flow, Writer& out) {
  if (!flow.has(FlowField::kOrig)) return;
  write_tuple_fields(flow.orig, out);
  if (flow.orig.has_zone) out.field("zone-orig=", flow.orig.zone);
}

void write_original(const Flow& flow, Writer& out) {
  write_original_tuple(flow, out);
  if (flow.has(FlowField::kCountersOrig)) write_counters(flow.counters_orig, out);
  if (flow.has(FlowField::kStatus) && !(flow.status & kSeenReply)) out.put("[UNREPLIED] ");
}

void write_reply(const Flow& flow, Writer& out) {
  if (flow.has(FlowField::kReply)) {
    write_tuple_fields(flow.reply, out);
    if (flow.reply.has_zone) out.field("zone-reply=", flow.reply.zone);
  }
  if (flow.has(FlowField::kCountersReply)) write_counters(flow.counters_reply, out);
  if (!flow.has(FlowField::kStatus)) return;
  if (flow.status & kHwOffload)
    out.put("[HW_OFFLOAD] ");
  else if (flow.status & kOffload)
    out.put("[OFFLOAD] ");
  else if (flow.status & kAssured)
    out.put("[ASSURED] ");
}

/// Both ends are cut to whole seconds before they are subtracted, as conntrack does; scripts
/// compare these numbers.
void write_delta_time(const FlowRecord& record, Writer& out) {
  const Flow& flow = record.flow;
  if (!flow.has(FlowField::kTimestampStart)) return;
  const uint64_t end = flow.has(FlowField::kTimestampStop) ? flow.timestamp_stop : record.now;
  out.field("delta-time=",
            end / kNanosecondsPerSecond - flow.timestamp_start / kNanosecondsPerSecond);
}

/// A date as ctime(3) writes it: "Sat Nov 21 02:30:42 2026".
void write_ctime(uint64_t nanoseconds, Writer& out) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                         "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm tm = local_time(nanoseconds);
  out.text(kDays[static_cast<size_t>(tm.tm_wday)]);
  out.character(' ');
  out.text(kMonths[static_cast<size_t>(tm.tm_mon)]);
  if (tm.tm_mday < 10) out.character(' ');
  out.character(' ');
  out.number(static_cast<uint64_t>(tm.tm_mday));
  out.character(' ');
  out.padded(static_cast<uint64_t>(tm.tm_hour), 2);
  out.character(':');
  out.padded(static_cast<uint64_t>(tm.tm_min), 2);
  out.character(':');
  out.padded(static_cast<uint64_t>(tm.tm_sec), 2);
  out.character(' ');
  out.number(static_cast<uint64_t>(tm.tm_year) + 1900);
}

void write_kernel_timestamps(const Flow& flow, Writer& out) {
  if (flow.has(FlowField::kTimestampStart)) {
    out.put("[start=");
    write_ctime(flow.timestamp_start, out);
    out.put("] ");
  }
  if (flow.has(FlowField::kTimestampStop)) {
    out.put("[stop=");
    write_ctime(flow.timestamp_stop, out);
    out.put("] ");
  }
}

/// "labels=a,b ", or the bare word where no bit has a name.
void write_labels(const Labels& labels, const LabelMap& map, Writer& out) {
  out.put("labels");
  char separator = '=';
  for (unsigned bit = 0; bit < Labels::kBits; ++bit) {
    if (!labels.test(bit) || map.name(bit).empty()) continue;
    out.character(separator);
    out.text(map.name(bit));
    separator = ',';
  }
  out.character(' ');
}

void write_secctx(const Flow& flow, Writer& out) {
  if (!flow.has(FlowField::kSecctx)) return;
  out.put("secctx=");
  out.text(flow.secctx.view());
  out.character(' ');
}

void write_helper(const Flow& flow, Writer& out) {
  if (!flow.has(FlowField::kHelper)) return;
  out.put("helper=");
  out.text(flow.helper.view());
  out.character(' ');
}

void write_meta(const FlowRecord& record, const PrintOptions& options, Writer& out) {
  const Flow& flow = record.flow;
  if (flow.has(FlowField::kMark)) out.field("mark=", flow.mark);
  if (flow.has(FlowField::kSecmark)) out.field("secmark=", flow.secmark);
  write_secctx(flow, out);
  if (flow.has(FlowField::kZone)) out.field("zone=", flow.zone);
  write_delta_time(record, out);
  if (options.ktimestamp) write_kernel_timestamps(flow, out);
  write_helper(flow, out);
  if (flow.has(FlowField::kUse)) out.field("use=", flow.use);
  if (options.id && flow.has(FlowField::kId)) out.field("id=", flow.id);
  if (options.labels && flow.has(FlowField::kLabels))
    write_labels(flow.labels, *options.labels, out);
}

/// The program behind an event; nothing for what packets did.
void write_program(const FlowRecord& record, Writer& out) {
  if (record.port_id == 0) return;
  out.put(" [USERSPACE] portid=");
  out.number(record.port_id);
  if (record.program.empty()) return;
  out.put(" progname=");
  out.text(record.program);
}

void print_flow_plain(const FlowRecord& record, const PrintOptions& options,
                      fmt::memory_buffer& buffer) {
  const Flow& flow = record.flow;
  Writer out(buffer);
  if (options.timestamp && record.event != EventKind::kNone)
    write_time_column(time_of(record), out);
  write_event_column(record.event, out);
  if (flow.has(FlowField::kOrig)) {
    if (options.extended) write_family_column(flow.orig.family(), out);
    write_protocol_column(flow.orig.proto, out);
  }
  if (flow.has(FlowField::kTimeout)) {
    out.number(flow.timeout);
    out.character(' ');
  }
  if (const std::string_view state = state_word(flow); !state.empty()) {
    out.text(state);
    out.character(' ');
  }
  write_original(flow, out);
  write_reply(flow, out);
  write_meta(record, options, out);
  out.drop_blank();
  write_program(record, out);
  if (record.resync) out.put(" [RESYNC]");
  out.character('\n');
}

}  // namespace

void Writer::grow(size_t room) {
  commit();
  out_.reserve(out_.size() + room);
  adopt();
}

const Tuple& orig_tuple(const Flow& flow) {
  return flow.has(FlowField::kOrig) ? flow.orig : kNoTuple;
}

const Tuple& reply_tuple(const Flow& flow) {
  return flow.has(FlowField::kReply) ? flow.reply : kNoTuple;
}

std::string_view protocol_word(uint8_t proto) {
  const std::string_view name = protocol_name(proto);
  return name.empty() ? "unknown" : name;
}

std::string_view family_word(uint8_t family) {
  return family == AF_INET ? "ipv4" : family == AF_INET6 ? "ipv6" : "unknown";
}

std::string_view event_word(EventKind kind) {
  switch (kind) {
    case EventKind::kNew: return "new";
    case EventKind::kUpdate: return "update";
    case EventKind::kDestroy: return "destroy";
    case EventKind::kNone: break;
  }
  return {};
}

std::string_view state_word(const Flow& flow) {
  if (flow.has(FlowField::kTcpState)) return tcp_state_name(flow.tcp_state);
  if (flow.has(FlowField::kSctpState)) return sctp_state_name(flow.sctp_state);
  if (flow.has(FlowField::kDccpState)) return dccp_state_name(flow.dccp_state);
  return {};
}

uint64_t time_of(const FlowRecord& record) {
  if (record.event_time) return *record.event_time;
  return record.flow.has(FlowField::kTimestampEvent) ? record.flow.timestamp_event : record.now;
}

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xc2   ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length == 0 || length > text.size()) return 0;
  // The second byte is where overlong forms, surrogates and numbers past U+10FFFF show.
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length;
}

std::tm local_time(uint64_t nanoseconds) {
  const auto seconds = static_cast<std::time_t>(nanoseconds / kNanosecondsPerSecond);
  std::tm tm{};
  localtime_r(&seconds, &tm);
  return tm;
}

void write_event_column(EventKind kind, Writer& out) {
  switch (kind) {
    case EventKind::kNew: return out.put("    [NEW] ");
    case EventKind::kUpdate: return out.put(" [UPDATE] ");
    case EventKind::kDestroy: return out.put("[DESTROY] ");
    case EventKind::kNone: return;
  }
}

void write_time_column(uint64_t nanoseconds, Writer& out) {
  out.character('[');
  out.number(nanoseconds / kNanosecondsPerSecond);
  out.character('.');
  out.padded(nanoseconds % kNanosecondsPerSecond / 1000, 6);
  out.put("]\t");
}

void write_port_fields(const Tuple& tuple, Writer& out) {
  switch (transport_kind(tuple.proto)) {
    case TransportKind::kPorts:
      out.field("sport=", tuple.sport);
      out.field("dport=", tuple.dport);
      break;
    case TransportKind::kKeys:
      out.put("srckey=0x");
      out.hex(tuple.sport);
      out.put(" dstkey=0x");
      out.hex(tuple.dport);
      out.character(' ');
      break;
    case TransportKind::kIcmp:
      out.field("type=", tuple.icmp_type);
      out.field("code=", tuple.icmp_code);
      out.field("id=", tuple.icmp_id);
      break;
    case TransportKind::kNone: break;
  }
}

void print_document_start(const PrintOptions& options, bool expectations, fmt::memory_buffer& out) {
  if (options.format != Format::kXml) return;
  fmt::format_to(std::back_inserter(out), "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{}>\n",
                 expectations ? "expect" : "conntrack");
}

void print_document_end(const PrintOptions& options, bool expectations, fmt::memory_buffer& out) {
  if (options.format != Format::kXml) return;
  fmt::format_to(std::back_inserter(out), "</{}>\n", expectations ? "expect" : "conntrack");
}

void print_flow(const FlowRecord& record, const PrintOptions& options, fmt::memory_buffer& out) {
  switch (options.format) {
    case Format::kPlain: return print_flow_plain(record, options, out);
    case Format::kXml: return print_flow_xml(record, options, out);
    case Format::kSave: return print_flow_save(record, options, out);
    case Format::kJson: return print_flow_json(record, options, out);
  }
}

std::string entry_name(const Flow& flow) {
  fmt::memory_buffer buffer;
  {
    Writer out(buffer);
    out.text(protocol_word(flow.orig.proto));
    out.character(' ');
    write_original_tuple(flow, out);
    if (flow.has(FlowField::kZone)) out.field("zone=", flow.zone);
  }
  return {buffer.data(), buffer.size() - 1};
}

}  // namespace ctwin::cli

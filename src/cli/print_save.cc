// Save lines: one command a flow that makes, changes or deletes it again, for -R.
//
//   line   := verb [-t N] [-u LIST] [-m N] [--label-add NAME]* [-c N] [-w N] [--orig-zone N]
//             [--reply-zone N] -s A -d A (-r A | -g NAT) (-q A | -n NAT) -p PROTO option*
//   verb   := -A | -U | -D
//   NAT    := A | A4:PORT | [A6]:PORT
//
// The mark, the labels and the ports of NAT are not in conntrack's own lines; they are written in
// words that its -R understands, so that old versions load these lines too. A line without them
// is conntrack's, byte for byte.
#include "cli/labels.h"
#include "cli/names.h"
#include "cli/print_formats.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

namespace {

void write_verb(SaveVerb verb, Writer& out) {
  switch (verb) {
    case SaveVerb::kAdd: return out.put("-A ");
    case SaveVerb::kUpdate: return out.put("-U ");
    case SaveVerb::kDelete: return out.put("-D ");
  }
}

/// The status bits that -u can name, in the order of their numbers.
void write_status(uint32_t status, Writer& out) {
  struct Name {
    uint32_t bit;
    std::string_view text;
  };
  static constexpr Name kNames[] = {{kExpected, "EXPECTED"},
                                    {kSeenReply, "SEEN_REPLY"},
                                    {kAssured, "ASSURED"},
                                    {kFixedTimeout, "FIXED_TIMEOUT"}};
  out.put("-u ");
  bool any = false;
  for (const auto& [bit, text] : kNames) {
    if (!(status & bit)) continue;
    if (any) out.character(',');
    out.text(text);
    any = true;
  }
  if (!any) out.put("UNSET");
  out.character(' ');
}

/// One option a label: some versions of conntrack read only the first name of a list. -D has no
/// such option. Names may hold blanks.
void write_labels(const Labels& labels, const LabelMap& map, Writer& out) {
  for (unsigned bit = 0; bit < Labels::kBits; ++bit) {
    const std::string_view name = map.name(bit);
    if (!labels.test(bit) || name.empty()) continue;
    const bool quoted = name.find(' ') != std::string_view::npos;
    out.put("--label-add ");
    if (quoted) out.character('"');
    out.text(name);
    if (quoted) out.character('"');
    out.character(' ');
  }
}

void write_meta(const FlowRecord& record, const PrintOptions& options, Writer& out) {
  const Flow& flow = record.flow;
  if (flow.has(FlowField::kTimeout)) out.field("-t ", flow.timeout);
  if (flow.has(FlowField::kStatus)) write_status(flow.status, out);
  if (flow.has(FlowField::kMark) && flow.mark != 0) out.field("-m ", flow.mark);
  if (options.labels && flow.has(FlowField::kLabels) && record.verb != SaveVerb::kDelete)
    write_labels(flow.labels, *options.labels, out);
  if (flow.has(FlowField::kSecmark)) out.field("-c ", flow.secmark);
  if (flow.has(FlowField::kZone)) out.field("-w ", flow.zone);
  if (flow.orig.has_zone) out.field("--orig-zone ", flow.orig.zone);
  if (flow.has(FlowField::kReply) && flow.reply.has_zone)
    out.field("--reply-zone ", flow.reply.zone);
}

/// One side of NAT: what the reply direction calls the address and the port.
struct NatSide {
  bool translated;
  const Address& original_address;
  const Address& address;
  uint16_t original_port;
  uint16_t port;
};

/// "-g A", "-g A:P" or, where nothing was translated, "-r A" – the options are given. A port that
/// was translated without its address is named only where `port_alone` allows it.
template <size_t kNat, size_t kPlain>
void write_nat_side(const NatSide& side, bool port_alone, const char (&nat)[kNat],
                    const char (&plain)[kPlain], Writer& out) {
  const uint8_t family = side.address.family;
  const bool address = side.translated && side.original_address != side.address;
  const bool port = side.translated && side.original_port != side.port && (address || port_alone);
  if (!address && !port) {
    out.put(plain);
    out.address(side.address, family);
    return out.character(' ');
  }
  const bool brackets = port && family == AF_INET6;
  out.put(nat);
  if (brackets) out.character('[');
  out.address(side.address, family);
  if (brackets) out.character(']');
  if (port) out.character(':'), out.number(side.port);
  out.character(' ');
}

/// Naming the address that stayed asks for a translation to it, which makes the flow anew. It is no
/// way to find the flow – -U and -D take the address for one that was translated – and older
/// versions forget such ports but for TCP and UDP, where they would have kept the reply's.
bool may_name_port_alone(SaveVerb verb, uint8_t proto) {
  return verb == SaveVerb::kAdd && (proto == IPPROTO_TCP || proto == IPPROTO_UDP);
}

void write_addresses(const FlowRecord& record, Writer& out) {
  const Flow& flow = record.flow;
  const Tuple& orig = orig_tuple(flow);
  const Tuple& reply = reply_tuple(flow);
  const bool port_alone = may_name_port_alone(record.verb, orig.proto);
  const bool ports = transport_kind(orig.proto) == TransportKind::kPorts;
  out.put("-s ");
  out.address(orig.src, orig.family());
  out.put(" -d ");
  out.address(orig.dst, orig.family());
  out.character(' ');
  const bool dnat = ctnetlink::is_destination_nat(flow);
  const bool snat = ctnetlink::is_source_nat(flow);
  write_nat_side({dnat, orig.dst, reply.src, ports ? orig.dport : uint16_t{0},
                  ports ? reply.sport : uint16_t{0}},
                 port_alone, "-g ", "-r ", out);
  write_nat_side({snat, orig.src, reply.dst, ports ? orig.sport : uint16_t{0},
                  ports ? reply.dport : uint16_t{0}},
                 port_alone, "-n ", "-q ", out);
}

void write_icmp(const Tuple& tuple, std::string_view name, Writer& out) {
  const auto option = [&](std::string_view field, uint64_t value) {
    out.put("--");
    out.text(name);
    out.character('-');
    out.text(field);
    out.character(' ');
    out.number(value);
    out.character(' ');
  };
  option("type", tuple.icmp_type);
  option("code", tuple.icmp_code);
  option("id", tuple.icmp_id);
}

void write_ports(const Flow& flow, Writer& out) {
  const Tuple& orig = orig_tuple(flow);
  const Tuple& reply = reply_tuple(flow);
  switch (transport_kind(orig.proto)) {
    case TransportKind::kPorts:
      if (orig.has_ports) out.field("--sport ", orig.sport), out.field("--dport ", orig.dport);
      if (!reply.has_ports) return;
      out.field("--reply-port-src ", reply.sport);
      return out.field("--reply-port-dst ", reply.dport);
    case TransportKind::kKeys:
      if (orig.has_ports) out.field("--srckey ", orig.sport), out.field("--dstkey ", orig.dport);
      if (!reply.has_ports) return;
      out.field("--reply-key-src ", reply.sport);
      return out.field("--reply-key-dst ", reply.dport);
    case TransportKind::kIcmp:
      if (orig.has_ports) write_icmp(orig, protocol_name(orig.proto), out);
      return;
    case TransportKind::kNone: return;
  }
}

void write_protocol(const Flow& flow, Writer& out) {
  const Tuple& orig = orig_tuple(flow);
  if (!orig.has_proto) return;
  out.put("-p ");
  if (const std::string_view name = protocol_name(orig.proto); !name.empty())
    out.text(name);
  else
    out.number(orig.proto);
  out.character(' ');
  write_ports(flow, out);
  if (const std::string_view state = state_word(flow); !state.empty()) {
    out.put("--state ");
    out.text(state);
    out.character(' ');
  }
  if (flow.has(FlowField::kSctpVtags)) {
    out.field("--orig-vtag ", flow.sctp_vtag[0]);
    out.field("--reply-vtag ", flow.sctp_vtag[1]);
  }
  if (flow.has(FlowField::kDccpRole))
    out.text(flow.dccp_role == 0 ? "--role client " : "--role server ");
}

}  // namespace

void print_flow_save(const FlowRecord& record, const PrintOptions& options,
                     fmt::memory_buffer& buffer) {
  if (orig_tuple(record.flow).family() == AF_UNSPEC) return;  // nothing that could be made again
  Writer out(buffer);
  write_verb(record.verb, out);
  write_meta(record, options, out);
  write_addresses(record, out);
  write_protocol(record.flow, out);
  out.drop_blank();
  out.character('\n');
}

}  // namespace ctwin::cli

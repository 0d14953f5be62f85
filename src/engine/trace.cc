#include "engine/trace.h"

#include <netinet/in.h>

#include <ctime>

#include "base/address.h"
#include "conntrack/tuple.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::CtInfo;
using conntrack::Direction;
using conntrack::index_of;
using conntrack::Tracked;
using packet::Packet;
using packet::ParseResult;

namespace {

constexpr const char* kTcpStates[] = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                      "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                      "CLOSE",    "SYN_SENT2"};
constexpr const char* kSctpStates[] = {
    "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED", "ESTABLISHED",
    "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT"};

const char* protocol_name(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP: return "TCP";
    case IPPROTO_UDP: return "UDP";
    case IPPROTO_UDPLITE: return "UDPLITE";
    case IPPROTO_SCTP: return "SCTP";
    case IPPROTO_ICMP: return "ICMP";
    case IPPROTO_ICMPV6: return "ICMPv6";
    case IPPROTO_GRE: return "GRE";
    default: return nullptr;
  }
}

std::string address_text(const Packet& packet, uint32_t v4_at, uint32_t v6_at) {
  Address address;
  address.family = packet.family;
  const bool v4 = packet.family == AF_INET;
  std::memcpy(address.bytes.data(), packet.bytes + (v4 ? v4_at : v6_at), v4 ? 4 : 16);
  char text[kAddressText];
  return {text, static_cast<size_t>(format_address(address, text) - text)};
}

std::string time_text(uint64_t ns) {
  const time_t seconds = static_cast<time_t>(ns / 1'000'000'000);
  tm utc;
  gmtime_r(&seconds, &utc);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:06}Z", text, ns % 1'000'000'000 / 1000);
}

std::string tcp_text(const Packet& packet) {
  const uint8_t* tcp = packet.l4();
  constexpr struct {
    uint8_t bit;
    const char* name;
  } kFlags[] = {{0x02, "SYN"}, {0x01, "FIN"}, {0x04, "RST"},
                {0x10, "ACK"}, {0x08, "PSH"}, {0x20, "URG"}};
  std::string text;
  for (const auto& flag : kFlags)
    if (tcp[13] & flag.bit) text += std::string(text.empty() ? "" : ",") + flag.name;
  const uint32_t header = static_cast<uint32_t>(tcp[12] >> 4) * 4;
  const uint32_t payload = packet.l4_length() > header ? packet.l4_length() - header : 0;
  return fmt::format("{} seq={} ack={} win={} len={}", text.empty() ? "none" : text,
                     packet::load32(tcp + 4), packet::load32(tcp + 8), packet::load16(tcp + 14),
                     payload);
}

bool has_ports(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
         proto == IPPROTO_SCTP;
}

/// A packet on one line, as tcpdump's readers expect it.
std::string packet_text(const Packet& packet) {
  std::string src = address_text(packet, 12, 8), dst = address_text(packet, 16, 24);
  std::string rest = fmt::format("length {}", packet.length);
  const uint32_t captured = packet.l4_captured();
  if (has_ports(packet.proto) && captured >= 4) {
    src += fmt::format(".{}", packet::load16(packet.l4()));
    dst += fmt::format(".{}", packet::load16(packet.l4() + 2));
  }
  if (packet.proto == IPPROTO_TCP && captured >= 20) rest = tcp_text(packet);
  if (is_icmp(packet.proto) && captured >= 8)
    rest = fmt::format("type={} code={} id={}", packet.l4()[0], packet.l4()[1],
                       packet::load16(packet.l4() + 4));
  const char* name = protocol_name(packet.proto);
  return fmt::format("{} {} {} > {} {}", packet.family == AF_INET ? "IP" : "IP6",
                     name ? std::string(name) : fmt::format("proto {}", packet.proto), src, dst,
                     rest);
}

const char* info_text(CtInfo info) {
  switch (info) {
    case CtInfo::kEstablished: return "ESTABLISHED";
    case CtInfo::kRelated: return "RELATED";
    case CtInfo::kNew: return "NEW";
    case CtInfo::kEstablishedReply: return "ESTABLISHED REPLY";
    case CtInfo::kRelatedReply: return "RELATED REPLY";
    case CtInfo::kUntracked: return "UNTRACKED";
    case CtInfo::kInvalid: return "INVALID";
  }
  return "INVALID";
}

std::string state_text(const Conn& ct) {
  const uint8_t proto = ct.tuple[0].proto;
  if (proto == IPPROTO_TCP && ct.track.tcp.state < std::size(kTcpStates))
    return kTcpStates[ct.track.tcp.state];
  if (proto == IPPROTO_SCTP && ct.track.sctp.state < std::size(kSctpStates))
    return kSctpStates[ct.track.sctp.state];
  if (ct.has(kAssured)) return "ASSURED";
  return ct.has(kSeenReply) ? "REPLIED" : "UNREPLIED";
}

std::string tuple_text(const Packet& packet) {
  conntrack::TupleKey key;
  if (conntrack::extract_tuple(packet, 0, key) != conntrack::ExtractResult::kOk) return "none";
  const Tuple tuple = conntrack::to_tuple(key);
  std::string text =
      fmt::format("src={} dst={}", address_text(packet, 12, 8), address_text(packet, 16, 24));
  switch (tuple.has_ports ? transport_kind(tuple.proto) : TransportKind::kNone) {
    case TransportKind::kPorts:
      text += fmt::format(" sport={} dport={}", tuple.sport, tuple.dport);
      break;
    case TransportKind::kKeys:
      text += fmt::format(" srckey=0x{:x} dstkey=0x{:x}", tuple.sport, tuple.dport);
      break;
    case TransportKind::kIcmp:
      text +=
          fmt::format(" type={} code={} id={}", tuple.icmp_type, tuple.icmp_code, tuple.icmp_id);
      break;
    case TransportKind::kNone: break;
  }
  return text;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

Tracer::Tracer(Engine& engine, const Options& options, Sink sink)
    : engine_(engine), options_(options), sink_(std::move(sink)) {}

void Tracer::before(const Packet& packet) {
  notes_.clear();
  timeout_ = -1;
  const conntrack::Tracker& tracker = engine_.tracker();
  invalid_before_ = engine_.tracker().stats().invalid;
  error_before_ = engine_.tracker().stats().error;
  conntrack::TupleKey key;
  had_entry_ = false;
  if (conntrack::extract_tuple(packet, 0, key) != conntrack::ExtractResult::kOk) return;
  const auto found = tracker.table().find(key);
  if (found.index == 0) return;
  had_entry_ = true;
  entry_before_ = tracker.table()[found.index];
  dir_ = found.dir;
}

void Tracer::after(const Packet& packet, const Tracked& tracked) {
  const Story story = tell(packet, tracked);
  if (tracked.index != 0) remember(packet, engine_.tracker().table()[tracked.index]);
  if (!options_.only_invalid || story.refused) print(packet, story);
}

void Tracer::passed_over(const Packet& packet, ParseResult why) {
  Story story;
  story.refused = why == ParseResult::kInvalid;
  story.entry = "none";
  story.ctinfo = story.refused ? "INVALID" : "none";
  switch (why) {
    case ParseResult::kFragment: story.why = {"a fragment: waits for the others"}; break;
    case ParseResult::kDropped:
      story.why = {"the IP header is damaged: dropped before conntrack"};
      break;
    default: story.why = {"no transport header can be found"}; break;
  }
  if (!options_.only_invalid || story.refused) print(packet, story);
}

Tracer::Story Tracer::tell(const Packet&, const Tracked& tracked) {
  Story story;
  const Conn* now = tracked.index != 0 ? &engine_.tracker().table()[tracked.index] : nullptr;
  const bool same = now && had_entry_ && now->id == entry_before_.id;
  const bool related = tracked.info == CtInfo::kRelated || tracked.info == CtInfo::kRelatedReply;
  if (!now)
    story.entry = had_entry_ ? fmt::format("id={} left alone or gone", entry_before_.id) : "none";
  else if (same || related)
    story.entry = fmt::format("found id={}", now->id);
  else
    story.entry = fmt::format("{}created id={}", had_entry_ ? "old one destroyed, " : "", now->id);
  story.ctinfo = tracked.not_tracked ? "none" : info_text(tracked.info);
  if (!related) story.state = state_change(now);
  if (timeout_ >= 0)
    story.timeout = fmt::format("{} s ({})", timeout_ / conntrack::kTicksPerSecond, rule_);
  for (const auto& note : notes_) story.why.push_back(explain(note));
  if (tracked.not_tracked) story.why.push_back("the capture holds too little of the packet");
  if (tracked.drop) story.why.push_back("dropped");
  const auto& stats = engine_.tracker().stats();
  story.refused = stats.invalid != invalid_before_ || stats.error != error_before_;
  if (story.refused && notes_.empty())
    story.why.push_back(stats.error != error_before_ ? "an ICMP error that quotes no known flow"
                                                     : "no flow can begin with such a packet");
  story.refused |= !notes_.empty();
  return story;
}

std::string Tracer::state_change(const Conn* now) const {
  const std::string before = had_entry_ ? state_text(entry_before_) : "none";
  if (!now) return {};
  const bool same = had_entry_ && now->id == entry_before_.id;
  const std::string after = state_text(*now);
  return fmt::format("{} -> {}", same ? before : "none", after);
}

/// Notes which packet moved which bound of the flow.
void Tracer::remember(const Packet& packet, const Conn& now) {
  if (now.tuple[0].proto != IPPROTO_TCP) return;
  const bool same = had_entry_ && now.id == entry_before_.id;
  History& history = histories_[now.id];
  if (!same) history = {{}, packet.number};
  for (size_t i = 0; i < 2; ++i) {
    const conntrack::TcpPeer& peer = now.track.tcp.seen[i];
    const conntrack::TcpPeer old = same ? entry_before_.track.tcp.seen[i] : conntrack::TcpPeer{};
    Bounds& bounds = history.peer[i];
    if (peer.td_end != old.td_end) bounds.end = packet.number;
    if (peer.td_maxend != old.td_maxend) bounds.maxend = packet.number;
    if (peer.td_maxwin != old.td_maxwin) bounds.maxwin = packet.number;
    if (peer.td_maxack != old.td_maxack) bounds.maxack = packet.number;
  }
}

/// The kernel's words, then the state that they come from and the packets that made it so.
std::string Tracer::explain(const conntrack::TrackNote& note) const {
  std::string text = fmt::format("nf_ct_proto_{}: {}", note.proto, note.text);
  if (note.proto != IPPROTO_TCP || !had_entry_) return text;
  const auto known = histories_.find(entry_before_.id);
  if (known == histories_.end()) return text;
  const size_t sender = index_of(dir_), receiver = 1 - sender;
  const auto& tcp = entry_before_.track.tcp;
  const auto& bounds = known->second.peer;
  const auto starts = [&](std::string_view words) { return note.text.starts_with(words); };
  const auto contains = [&](std::string_view words) {
    return note.text.find(words) != std::string::npos;
  };
  if (starts("SEQ is over") || contains("bytes more than expected"))
    return text + fmt::format(" [td_maxend={} set by #{}]", tcp.seen[sender].td_maxend,
                              bounds[sender].maxend);
  if (starts("ACK is over"))
    return text + fmt::format(" [td_end of the other side={} set by #{}]",
                              tcp.seen[receiver].td_end, bounds[receiver].end);
  if (starts("SEQ is under"))
    return text + fmt::format(" [td_end={} set by #{}, td_maxwin of the other side={} set by #{}]",
                              tcp.seen[sender].td_end, bounds[sender].end,
                              tcp.seen[receiver].td_maxwin, bounds[receiver].maxwin);
  if (starts("ignored ACK under"))
    return text + fmt::format(" [td_end of the other side={} set by #{}]",
                              tcp.seen[receiver].td_end, bounds[receiver].end);
  if (starts("invalid rst"))
    return text + fmt::format(" [td_maxack of the other side={} set by #{}]",
                              tcp.seen[receiver].td_maxack, bounds[receiver].maxack);
  return text;
}

std::string Tracer::device_name(uint32_t device) const {
  return device < engine_.devices().size() ? engine_.devices()[device] : std::string("-");
}

void Tracer::print(const Packet& packet, const Story& story) {
  out_.clear();
  if (options_.json)
    print_json(packet, story);
  else
    print_text(packet, story);
  sink_({out_.data(), out_.size()});
}

void Tracer::print_text(const Packet& packet, const Story& story) {
  auto at = fmt::appender(out_);
  const bool readable = packet.family != AF_UNSPEC;
  fmt::format_to(at, "#{} {} {} {}\n", packet.number, time_text(packet.time),
                 device_name(packet.device), readable ? packet_text(packet) : "no IP packet");
  const auto line = [&](const char* name, const std::string& text) {
    if (!text.empty()) fmt::format_to(at, "  {:<8} {}\n", name, text);
  };
  if (readable) line("tuple", tuple_text(packet));
  line("entry", story.entry);
  line("ctinfo", story.ctinfo);
  line("state", story.state);
  line("timeout", story.timeout);
  for (const std::string& why : story.why) line("why", why);
}

void Tracer::print_json(const Packet& packet, const Story& story) {
  auto at = fmt::appender(out_);
  const bool readable = packet.family != AF_UNSPEC;
  fmt::format_to(at, "{{\"packet\":{},\"time\":\"{}\",\"interface\":{},\"summary\":{},\"tuple\":{}",
                 packet.number, time_text(packet.time), json_string(device_name(packet.device)),
                 json_string(readable ? packet_text(packet) : "no IP packet"),
                 json_string(readable ? tuple_text(packet) : "none"));
  const auto field = [&](const char* name, const std::string& text) {
    fmt::format_to(at, ",\"{}\":{}", name, text.empty() ? "null" : json_string(text));
  };
  field("entry", story.entry);
  field("ctinfo", story.ctinfo);
  field("state", story.state);
  field("timeout", story.timeout);
  fmt::format_to(at, ",\"why\":[");
  for (size_t i = 0; i < story.why.size(); ++i)
    fmt::format_to(at, "{}{}", i == 0 ? "" : ",", json_string(story.why[i]));
  fmt::format_to(at, "]}}\n");
}

}  // namespace ctwin::engine

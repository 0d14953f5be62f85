#include "engine/trace_text.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <cstring>
#include <ctime>

#include "base/address.h"
#include "conntrack/tuple.h"

namespace ctwin::engine {

using conntrack::Conn;
using conntrack::CtInfo;
using packet::Packet;

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

}  // namespace

std::string time_text(uint64_t ns) {
  const time_t seconds = static_cast<time_t>(ns / 1'000'000'000);
  tm utc;
  gmtime_r(&seconds, &utc);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:06}Z", text, ns % 1'000'000'000 / 1000);
}

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

namespace {

/// The target's name; of those that need more than their type to tell, "".
struct TargetName {
  const char* operator()(const rules::NoTarget&) const { return "no target"; }
  const char* operator()(const rules::VerdictTarget& target) const {
    constexpr const char* kNames[] = {"ACCEPT", "DROP", "RETURN"};
    return kNames[static_cast<size_t>(target.kind)];
  }
  const char* operator()(const rules::ChainTarget&) const { return ""; }
  const char* operator()(const rules::RejectTarget&) const { return "REJECT"; }
  const char* operator()(const rules::LogTarget&) const { return "LOG"; }
  const char* operator()(const rules::NflogTarget&) const { return "NFLOG"; }
  const char* operator()(const rules::TraceTarget&) const { return "TRACE"; }
  const char* operator()(const rules::NatTarget& target) const {
    constexpr const char* kNames[] = {"SNAT", "DNAT", "MASQUERADE", "REDIRECT", "NETMAP"};
    return kNames[static_cast<size_t>(target.kind)];
  }
  const char* operator()(const rules::MarkTarget&) const { return "MARK"; }
  const char* operator()(const rules::ConnmarkTarget&) const { return "CONNMARK"; }
  const char* operator()(const rules::CtTarget&) const { return "CT"; }
  const char* operator()(const rules::TcpmssTarget&) const { return "TCPMSS"; }
  const char* operator()(const rules::TtlTarget& target) const { return target.six ? "HL" : "TTL"; }
  const char* operator()(const rules::ChecksumTarget&) const { return "CHECKSUM"; }
};

}  // namespace

std::string target_text(const rules::Ruleset& rules, rules::TableId table,
                        const rules::Rule& rule) {
  if (const auto* jump = std::get_if<rules::ChainTarget>(&rule.target)) {
    const rules::Table* chains = rules.find(table);
    return fmt::format("{} {}", jump->go_to ? "=>" : "->", chains->chains[jump->chain].name);
  }
  return std::visit(TargetName(), rule.target);
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

}  // namespace ctwin::engine

#include "cli/group_keys.h"

#include <algorithm>
#include <cstring>

#include "base/address.h"
#include "cli/json.h"
#include "cli/names.h"
#include "ctnetlink/match.h"

namespace ctwin::cli {

namespace {

constexpr unsigned kDefaultV6Bits = 64;

struct KeyName {
  std::string_view name;
  GroupKey key;
  bool address;
};
constexpr std::array<KeyName, 15> kKeys{{{"src", GroupKey::kSrc, true},
                                         {"dst", GroupKey::kDst, true},
                                         {"reply-src", GroupKey::kReplySrc, true},
                                         {"reply-dst", GroupKey::kReplyDst, true},
                                         {"sport", GroupKey::kSport, false},
                                         {"dport", GroupKey::kDport, false},
                                         {"reply-sport", GroupKey::kReplySport, false},
                                         {"reply-dport", GroupKey::kReplyDport, false},
                                         {"proto", GroupKey::kProto, false},
                                         {"family", GroupKey::kFamily, false},
                                         {"state", GroupKey::kState, false},
                                         {"zone", GroupKey::kZone, false},
                                         {"mark", GroupKey::kMark, false},
                                         {"nat", GroupKey::kNat, false},
                                         {"status", GroupKey::kStatus, false}}};

// Numbers of the words of kNat and kStatus.
constexpr std::array<std::string_view, 4> kNatWords{"none", "snat", "dnat", "both"};
constexpr std::array<std::string_view, 4> kStatusWords{"UNREPLIED", "REPLIED", "ASSURED",
                                                       "OFFLOAD"};

Problem unknown_key(std::string_view word) {
  std::string text = std::string("--group-by: `").append(word).append("' is not one of");
  for (const KeyName& known : kKeys) text.append(" ").append(known.name);
  return {kUsageProblem, text};
}

/// [/bits[/bits]] behind an address key.
std::optional<Problem> read_bits(std::string_view word, std::string_view rest,
                                 GroupColumn& column) {
  if (rest.empty()) return {};
  const size_t slash = rest.find('/', 1);
  const auto v4 = parse_number(rest.substr(1, slash - 1), 10, 32);
  column.v6_bits = kDefaultV6Bits;
  std::optional<uint64_t> v6 = kDefaultV6Bits;
  if (slash != std::string_view::npos) v6 = parse_number(rest.substr(slash + 1), 10, 128);
  if (!v4 || !v6)
    return Problem{
        kUsageProblem,
        std::string("--group-by: `").append(word).append("' wants bits as in src/24 or src/24/64")};
  column.v4_bits = static_cast<unsigned>(*v4);
  column.v6_bits = static_cast<unsigned>(*v6);
  return {};
}

GroupCell number(uint64_t value) {
  GroupCell cell;
  cell.kind = GroupCell::kNumber;
  std::memcpy(cell.bytes.data(), &value, sizeof value);
  return cell;
}

GroupCell network(const GroupColumn& column, const Address& address) {
  GroupCell cell;
  cell.kind = address.family;
  const unsigned bits = address.family == AF_INET ? column.v4_bits : column.v6_bits;
  std::copy_n(address.bytes.begin(), bits / 8, cell.bytes.begin());
  if (bits % 8 != 0)
    cell.bytes[bits / 8] = address.bytes[bits / 8] & static_cast<uint8_t>(0xff00 >> bits % 8);
  return cell;
}

GroupCell port(const Tuple& tuple, uint16_t value) {
  const TransportKind kind = transport_kind(tuple.proto);
  const bool known = kind == TransportKind::kPorts || kind == TransportKind::kKeys;
  return known ? number(value) : GroupCell{};
}

/// The protocol stands with the state: equal numbers are other states elsewhere.
GroupCell state(const Flow& flow) {
  if (flow.has(FlowField::kTcpState)) return number(IPPROTO_TCP << 8 | flow.tcp_state);
  if (flow.has(FlowField::kSctpState)) return number(IPPROTO_SCTP << 8 | flow.sctp_state);
  if (flow.has(FlowField::kDccpState)) return number(IPPROTO_DCCP << 8 | flow.dccp_state);
  return {};
}

GroupCell status(const Flow& flow) {
  if (!flow.has(FlowField::kStatus)) return {};
  if (flow.status & (kOffload | kHwOffload)) return number(3);
  return number(flow.status & kAssured ? 2 : flow.status & kSeenReply ? 1 : 0);
}

/// The word of a number; empty for keys whose numbers are just that.
std::string word_of(const GroupColumn& column, uint64_t value) {
  const auto low = static_cast<uint8_t>(value);
  switch (column.key) {
    case GroupKey::kProto: return std::string(protocol_name(low));
    case GroupKey::kFamily: return low == AF_INET6 ? "ipv6" : "ipv4";
    case GroupKey::kState:
      return std::string(value >> 8 == IPPROTO_TCP    ? tcp_state_name(low)
                         : value >> 8 == IPPROTO_SCTP ? sctp_state_name(low)
                                                      : dccp_state_name(low));
    case GroupKey::kNat: return std::string(kNatWords[value]);
    case GroupKey::kStatus: return std::string(kStatusWords[value]);
    default: return {};
  }
}

std::string network_text(const GroupColumn& column, const GroupCell& cell) {
  char text[kAddressText];
  const Address address{cell.bytes, cell.kind};
  std::string written(text, format_address(address, text));
  const unsigned bits = cell.kind == AF_INET ? column.v4_bits : column.v6_bits;
  return bits == address.size() * 8 ? written : written + "/" + std::to_string(bits);
}

}  // namespace

std::variant<GroupColumns, Problem> parse_group_keys(std::string_view text) {
  GroupColumns columns;
  for (bool more = true; more;) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const std::string_view name = word.substr(0, word.find('/'));
    const auto* known = std::find_if(kKeys.begin(), kKeys.end(),
                                     [name](const KeyName& key) { return key.name == name; });
    if (known == kKeys.end() || (!known->address && name != word)) return unknown_key(word);
    GroupColumn column{known->key, known->name};
    if (auto problem = read_bits(word, word.substr(name.size()), column)) return *problem;
    columns.push_back(column);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return columns;
}

uint64_t GroupCell::number() const {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

GroupCell cell_of(const GroupColumn& column, const Flow& flow) {
  switch (column.key) {
    case GroupKey::kSrc: return network(column, flow.orig.src);
    case GroupKey::kDst: return network(column, flow.orig.dst);
    case GroupKey::kReplySrc: return network(column, flow.reply.src);
    case GroupKey::kReplyDst: return network(column, flow.reply.dst);
    case GroupKey::kSport: return port(flow.orig, flow.orig.sport);
    case GroupKey::kDport: return port(flow.orig, flow.orig.dport);
    case GroupKey::kReplySport: return port(flow.reply, flow.reply.sport);
    case GroupKey::kReplyDport: return port(flow.reply, flow.reply.dport);
    case GroupKey::kProto: return flow.orig.has_proto ? number(flow.orig.proto) : GroupCell{};
    case GroupKey::kFamily: return number(flow.orig.family());
    case GroupKey::kState: return state(flow);
    case GroupKey::kZone: return number(flow.has(FlowField::kZone) ? flow.zone : 0);
    case GroupKey::kMark: return number(flow.has(FlowField::kMark) ? flow.mark : 0);
    case GroupKey::kNat:
      return number((ctnetlink::is_source_nat(flow) ? 1u : 0u) |
                    (ctnetlink::is_destination_nat(flow) ? 2u : 0u));
    case GroupKey::kStatus: return status(flow);
  }
  return {};
}

std::string cell_text(const GroupColumn& column, const GroupCell& cell) {
  if (cell.kind == GroupCell::kUnknown) return "-";
  if (cell.kind != GroupCell::kNumber) return network_text(column, cell);
  const std::string word = word_of(column, cell.number());
  return word.empty() ? std::to_string(cell.number()) : word;
}

void write_cell(const GroupColumn& column, const GroupCell& cell, JsonList& object) {
  std::string name(column.name);
  std::replace(name.begin(), name.end(), '-', '_');
  const bool is_word = cell.kind == GroupCell::kNumber && !word_of(column, cell.number()).empty();
  if (cell.kind == GroupCell::kUnknown)
    object.word_or_null(name, {});
  else if (cell.kind == GroupCell::kNumber && !is_word)
    object.number(name, cell.number());
  else
    object.string(name, cell_text(column, cell));
}

}  // namespace ctwin::cli

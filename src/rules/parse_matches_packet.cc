// Matches that look at the packet alone.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "rules/extensions.h"
#include "rules/names.h"

namespace ctwin::rules {

namespace {

using Takes = OptionRow::Takes;

/// The row that has this name, in whatever case; null when there is none.
template <typename Row, size_t kRows>
const Row* named(const Row (&rows)[kRows], std::string_view name) {
  const auto same = [&](const Row& row) { return equal_ignoring_case(row.name, name); };
  const auto* found = std::ranges::find_if(rows, same);
  return found == std::end(rows) ? nullptr : found;
}

// ---- tcp, udp ----

enum PortOption : uint8_t { kSport, kDport, kSyn, kFlags, kTcpOption };

constexpr OptionRow kTcpOptions[] = {
    {.name = "source-port", .id = kSport, .inverts = true},
    {.name = "sport", .id = kSport, .inverts = true},
    {.name = "destination-port", .id = kDport, .inverts = true},
    {.name = "dport", .id = kDport, .inverts = true},
    {.name = "syn", .id = kSyn, .takes = Takes::kNothing, .inverts = true, .excludes = 1 << kFlags},
    {.name = "tcp-flags", .id = kFlags, .inverts = true, .excludes = 1 << kSyn},
    {.name = "tcp-option", .id = kTcpOption, .inverts = true},
};

constexpr OptionRow kUdpOptions[] = {
    {.name = "source-port", .id = kSport, .inverts = true},
    {.name = "sport", .id = kSport, .inverts = true},
    {.name = "destination-port", .id = kDport, .inverts = true},
    {.name = "dport", .id = kDport, .inverts = true},
};

/// FROM[:TO]. iptables reads the ports of udp, which has no `protocol` here, otherwise than those
/// of others: only decimal numbers, and a range may be empty.
Complaint parse_ports(const Given& given, const char* protocol, Interval<uint16_t>& ports) {
  ports = {0, UINT16_MAX, given.invert};
  const std::vector<std::string_view> parts = split(given.value, ':');
  if (parts.size() > 2) return fmt::format("invalid port range \"{}\"", given.value);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() && (parts.size() == 2 || !protocol)) continue;
    const auto port = port_number(parts[i], protocol, protocol ? 0 : 10);
    if (!port) return fmt::format("invalid port/service `{}' specified", parts[i]);
    (i == 0 ? ports.min : ports.max) = *port;
  }
  if (parts.size() == 1) ports.max = ports.min;
  if (protocol && ports.min > ports.max) return "invalid portrange (min > max)";
  return {};
}

constexpr uint8_t kFin = 0x01, kSynFlag = 0x02, kRst = 0x04, kAck = 0x10;

Complaint parse_flag_list(std::string_view text, uint8_t& flags) {
  struct Row {
    const char* name;
    uint8_t flag;
  };
  static constexpr Row kNames[] = {{"FIN", kFin}, {"SYN", kSynFlag}, {"RST", kRst}, {"PSH", 0x08},
                                   {"ACK", kAck}, {"URG", 0x20},     {"ALL", 0x3f}, {"NONE", 0}};
  flags = 0;
  for (const std::string_view word : split(text, ',')) {
    if (word.empty()) continue;
    const Row* row = named(kNames, word);
    if (!row)
      return fmt::format("Unknown TCP flag `{}'; known: FIN SYN RST PSH ACK URG ALL NONE", word);
    flags |= row->flag;
  }
  return {};
}

Complaint parse_tcp(const Given& given, TcpMatch& tcp) {
  switch (given.row.id) {
    case kSport: return parse_ports(given, "tcp", tcp.sport);
    case kDport: return parse_ports(given, "tcp", tcp.dport);
    case kSyn:
      tcp.flags_mask = kSynFlag | kRst | kAck | kFin;
      tcp.flags_compare = kSynFlag;
      tcp.flags_invert = given.invert;
      return {};
    case kFlags: {
      tcp.flags_invert = given.invert;
      const Word* compare = given.scanner.take_word();
      if (!compare) return "--tcp-flags requires two args: MASK COMP";
      if (Complaint complaint = parse_flag_list(given.value, tcp.flags_mask)) return complaint;
      return parse_flag_list(compare->text, tcp.flags_compare);
    }
    default: tcp.option_invert = given.invert; return given.number(tcp.option, 1, UINT8_MAX);
  }
}

Complaint parse_udp(const Given& given, UdpMatch& udp) {
  return parse_ports(given, nullptr, given.row.id == kSport ? udp.sport : udp.dport);
}

// ---- sctp ----

enum SctpOption : uint8_t { kSctpSport, kSctpDport, kChunkTypes };

constexpr OptionRow kSctpOptions[] = {
    {.name = "source-port", .id = kSctpSport, .inverts = true},
    {.name = "sport", .id = kSctpSport, .inverts = true},
    {.name = "destination-port", .id = kSctpDport, .inverts = true},
    {.name = "dport", .id = kSctpDport, .inverts = true},
    {.name = "chunk-types", .id = kChunkTypes, .inverts = true},
};

/// Letters behind a chunk's name: large ones must be set, small ones must not. Large ones win.
Complaint parse_chunk_flags(std::string_view text, const SctpChunkName& chunk, SctpMatch& sctp) {
  auto found = std::ranges::find(sctp.flags, chunk.type, &SctpMatch::ChunkFlags::type);
  if (found == sctp.flags.end()) found = sctp.flags.insert(found, {chunk.type, 0, 0});
  const std::string_view letters = chunk.flags;
  for (const char letter : text) {
    const bool set = letter >= 'A' && letter <= 'Z';
    const size_t at = letters.find(static_cast<char>(letter & ~0x20));
    const bool is_letter = set || (letter >= 'a' && letter <= 'z');
    if (!is_letter || at == letters.npos)
      return fmt::format("Invalid flags for chunk type {}: '{}'; known: \"{}\"", chunk.name, letter,
                         letters);
    const auto bit = static_cast<uint8_t>(1u << (letters.size() - 1 - at));
    found->mask |= bit;
    if (set) found->flags |= bit;
  }
  return {};
}

Complaint parse_chunks(std::string_view text, SctpMatch& sctp) {
  if (equal_ignoring_case(text, "ALL")) return sctp.types.set(), std::nullopt;
  if (equal_ignoring_case(text, "NONE")) return sctp.types.reset(), std::nullopt;
  for (const std::string_view word : split(text, ',')) {
    if (word.empty()) continue;
    const size_t colon = word.find(':');
    const SctpChunkName* chunk = named(kSctpChunks, word.substr(0, colon));
    if (!chunk) return fmt::format("Unknown sctp chunk `{}'", word.substr(0, colon));
    sctp.types.set(chunk->type);
    if (colon == word.npos) continue;
    if (Complaint complaint = parse_chunk_flags(word.substr(colon + 1), *chunk, sctp))
      return complaint;
  }
  return {};
}

Complaint parse_sctp(const Given& given, SctpMatch& sctp) {
  if (given.row.id != kChunkTypes)
    return parse_ports(given, "sctp",
                       (given.row.id == kSctpSport ? sctp.sport : sctp.dport).emplace());
  using Chunks = SctpMatch::Chunks;
  struct Row {
    const char* name;
    Chunks chunks;
  };
  static constexpr Row kHow[] = {
      {"all", Chunks::kAll}, {"any", Chunks::kAny}, {"only", Chunks::kOnly}};
  const Word* types = given.scanner.take_word();
  if (!types) return "--chunk-types requires two args: all, any or only, and the types";
  const Row* how = named(kHow, given.value);
  if (!how) return "Match type has to be one of \"ALL\", \"ANY\" or \"ONLY\"";
  sctp.chunks = how->chunks;
  sctp.chunks_invert = given.invert;
  return parse_chunks(types->text, sctp);
}

// ---- icmp, icmp6 ----

constexpr OptionRow kIcmpOptions[] = {
    {.name = "icmp-type", .id = 0, .inverts = true, .mandatory = true}};
constexpr OptionRow kIcmp6Options[] = {
    {.name = "icmpv6-type", .id = 0, .inverts = true, .mandatory = true}};

struct IcmpName {
  const char* name;
  uint8_t type, code_min, code_max;
};

constexpr uint8_t kAny = 255;

constexpr IcmpName kIcmpNames[] = {
    {"any", 255, 0, kAny},
    {"echo-reply", 0, 0, kAny},
    {"pong", 0, 0, kAny},
    {"destination-unreachable", 3, 0, kAny},
    {"network-unreachable", 3, 0, 0},
    {"host-unreachable", 3, 1, 1},
    {"protocol-unreachable", 3, 2, 2},
    {"port-unreachable", 3, 3, 3},
    {"fragmentation-needed", 3, 4, 4},
    {"source-route-failed", 3, 5, 5},
    {"network-unknown", 3, 6, 6},
    {"host-unknown", 3, 7, 7},
    {"network-prohibited", 3, 9, 9},
    {"host-prohibited", 3, 10, 10},
    {"TOS-network-unreachable", 3, 11, 11},
    {"TOS-host-unreachable", 3, 12, 12},
    {"communication-prohibited", 3, 13, 13},
    {"host-precedence-violation", 3, 14, 14},
    {"precedence-cutoff", 3, 15, 15},
    {"source-quench", 4, 0, kAny},
    {"redirect", 5, 0, kAny},
    {"network-redirect", 5, 0, 0},
    {"host-redirect", 5, 1, 1},
    {"TOS-network-redirect", 5, 2, 2},
    {"TOS-host-redirect", 5, 3, 3},
    {"echo-request", 8, 0, kAny},
    {"ping", 8, 0, kAny},
    {"router-advertisement", 9, 0, kAny},
    {"router-solicitation", 10, 0, kAny},
    {"time-exceeded", 11, 0, kAny},
    {"ttl-exceeded", 11, 0, kAny},
    {"ttl-zero-during-transit", 11, 0, 0},
    {"ttl-zero-during-reassembly", 11, 1, 1},
    {"parameter-problem", 12, 0, kAny},
    {"ip-header-bad", 12, 0, 0},
    {"required-option-missing", 12, 1, 1},
    {"timestamp-request", 13, 0, kAny},
    {"timestamp-reply", 14, 0, kAny},
    {"address-mask-request", 17, 0, kAny},
    {"address-mask-reply", 18, 0, kAny},
};

constexpr IcmpName kIcmp6Names[] = {
    {"destination-unreachable", 1, 0, kAny},
    {"no-route", 1, 0, 0},
    {"communication-prohibited", 1, 1, 1},
    {"beyond-scope", 1, 2, 2},
    {"address-unreachable", 1, 3, 3},
    {"port-unreachable", 1, 4, 4},
    {"failed-policy", 1, 5, 5},
    {"reject-route", 1, 6, 6},
    {"packet-too-big", 2, 0, kAny},
    {"time-exceeded", 3, 0, kAny},
    {"ttl-exceeded", 3, 0, kAny},
    {"ttl-zero-during-transit", 3, 0, 0},
    {"ttl-zero-during-reassembly", 3, 1, 1},
    {"parameter-problem", 4, 0, kAny},
    {"bad-header", 4, 0, 0},
    {"unknown-header-type", 4, 1, 1},
    {"unknown-option", 4, 2, 2},
    {"echo-request", 128, 0, kAny},
    {"ping", 128, 0, kAny},
    {"echo-reply", 129, 0, kAny},
    {"pong", 129, 0, kAny},
    {"router-solicitation", 133, 0, kAny},
    {"router-advertisement", 134, 0, kAny},
    {"neighbour-solicitation", 135, 0, kAny},
    {"neighbor-solicitation", 135, 0, kAny},
    {"neighbour-advertisement", 136, 0, kAny},
    {"neighbor-advertisement", 136, 0, kAny},
    {"redirect", 137, 0, kAny},
};

Complaint parse_icmp(const Given& given, IcmpMatch& icmp) {
  const auto names = icmp.six ? std::span<const IcmpName>(kIcmp6Names) : kIcmpNames;
  const char* const protocol = icmp.six ? "ICMPv6" : "ICMP";
  icmp.invert = given.invert;
  const IcmpName* found = nullptr;
  for (const IcmpName& row : names) {
    if (!begins_ignoring_case(row.name, given.value)) continue;
    if (found)
      return fmt::format("Ambiguous {} type `{}': `{}' or `{}'?", protocol, given.value,
                         found->name, row.name);
    found = &row;
  }
  if (found) {
    icmp.type = found->type;
    icmp.code_min = found->code_min;
    icmp.code_max = found->code_max;
    return {};
  }
  const size_t slash = given.value.find('/');
  const std::string_view type_text = given.value.substr(0, slash);
  const auto type = whole_number(type_text, 0, UINT8_MAX);
  if (!type) return fmt::format("Invalid {} type `{}'", protocol, type_text);
  icmp.type = static_cast<uint8_t>(*type);
  icmp.code_min = 0;
  icmp.code_max = kAny;
  if (slash == given.value.npos) return {};
  const std::string_view code_text = given.value.substr(slash + 1);
  const auto code = whole_number(code_text, 0, UINT8_MAX);
  if (!code) return fmt::format("Invalid {} code `{}'", protocol, code_text);
  icmp.code_min = icmp.code_max = static_cast<uint8_t>(*code);
  return {};
}

Match make_icmp(uint8_t family) { return IcmpMatch{.six = family == AF_INET6}; }

// ---- multiport ----

constexpr uint32_t kAnySide = 7;
constexpr OptionRow kMultiportOptions[] = {
    {.name = "source-ports", .id = 0, .inverts = true, .excludes = kAnySide},
    {.name = "sports", .id = 0, .inverts = true, .excludes = kAnySide},
    {.name = "destination-ports", .id = 1, .inverts = true, .excludes = kAnySide},
    {.name = "dports", .id = 1, .inverts = true, .excludes = kAnySide},
    {.name = "ports", .id = 2, .inverts = true, .excludes = kAnySide},
};

const char* protocol_with_ports(uint16_t proto) {
  switch (proto) {
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 132: return "sctp";
    case 136: return "udplite";
    default: return nullptr;
  }
}

Complaint parse_multiport(const Given& given, MultiportMatch& match) {
  static constexpr size_t kMaxPorts = 15;
  static constexpr const char* kWorksWith =
      "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP";
  if (given.rule.proto_invert) return kWorksWith;
  if (given.rule.proto == 0)
    return "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp' before it";
  const char* const protocol = protocol_with_ports(given.rule.proto);
  if (!protocol) return kWorksWith;
  using Side = MultiportMatch::Side;
  match.side = given.row.id == 0   ? Side::kSource
               : given.row.id == 1 ? Side::kDestination
                                   : Side::kEither;
  match.invert = given.invert;
  size_t count = 0;
  for (const std::string_view word : split(given.value, ',')) {
    const std::vector<std::string_view> parts = split(word, ':');
    count += parts.size();
    if (count > kMaxPorts) return "too many ports specified: at most 15, a range counts as two";
    uint16_t ports[2] = {};
    for (size_t i = 0; i < parts.size() && i < 2; ++i) {
      const auto port = port_number(parts[i], protocol);
      if (!port) return fmt::format("invalid port/service `{}' specified", parts[i]);
      ports[i] = *port;
    }
    if (parts.size() > 2 || (parts.size() == 2 && ports[0] >= ports[1]))
      return fmt::format("invalid portrange specified: \"{}\"", word);
    match.ports.push_back({ports[0], parts.size() == 2 ? ports[1] : ports[0], false});
  }
  return {};
}

Complaint finish_multiport(uint32_t seen, MultiportMatch&) {
  if (seen == 0) return "multiport: no ports specified";
  return {};
}

// ---- length, ttl, hl, tos, dscp ----

constexpr OptionRow kLengthOptions[] = {
    {.name = "length", .id = 0, .inverts = true, .mandatory = true}};

Complaint parse_length(const Given& given, LengthMatch& match) {
  uint64_t from = 0, to = 0;
  bool has_to = false;
  Complaint complaint = given.number_range(from, to, has_to, UINT16_MAX);
  match.length = {static_cast<uint16_t>(from), static_cast<uint16_t>(has_to ? to : from),
                  given.invert};
  return complaint;
}

enum TtlOption : uint8_t { kEqual, kLess, kGreater };
constexpr uint32_t kAnyTtl = 7;
constexpr OptionRow kTtlOptions[] = {
    {.name = "ttl-lt", .id = kLess, .excludes = kAnyTtl},
    {.name = "ttl-gt", .id = kGreater, .excludes = kAnyTtl},
    {.name = "ttl-eq", .id = kEqual, .inverts = true, .excludes = kAnyTtl},
    {.name = "ttl", .id = kEqual, .inverts = true, .excludes = kAnyTtl},
};
constexpr OptionRow kHlOptions[] = {
    {.name = "hl-lt", .id = kLess, .excludes = kAnyTtl},
    {.name = "hl-gt", .id = kGreater, .excludes = kAnyTtl},
    {.name = "hl-eq", .id = kEqual, .inverts = true, .excludes = kAnyTtl},
    {.name = "hl", .id = kEqual, .inverts = true, .excludes = kAnyTtl},
};

Complaint parse_ttl(const Given& given, TtlMatch& match) {
  using How = TtlMatch::How;
  switch (given.row.id) {
    case kEqual: match.how = given.invert ? How::kNotEqual : How::kEqual; break;
    case kLess: match.how = How::kLess; break;
    default: match.how = How::kGreater; break;
  }
  return given.number(match.value, 0, UINT8_MAX);
}

Complaint finish_ttl(uint32_t seen, TtlMatch& match) {
  if (seen != 0) return {};
  return match.six ? "hl: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'"
                   : "ttl: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt'";
}

Match make_ttl(uint8_t family) { return TtlMatch{.six = family == AF_INET6}; }

constexpr OptionRow kTosOptions[] = {{.name = "tos", .id = 0, .inverts = true, .mandatory = true}};

Complaint parse_tos(const Given& given, TosMatch& match) {
  match.invert = given.invert;
  if (const auto number = leading_number(given.value); number && number->value <= UINT8_MAX) {
    match.value = static_cast<uint8_t>(number->value);
    match.mask = UINT8_MAX;
    if (number->used == given.value.size()) return {};
    const auto mask = given.value[number->used] == '/'
                          ? whole_number(given.value.substr(number->used + 1), 0, UINT8_MAX)
                          : std::nullopt;
    if (!mask) return fmt::format("Illegal value: \"{}\"", given.value);
    match.mask = static_cast<uint8_t>(*mask);
    return {};
  }
  struct Row {
    const char* name;
    uint8_t value;
  };
  static constexpr Row kNames[] = {{"Minimize-Delay", 0x10},
                                   {"Maximize-Throughput", 0x08},
                                   {"Maximize-Reliability", 0x04},
                                   {"Minimize-Cost", 0x02},
                                   {"Normal-Service", 0x00}};
  match.mask = 0x3f;
  const Row* row = named(kNames, given.value);
  if (!row) return fmt::format("Symbolic name \"{}\" is unknown", given.value);
  match.value = row->value;
  return {};
}

constexpr OptionRow kDscpOptions[] = {
    {.name = "dscp", .id = 0, .inverts = true, .excludes = 2},
    {.name = "dscp-class", .id = 1, .inverts = true, .excludes = 1},
};

Complaint parse_dscp(const Given& given, DscpMatch& match) {
  match.invert = given.invert;
  if (given.row.id == 0) return given.number(match.dscp, 0, 63);
  struct Row {
    const char* name;
    uint8_t dscp;
  };
  static constexpr Row kClasses[] = {
      {"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},  {"CS4", 32},  {"CS5", 40},
      {"CS6", 48},  {"CS7", 56},  {"BE", 0},    {"AF11", 10}, {"AF12", 12}, {"AF13", 14},
      {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30},
      {"AF41", 34}, {"AF42", 36}, {"AF43", 38}, {"EF", 46}};
  const Row* row = named(kClasses, given.value);
  if (!row) return fmt::format("Invalid DSCP value `{}'", given.value);
  match.dscp = row->dscp;
  return {};
}

Complaint finish_dscp(uint32_t seen, DscpMatch&) {
  if (seen == 0) return "dscp: Parameter --dscp or --dscp-class is required";
  return {};
}

// ---- iprange, addrtype ----

constexpr OptionRow kIprangeOptions[] = {
    {.name = "src-range", .id = 0, .inverts = true},
    {.name = "dst-range", .id = 1, .inverts = true},
};

Complaint parse_iprange(const Given& given, IprangeMatch& match) {
  const bool source = given.row.id == 0;
  const size_t dash = given.value.find('-');
  const std::string_view from = given.value.substr(0, dash);
  const std::string_view to = dash == given.value.npos ? from : given.value.substr(dash + 1);
  const Address min = numeric_address(from, given.rule.family);
  const Address max = numeric_address(to, given.rule.family);
  if (!min.is_set() || !max.is_set()) return given.bad_value();
  (source ? match.has_source : match.has_destination) = true;
  (source ? match.source_invert : match.destination_invert) = given.invert;
  (source ? match.source_min : match.destination_min) = min;
  (source ? match.source_max : match.destination_max) = max;
  return {};
}

Complaint finish_iprange(uint32_t seen, IprangeMatch&) {
  if (seen == 0) return "iprange: You must specify `--src-range' or `--dst-range'";
  return {};
}

enum AddrtypeOption : uint8_t { kSourceType, kDestinationType, kLimitIn, kLimitOut };
constexpr OptionRow kAddrtypeOptions[] = {
    {.name = "src-type", .id = kSourceType, .inverts = true},
    {.name = "dst-type", .id = kDestinationType, .inverts = true},
    {.name = "limit-iface-in",
     .id = kLimitIn,
     .takes = Takes::kNothing,
     .excludes = 1 << kLimitOut},
    {.name = "limit-iface-out",
     .id = kLimitOut,
     .takes = Takes::kNothing,
     .excludes = 1 << kLimitIn},
};

Complaint parse_types(std::string_view text, uint16_t& types) {
  for (const std::string_view word : split(text, ',')) {
    uint32_t type = 0;
    while (type < std::size(kAddressTypes) && !begins_ignoring_case(kAddressTypes[type], word))
      ++type;
    if (type == std::size(kAddressTypes))
      return fmt::format("addrtype: bad type `{}'; known: {}", word, fmt::join(kAddressTypes, " "));
    types = static_cast<uint16_t>(types | 1u << type);
  }
  return {};
}

Complaint parse_addrtype(const Given& given, AddrtypeMatch& match) {
  switch (given.row.id) {
    case kSourceType:
      match.source_invert = given.invert;
      return parse_types(given.value, match.source);
    case kDestinationType:
      match.destination_invert = given.invert;
      return parse_types(given.value, match.destination);
    case kLimitIn: match.limit_in = true; return {};
    default: match.limit_out = true; return {};
  }
}

Complaint finish_addrtype(uint32_t seen, AddrtypeMatch&) {
  if (!(seen & (1 << kSourceType | 1 << kDestinationType)))
    return "addrtype: you must specify --src-type or --dst-type";
  return {};
}

// ---- mac, pkttype, rt ----

constexpr OptionRow kMacOptions[] = {
    {.name = "mac-source", .id = 0, .inverts = true, .mandatory = true}};

Complaint parse_mac(const Given& given, MacMatch& match) {
  match.invert = given.invert;
  const std::vector<std::string_view> parts = split(given.value, ':');
  if (parts.size() != match.address.size()) return "Invalid MAC address specified.";
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto byte =
        parts[i].size() <= 2 ? whole_number(parts[i], 0, UINT8_MAX, 16) : std::nullopt;
    if (!byte) return "Invalid MAC address specified.";
    match.address[i] = static_cast<uint8_t>(*byte);
  }
  return {};
}

constexpr OptionRow kPkttypeOptions[] = {
    {.name = "pkt-type", .id = 0, .inverts = true, .mandatory = true}};

Complaint parse_pkttype(const Given& given, PkttypeMatch& match) {
  using conntrack::PacketType;
  struct Row {
    const char* name;
    PacketType type;
  };
  static constexpr Row kNames[] = {
      {"unicast", PacketType::kHost},        {"broadcast", PacketType::kBroadcast},
      {"multicast", PacketType::kMulticast}, {"bcast", PacketType::kBroadcast},
      {"mcast", PacketType::kMulticast},     {"host", PacketType::kHost},
      {"otherhost", PacketType::kOtherHost}};
  match.invert = given.invert;
  const Row* row = named(kNames, given.value);
  if (!row)
    return fmt::format("Bad packet type '{}'; known: unicast broadcast multicast otherhost",
                       given.value);
  match.type = row->type;
  return {};
}

enum RtOption : uint8_t {
  kRtType,
  kRtSegments,
  kRtLength,
  kRtReserved,
  kRtAddresses,
  kRtNotStrict
};
constexpr OptionRow kRtOptions[] = {
    {.name = "rt-type", .id = kRtType, .inverts = true},
    {.name = "rt-segsleft", .id = kRtSegments, .inverts = true},
    {.name = "rt-len", .id = kRtLength, .inverts = true},
    {.name = "rt-0-res", .id = kRtReserved, .takes = Takes::kNothing, .unsupported = true},
    {.name = "rt-0-addrs", .id = kRtAddresses, .unsupported = true},
    {.name = "rt-0-not-strict", .id = kRtNotStrict, .takes = Takes::kNothing, .unsupported = true},
};

Complaint parse_rt(const Given& given, RtMatch& match) {
  switch (given.row.id) {
    case kRtType:
      match.has_type = true;
      match.type_invert = given.invert;
      return given.number(match.type, 0, UINT32_MAX);
    case kRtLength:
      match.has_length = true;
      match.length_invert = given.invert;
      return given.number(match.length, 0, UINT32_MAX);
    default: {
      uint64_t from = 0, to = 0;
      bool has_to = false;
      Complaint complaint = given.number_range(from, to, has_to, UINT32_MAX);
      match.has_segments = true;
      match.segments_invert = given.invert;
      match.segments_min = static_cast<uint32_t>(from);
      match.segments_max = static_cast<uint32_t>(has_to ? to : from);
      return complaint;
    }
  }
}

}  // namespace

std::span<const MatchKind> packet_matches() {
  static const MatchKind kKinds[] = {
      {{"tcp", AF_UNSPEC, kTcpOptions}, make_as<TcpMatch>, parse_as<TcpMatch, parse_tcp>, nullptr},
      {{"udp", AF_UNSPEC, kUdpOptions}, make_as<UdpMatch>, parse_as<UdpMatch, parse_udp>, nullptr},
      {{"sctp", AF_UNSPEC, kSctpOptions},
       make_as<SctpMatch>,
       parse_as<SctpMatch, parse_sctp>,
       nullptr},
      {{"icmp", AF_INET, kIcmpOptions}, make_icmp, parse_as<IcmpMatch, parse_icmp>, nullptr},
      {{"icmp6", AF_INET6, kIcmp6Options}, make_icmp, parse_as<IcmpMatch, parse_icmp>, nullptr},
      {{"multiport", AF_UNSPEC, kMultiportOptions},
       make_as<MultiportMatch>,
       parse_as<MultiportMatch, parse_multiport>,
       finish_as<MultiportMatch, finish_multiport>},
      {{"length", AF_UNSPEC, kLengthOptions},
       make_as<LengthMatch>,
       parse_as<LengthMatch, parse_length>,
       nullptr},
      {{"ttl", AF_INET, kTtlOptions},
       make_ttl,
       parse_as<TtlMatch, parse_ttl>,
       finish_as<TtlMatch, finish_ttl>},
      {{"hl", AF_INET6, kHlOptions},
       make_ttl,
       parse_as<TtlMatch, parse_ttl>,
       finish_as<TtlMatch, finish_ttl>},
      {{"tos", AF_UNSPEC, kTosOptions}, make_as<TosMatch>, parse_as<TosMatch, parse_tos>, nullptr},
      {{"dscp", AF_UNSPEC, kDscpOptions},
       make_as<DscpMatch>,
       parse_as<DscpMatch, parse_dscp>,
       finish_as<DscpMatch, finish_dscp>},
      {{"iprange", AF_UNSPEC, kIprangeOptions},
       make_as<IprangeMatch>,
       parse_as<IprangeMatch, parse_iprange>,
       finish_as<IprangeMatch, finish_iprange>},
      {{"addrtype", AF_UNSPEC, kAddrtypeOptions},
       make_as<AddrtypeMatch>,
       parse_as<AddrtypeMatch, parse_addrtype>,
       finish_as<AddrtypeMatch, finish_addrtype>},
      {{"mac", AF_UNSPEC, kMacOptions}, make_as<MacMatch>, parse_as<MacMatch, parse_mac>, nullptr},
      {{"pkttype", AF_UNSPEC, kPkttypeOptions},
       make_as<PkttypeMatch>,
       parse_as<PkttypeMatch, parse_pkttype>,
       nullptr},
      {{"rt", AF_INET6, kRtOptions}, make_as<RtMatch>, parse_as<RtMatch, parse_rt>, nullptr},
  };
  return kKinds;
}

}  // namespace ctwin::rules

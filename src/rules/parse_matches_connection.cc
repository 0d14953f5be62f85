// Matches that ask the packet's conntrack entry.

#include <fmt/format.h>

#include "rules/extensions.h"
#include "rules/label_names.h"
#include "rules/names.h"
#include "rules/protocols.h"

namespace ctwin::rules {

namespace {

using Takes = OptionRow::Takes;

// ---- conntrack, state ----

enum ConntrackOption : uint8_t {
  kCtState,
  kCtProto,
  kCtOrigSrc,
  kCtOrigDst,
  kCtReplSrc,
  kCtReplDst,
  kCtOrigSrcPort,
  kCtOrigDstPort,
  kCtReplSrcPort,
  kCtReplDstPort,
  kCtStatus,
  kCtExpire,
  kCtDir,
};

constexpr OptionRow kConntrackOptions[] = {
    {.name = "ctstate", .id = kCtState, .inverts = true},
    {.name = "ctproto", .id = kCtProto, .inverts = true},
    {.name = "ctorigsrc", .id = kCtOrigSrc, .inverts = true},
    {.name = "ctorigdst", .id = kCtOrigDst, .inverts = true},
    {.name = "ctreplsrc", .id = kCtReplSrc, .inverts = true},
    {.name = "ctrepldst", .id = kCtReplDst, .inverts = true},
    {.name = "ctstatus", .id = kCtStatus, .inverts = true},
    {.name = "ctexpire", .id = kCtExpire, .inverts = true},
    {.name = "ctorigsrcport", .id = kCtOrigSrcPort, .inverts = true},
    {.name = "ctorigdstport", .id = kCtOrigDstPort, .inverts = true},
    {.name = "ctreplsrcport", .id = kCtReplSrcPort, .inverts = true},
    {.name = "ctrepldstport", .id = kCtReplDstPort, .inverts = true},
    {.name = "ctdir", .id = kCtDir},
};

constexpr OptionRow kStateOptions[] = {
    {.name = "state", .id = kCtState, .inverts = true, .mandatory = true}};

/// A list of words, each the beginning of one that is known; the first that fits counts.
Complaint parse_words(std::string_view text, std::span<const FlagName> names, const char* what,
                      uint16_t& flags) {
  for (const std::string_view word : split(text, ',')) {
    const FlagName* found = nullptr;
    for (const FlagName& row : names)
      if (!found && begins_ignoring_case(row.name, word)) found = &row;
    if (!found) return fmt::format("Bad {} \"{}\"", what, word);
    flags = static_cast<uint16_t>(flags | found->flag);
  }
  return {};
}

Complaint parse_states(const Given& given, ConntrackMatch& match) {
  using M = ConntrackMatch;
  // As iptables looks at them: N is NEW, and so on.
  static constexpr FlagName kNames[] = {{"INVALID", M::kInvalid},
                                        {"NEW", M::kNew},
                                        {"ESTABLISHED", M::kEstablished},
                                        {"RELATED", M::kRelated},
                                        {"UNTRACKED", M::kUntracked},
                                        {"SNAT", M::kSnat},
                                        {"DNAT", M::kDnat}};
  const std::span<const FlagName> names(kNames);
  return parse_words(given.value, match.state_alias ? names.first(5) : names, given.row.name,
                     match.states);
}

Complaint parse_host_mask(const Given& given, AddressMatch& match) {
  const uint8_t family = given.rule.family;
  const size_t slash = given.value.find('/');
  match.address = host_address(given.value.substr(0, slash), family);
  if (!match.address.is_set())
    return fmt::format("conntrack: \"{}\" is no {} address", given.value.substr(0, slash),
                       family == AF_INET ? "IPv4" : "IPv6");
  match.mask = parse_mask(
      slash == given.value.npos ? family == AF_INET ? "32" : "128" : given.value.substr(slash + 1),
      family);
  if (!match.mask.is_set() || prefix_length(match.mask) < 0)
    return fmt::format(
        "conntrack: bad value for option \"--{}\", neither a valid network mask nor "
        "valid CIDR",
        given.row.name);
  return {};
}

Complaint parse_port_range(const Given& given, Interval<uint16_t>& ports) {
  const std::vector<std::string_view> parts = split(given.value, ':');
  if (parts.size() > 2)
    return fmt::format("conntrack: too many components for option \"--{}\" (at most 2)",
                       given.row.name);
  ports = {0, UINT16_MAX, given.invert};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    const auto port = port_number(parts[i], nullptr, 10);
    if (!port) return fmt::format("Port \"{}\" does not resolve to anything.", parts[i]);
    (i == 0 ? ports.min : ports.max) = *port;
  }
  if (parts.size() == 1) ports.max = ports.min;
  return {};
}

Complaint parse_direction(const Given& given, ConntrackMatch& match) {
  match.original = equal_ignoring_case(given.value, "ORIGINAL");
  if (!match.original && !equal_ignoring_case(given.value, "REPLY"))
    return fmt::format("conntrack: Bad value for \"--ctdir\" option: \"{}\"; ORIGINAL or REPLY",
                       given.value);
  return {};
}

Complaint parse_ct_proto(const Given& given, ConntrackMatch& match) {
  const auto number = protocol_number(given.value);
  if (!number) return fmt::format("unknown protocol \"{}\" specified", given.value);
  match.proto = *number;
  return {};
}

Complaint parse_ct_expire(const Given& given, ConntrackMatch& match) {
  uint64_t from = 0, to = 0;
  bool has_to = false;
  Complaint complaint = given.number_range(from, to, has_to, UINT32_MAX);
  match.expires = {static_cast<uint32_t>(from), static_cast<uint32_t>(has_to ? to : from),
                   given.invert};
  return complaint;
}

ConntrackMatch::Part part_of(uint8_t option) {
  using M = ConntrackMatch;
  switch (option) {
    case kCtState: return M::kState;
    case kCtProto: return M::kProto;
    case kCtOrigSrc: return M::kOrigSrc;
    case kCtOrigDst: return M::kOrigDst;
    case kCtReplSrc: return M::kReplSrc;
    case kCtReplDst: return M::kReplDst;
    case kCtOrigSrcPort: return M::kOrigSrcPort;
    case kCtOrigDstPort: return M::kOrigDstPort;
    case kCtReplSrcPort: return M::kReplSrcPort;
    case kCtReplDstPort: return M::kReplDstPort;
    case kCtStatus: return M::kStatus;
    case kCtExpire: return M::kExpires;
    default: return M::kDirection;
  }
}

Complaint parse_conntrack(const Given& given, ConntrackMatch& match) {
  match.asked |= part_of(given.row.id);
  if (given.invert) match.inverted |= part_of(given.row.id);
  switch (given.row.id) {
    case kCtState: return parse_states(given, match);
    case kCtProto: return parse_ct_proto(given, match);
    case kCtOrigSrc: return parse_host_mask(given, match.orig_src);
    case kCtOrigDst: return parse_host_mask(given, match.orig_dst);
    case kCtReplSrc: return parse_host_mask(given, match.repl_src);
    case kCtReplDst: return parse_host_mask(given, match.repl_dst);
    case kCtOrigSrcPort: return parse_port_range(given, match.orig_src_port);
    case kCtOrigDstPort: return parse_port_range(given, match.orig_dst_port);
    case kCtReplSrcPort: return parse_port_range(given, match.repl_src_port);
    case kCtReplDstPort: return parse_port_range(given, match.repl_dst_port);
    case kCtStatus: {
      static constexpr FlagName kNames[] = {{"NONE", 0},
                                            {"EXPECTED", kExpected},
                                            {"SEEN_REPLY", kSeenReply},
                                            {"ASSURED", kAssured},
                                            {"CONFIRMED", kConfirmed}};
      return parse_words(given.value, kNames, "ctstatus", match.statuses);
    }
    case kCtExpire: return parse_ct_expire(given, match);
    default: return parse_direction(given, match);
  }
}

Complaint finish_conntrack(uint32_t seen, ConntrackMatch&) {
  if (seen == 0) return "conntrack: At least one option is required";
  return {};
}

Match make_state(uint8_t) {
  ConntrackMatch match;
  match.state_alias = true;
  return match;
}

// ---- mark, connmark, connlabel ----

constexpr OptionRow kMarkOptions[] = {
    {.name = "mark", .id = 0, .inverts = true, .mandatory = true}};

Complaint parse_mark(const Given& given, MarkMatch& match) {
  match.invert = given.invert;
  return given.mark(match.mark, match.mask);
}

Match make_connmark(uint8_t) { return MarkMatch{.of_connection = true}; }

constexpr OptionRow kLabelOptions[] = {
    {.name = "label", .id = 0, .inverts = true, .mandatory = true},
    {.name = "set", .id = 1, .takes = Takes::kNothing},
};

Complaint parse_connlabel(const Given& given, ConnlabelMatch& match) {
  static constexpr uint64_t kLastLabel = 127;
  if (given.row.id == 1) {
    match.set = true;
    return {};
  }
  match.invert = given.invert;
  std::optional<uint64_t> bit = whole_number(given.value, 0, UINT32_MAX);
  if (!bit) bit = LabelNames::system().bit(given.value);
  if (!bit)
    return fmt::format(
        "label '{}' not found or invalid value: it is no number, nor a name in "
        "/etc/xtables/connlabel.conf",
        given.value);
  if (*bit > kLastLabel)
    return fmt::format("label '{}' is {}, and the last one is {}", given.value, *bit, kLastLabel);
  match.bit = static_cast<uint16_t>(*bit);
  return {};
}

// ---- connbytes ----

constexpr OptionRow kConnbytesOptions[] = {
    {.name = "connbytes", .id = 0, .inverts = true, .mandatory = true},
    {.name = "connbytes-dir", .id = 1, .mandatory = true},
    {.name = "connbytes-mode", .id = 2, .mandatory = true},
};

Complaint parse_connbytes(const Given& given, ConnbytesMatch& match) {
  using What = ConnbytesMatch::What;
  using Direction = ConnbytesMatch::Direction;
  if (given.row.id == 0) {
    uint64_t from = 0, to = 0;
    bool has_to = false;
    if (Complaint complaint = given.number_range(from, to, has_to, UINT64_MAX)) return complaint;
    if (from > to) return fmt::format("connbytes: {} should be less than {}", from, to);
    // The kernel holds no flag for '!', but the ends the other way round.
    if (given.invert) std::swap(from, to);
    match.range = {std::min(from, to), std::max(from, to), from > to};
    return {};
  }
  if (given.row.id == 1) {
    if (given.value == "original")
      match.direction = Direction::kOriginal;
    else if (given.value == "reply")
      match.direction = Direction::kReply;
    else if (given.value == "both")
      match.direction = Direction::kBoth;
    else
      return fmt::format("Unknown --connbytes-dir `{}'; original, reply or both", given.value);
    return {};
  }
  if (given.value == "packets")
    match.what = What::kPackets;
  else if (given.value == "bytes")
    match.what = What::kBytes;
  else if (given.value == "avgpkt")
    match.what = What::kAverage;
  else
    return fmt::format("Unknown --connbytes-mode `{}'; packets, bytes or avgpkt", given.value);
  return {};
}

}  // namespace

std::span<const MatchKind> connection_matches() {
  static const MatchKind kKinds[] = {
      {{"conntrack", AF_UNSPEC, kConntrackOptions},
       make_as<ConntrackMatch>,
       parse_as<ConntrackMatch, parse_conntrack>,
       finish_as<ConntrackMatch, finish_conntrack>},
      {{"state", AF_UNSPEC, kStateOptions},
       make_state,
       parse_as<ConntrackMatch, parse_conntrack>,
       nullptr},
      {{"mark", AF_UNSPEC, kMarkOptions},
       make_as<MarkMatch>,
       parse_as<MarkMatch, parse_mark>,
       nullptr},
      {{"connmark", AF_UNSPEC, kMarkOptions},
       make_connmark,
       parse_as<MarkMatch, parse_mark>,
       nullptr},
      {{"connlabel", AF_UNSPEC, kLabelOptions},
       make_as<ConnlabelMatch>,
       parse_as<ConnlabelMatch, parse_connlabel>,
       nullptr},
      {{"connbytes", AF_UNSPEC, kConnbytesOptions},
       make_as<ConnbytesMatch>,
       parse_as<ConnbytesMatch, parse_connbytes>,
       nullptr},
  };
  return kKinds;
}

}  // namespace ctwin::rules

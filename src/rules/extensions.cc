#include "rules/extensions.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctwin::rules {

Complaint Given::bad_value() const {
  return fmt::format("{}: bad value \"{}\" for option \"--{}\"", extension, value, row.name);
}

Complaint Given::number64(uint64_t& out, uint64_t min, uint64_t max) const {
  const auto read = whole_number(value, min, max);
  if (!read)
    return fmt::format("{}: bad value for option \"--{}\", or out of range ({}-{})", extension,
                       row.name, min, max);
  out = *read;
  return {};
}

Complaint Given::number_range(uint64_t& from, uint64_t& to, bool& has_to, uint64_t max) const {
  const std::vector<std::string_view> parts = split(value, ':');
  if (parts.size() > 2)
    return fmt::format("{}: too many components for option \"--{}\" (at most 2)", extension,
                       row.name);
  has_to = parts.size() == 2;
  from = 0;
  to = max;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    const auto read = whole_number(parts[i], 0, max);
    if (!read)
      return fmt::format("{}: bad value for option \"--{}\" near \"{}\", or out of range (0-{})",
                         extension, row.name, parts[i], max);
    (i == 0 ? from : to) = *read;
  }
  return {};
}

Complaint Given::mark(uint32_t& value32, uint32_t& mask) const {
  const auto bad = [&] {
    return fmt::format("{}: bad mark value for option \"--{}\", or out of range", extension,
                       row.name);
  };
  const size_t slash = value.find('/');
  const auto read = whole_number(value.substr(0, slash), 0, UINT32_MAX);
  if (!read) return bad();
  value32 = static_cast<uint32_t>(*read);
  mask = UINT32_MAX;
  if (slash == value.npos) return {};
  const auto read_mask = whole_number(value.substr(slash + 1), 0, UINT32_MAX);
  if (!read_mask) return bad();
  mask = static_cast<uint32_t>(*read_mask);
  return {};
}

namespace {

/// What iptables 1.8.9 has besides what is here.
constexpr std::string_view kOtherMatches[] = {
    "ah",     "bpf",        "cgroup", "cluster",  "connlimit", "cpu",       "dccp",   "devgroup",
    "dst",    "ecn",        "esp",    "eui64",    "frag",      "hashlimit", "hbh",    "helper",
    "ipcomp", "ipv6header", "ipvs",   "mh",       "nfacct",    "osf",       "owner",  "policy",
    "quota",  "rateest",    "realm",  "rpfilter", "sctp",      "set",       "socket", "srh",
    "string", "tcpmss",     "time",   "u32"};
constexpr std::string_view kOtherTargets[] = {
    "AUDIT",     "CLASSIFY",    "CLUSTERIP", "CONNSECMARK", "DNPT",    "DSCP",    "ECN", "HMARK",
    "IDLETIMER", "LED",         "NFQUEUE",   "QUEUE",       "RATEEST", "SECMARK", "SET", "SNPT",
    "SYNPROXY",  "TCPOPTSTRIP", "TEE",       "TOS",         "TPROXY",  "ULOG"};

constexpr std::string_view kVerdicts[] = {"ACCEPT", "DROP", "RETURN", "standard"};

bool has_family(const Extension& extension, uint8_t family) {
  return extension.family == AF_UNSPEC || extension.family == family;
}

const char* program(uint8_t family) { return family == AF_INET ? "iptables" : "ip6tables"; }

template <typename Kind>
const Kind* find(std::initializer_list<std::span<const Kind>> tables, std::string_view name) {
  for (const auto& table : tables)
    for (const Kind& kind : table)
      if (kind.name == name) return &kind;
  return nullptr;
}

const MatchKind* any_match(std::string_view name) {
  if (name == "icmpv6" || name == "ipv6-icmp") name = "icmp6";
  return find<MatchKind>({packet_matches(), connection_matches(), other_matches()}, name);
}

const TargetKind* any_target(std::string_view name) {
  return find<TargetKind>({plain_targets(), nat_targets()}, name);
}

template <typename Kind>
std::string list(std::initializer_list<std::span<const Kind>> tables, uint8_t family) {
  std::vector<std::string_view> names;
  for (const auto& table : tables)
    for (const Kind& kind : table)
      if (has_family(kind, family)) names.push_back(kind.name);
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace

const MatchKind* match_named(std::string_view name, uint8_t family) {
  const MatchKind* kind = any_match(name);
  return kind && has_family(*kind, family) ? kind : nullptr;
}

const TargetKind* target_named(std::string_view name, uint8_t family) {
  const TargetKind* kind = any_target(name);
  return kind && has_family(*kind, family) ? kind : nullptr;
}

bool is_known_match(std::string_view name) {
  return any_match(name) || std::ranges::find(kOtherMatches, name) != std::end(kOtherMatches);
}

std::string why_no_match(std::string_view name, uint8_t family) {
  if (any_match(name)) return fmt::format("{} has no match \"{}\"", program(family), name);
  return fmt::format(
      "{} \"{}\"; supported: {}",
      is_known_match(name) ? "-m: not supported:" : "couldn't load match", name,
      list<MatchKind>({packet_matches(), connection_matches(), other_matches()}, family));
}

std::string why_no_target(std::string_view name, uint8_t family) {
  if (any_target(name)) return fmt::format("{} has no target \"{}\"", program(family), name);
  if (std::ranges::find(kOtherTargets, name) != std::end(kOtherTargets))
    return fmt::format("-j: not supported: \"{}\"; supported: ACCEPT DROP RETURN {}", name,
                       list<TargetKind>({plain_targets(), nat_targets()}, family));
  if (std::ranges::find(kVerdicts, name) != std::end(kVerdicts))
    return fmt::format("\"{}\" is a target", name);
  return {};
}

}  // namespace ctwin::rules

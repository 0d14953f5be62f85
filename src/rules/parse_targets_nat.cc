// The targets of the nat table.

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/address.h"
#include "rules/extensions.h"

namespace ctwin::rules {

namespace {

using Kind = NatTarget::Kind;
using Takes = OptionRow::Takes;

enum NatOption : uint8_t { kTo, kToPorts, kRandom, kRandomFully, kPersistent };

constexpr OptionRow kSnatOptions[] = {
    {.name = "to-source", .id = kTo, .mandatory = true},
    {.name = "random", .id = kRandom, .takes = Takes::kNothing},
    {.name = "random-fully", .id = kRandomFully, .takes = Takes::kNothing},
    {.name = "persistent", .id = kPersistent, .takes = Takes::kNothing},
};
constexpr OptionRow kDnatOptions[] = {
    {.name = "to-destination", .id = kTo, .mandatory = true},
    {.name = "random", .id = kRandom, .takes = Takes::kNothing},
    {.name = "persistent", .id = kPersistent, .takes = Takes::kNothing},
};
constexpr OptionRow kMasqueradeOptions[] = {
    {.name = "to-ports", .id = kToPorts},
    {.name = "random", .id = kRandom, .takes = Takes::kNothing},
    {.name = "random-fully", .id = kRandomFully, .takes = Takes::kNothing},
};
constexpr OptionRow kRedirectOptions[] = {
    {.name = "to-ports", .id = kToPorts},
    {.name = "random", .id = kRandom, .takes = Takes::kNothing},
};
constexpr OptionRow kNetmapOptions[] = {{.name = "to", .id = kTo, .mandatory = true}};

/// Only these have ports that can be mapped; iptables counts ICMP's identifier among them.
bool has_ports(uint16_t proto) {
  return proto == 6 || proto == 17 || proto == 132 || proto == 33 || proto == 1;
}

/// PORT[-PORT[/BASE]]; a service's name for a port that stands alone.
Complaint parse_ports(const Given& given, std::string_view text, Kind kind, nat::Range& range) {
  if (!has_ports(given.rule.proto))
    return "Need TCP, UDP, SCTP or DCCP with port specification: -p before it";
  range.flags |= nat::kProtoSpecified;
  const auto first = leading_number(text);
  if (!first || first->value > UINT16_MAX) {
    const auto port = port_number(text, nullptr);
    if (!port) return fmt::format("Port `{}' not valid", text);
    range.min_port = range.max_port = *port;
    return {};
  }
  range.min_port = range.max_port = static_cast<uint16_t>(first->value);
  std::string_view rest = text.substr(first->used);
  if (rest.empty()) return {};
  if (rest[0] == ':') return "Invalid port:port syntax - use dash";
  if (rest[0] != '-') return fmt::format("Garbage after port value: `{}'", rest);
  rest.remove_prefix(1);
  const auto last = leading_number(rest);
  if (!last || last->value > UINT16_MAX) return fmt::format("Port `{}' not valid", rest);
  if (last->value < first->value) return fmt::format("Port range `{}' funky", text);
  range.max_port = static_cast<uint16_t>(last->value);
  rest.remove_prefix(last->used);
  if (rest.empty()) return {};
  if (rest[0] != '/') return fmt::format("Garbage after port range: `{}'", rest);
  if (kind != Kind::kDnat) return "Shifted portmap ranges work with DNAT only";
  const auto base = port_number(rest.substr(1), nullptr);
  if (!base || *base == 0) return fmt::format("Port `{}' not valid", rest.substr(1));
  range.flags |= nat::kProtoOffset;
  range.base_port = static_cast<uint16_t>(*base);
  return {};
}

/// By the rules of inet_pton: four decimal numbers, no less.
Address strict_address(std::string_view text, uint8_t family) {
  Address address;
  if (inet_pton(family, std::string(text).c_str(), address.bytes.data()) == 1)
    address.family = family;
  return address;
}

Complaint parse_addresses(std::string_view text, uint8_t family, nat::Range& range) {
  const size_t dash = text.find('-');
  const std::string_view from = text.substr(0, dash);
  const std::string_view to = dash == text.npos ? from : text.substr(dash + 1);
  range.flags |= nat::kMapIps;
  range.min_address = strict_address(from, family);
  if (!range.min_address.is_set()) return fmt::format("Bad IP address \"{}\"", from);
  range.max_address = strict_address(to, family);
  if (!range.max_address.is_set()) return fmt::format("Bad IP address \"{}\"", to);
  return {};
}

/// [ADDRESS[-ADDRESS]][:PORTS]; addresses of IPv6 stand in brackets when ports follow.
Complaint parse_to(const Given& given, NatTarget& target) {
  const std::string_view text = given.value;
  std::string_view addresses = text, ports;
  bool has_colon = false;
  if (const size_t open = text.find('['); open != text.npos) {
    const size_t close = text.find(']', open);
    if (close == text.npos || given.rule.family == AF_INET) return "Invalid address format";
    addresses = text.substr(open + 1, close - open - 1);
    const size_t colon = text.find(':', close);
    has_colon = colon != text.npos;
    if (has_colon) ports = text.substr(colon + 1);
  } else if (const size_t colon = text.find(':');
             colon != text.npos && text.find(':', colon + 1) == text.npos) {
    has_colon = true;
    addresses = text.substr(0, colon);
    ports = text.substr(colon + 1);
  }
  if (has_colon) {
    if (Complaint complaint = parse_ports(given, ports, target.kind, target.range))
      return complaint;
    if (addresses.empty()) return {};
  }
  return parse_addresses(addresses, given.rule.family, target.range);
}

Complaint parse_netmap(const Given& given, NatTarget& target) {
  const uint8_t family = given.rule.family;
  const size_t slash = given.value.find('/');
  const std::string_view name = given.value.substr(0, slash);
  Address address = host_address(name, family);
  if (!address.is_set()) return fmt::format("NETMAP: bad address \"{}\"", name);
  const Address mask = slash == given.value.npos
                           ? prefix_mask(family, family == AF_INET ? 32 : 128)
                           : parse_mask(given.value.substr(slash + 1), family);
  if (!mask.is_set() || prefix_length(mask) < 0)
    return "NETMAP: bad value for option \"--to\", neither a valid network mask nor valid CIDR";
  target.range.flags |= nat::kMapIps;
  target.range.min_address = target.range.max_address = address;
  for (size_t i = 0; i < address.size(); ++i) {
    target.range.min_address.bytes[i] &= mask.bytes[i];
    target.range.max_address.bytes[i] = static_cast<uint8_t>(target.range.min_address.bytes[i] |
                                                             static_cast<uint8_t>(~mask.bytes[i]));
  }
  return {};
}

Complaint parse_nat(const Given& given, NatTarget& target) {
  switch (given.row.id) {
    case kTo:
      return target.kind == Kind::kNetmap ? parse_netmap(given, target) : parse_to(given, target);
    case kToPorts: return parse_ports(given, given.value, target.kind, target.range);
    case kRandom: target.range.flags |= nat::kProtoRandom; return {};
    case kRandomFully: target.range.flags |= nat::kProtoRandomFully; return {};
    default: target.range.flags |= nat::kPersistent; return {};
  }
}

template <Kind kKind>
Target make_nat(uint8_t) {
  return NatTarget{kKind, {}};
}

}  // namespace

std::span<const TargetKind> nat_targets() {
  static const TargetKind kKinds[] = {
      {{"SNAT", AF_UNSPEC, kSnatOptions},
       make_nat<Kind::kSnat>,
       parse_as<NatTarget, parse_nat>,
       nullptr},
      {{"DNAT", AF_UNSPEC, kDnatOptions},
       make_nat<Kind::kDnat>,
       parse_as<NatTarget, parse_nat>,
       nullptr},
      {{"MASQUERADE", AF_UNSPEC, kMasqueradeOptions},
       make_nat<Kind::kMasquerade>,
       parse_as<NatTarget, parse_nat>,
       nullptr},
      {{"REDIRECT", AF_UNSPEC, kRedirectOptions},
       make_nat<Kind::kRedirect>,
       parse_as<NatTarget, parse_nat>,
       nullptr},
      {{"NETMAP", AF_UNSPEC, kNetmapOptions},
       make_nat<Kind::kNetmap>,
       parse_as<NatTarget, parse_nat>,
       nullptr},
  };
  return kKinds;
}

}  // namespace ctwin::rules

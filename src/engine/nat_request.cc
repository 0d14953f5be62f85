#include "engine/nat_request.h"

#include <cstring>

namespace ctwin::engine {

using netlink::Attr;

namespace {

constexpr size_t kNatAttrs = CTA_NAT_V6_MAXIP + 1;
constexpr size_t kPortAttrs = CTA_PROTONAT_PORT_MAX + 1;

constexpr std::array<AttrRule, kNatAttrs> kNatRules = [] {
  std::array<AttrRule, kNatAttrs> rules{};
  rules[CTA_NAT_V4_MINIP] = rules[CTA_NAT_V4_MAXIP] = kU32Rule;
  rules[CTA_NAT_V6_MINIP] = rules[CTA_NAT_V6_MAXIP] = at_least(16);
  rules[CTA_NAT_PROTO] = kNestedRule;
  return rules;
}();

constexpr std::array<AttrRule, kPortAttrs> kPortRules = [] {
  std::array<AttrRule, kPortAttrs> rules{};
  rules[CTA_PROTONAT_PORT_MIN] = rules[CTA_PROTONAT_PORT_MAX] = kU16Rule;
  return rules;
}();

int read_ports(const Attr& attr, nat::Range& range) {
  Attrs<kPortAttrs> ports;
  if (const int code = read_attrs(attr.payload, kPortRules, ports)) return code;
  if (ports.has(CTA_PROTONAT_PORT_MIN)) {
    range.min_port = range.max_port = front<uint16_t>(ports[CTA_PROTONAT_PORT_MIN]);
    range.flags |= nat::kProtoSpecified;
  }
  if (ports.has(CTA_PROTONAT_PORT_MAX)) {
    range.max_port = front<uint16_t>(ports[CTA_PROTONAT_PORT_MAX]);
    range.flags |= nat::kProtoSpecified;
  }
  return 0;
}

}  // namespace

int read_nat(const Attr& attr, uint8_t family, nat::Range& range) {
  Attrs<kNatAttrs> nat;
  if (const int code = read_attrs(attr.payload, kNatRules, nat)) return code;
  const bool v4 = family == AF_INET;
  const uint16_t min = v4 ? CTA_NAT_V4_MINIP : CTA_NAT_V6_MINIP;
  const uint16_t max = v4 ? CTA_NAT_V4_MAXIP : CTA_NAT_V6_MAXIP;
  const size_t size = v4 ? 4 : 16;
  if (nat.has(min)) {
    range.flags |= nat::kMapIps;
    std::memcpy(range.min_address.bytes.data(), nat[min].payload.data(), size);
  }
  range.min_address.family = family;
  range.max_address = range.min_address;
  if (nat.has(max)) std::memcpy(range.max_address.bytes.data(), nat[max].payload.data(), size);
  return nat.has(CTA_NAT_PROTO) ? read_ports(nat[CTA_NAT_PROTO], range) : 0;
}

}  // namespace ctwin::engine

// A tuple: one direction of a tracked flow, as ctnetlink's CTA_TUPLE_* describes it.
//
// All numbers are in host order. Which of the transport fields carry meaning follows from
// `proto`: ports for TCP, UDP, UDP-Lite, SCTP and DCCP, keys (in the port fields) for GRE,
// type/code/id for ICMP and ICMPv6, nothing for every other protocol.
#pragma once

#include <netinet/in.h>

#include <cstdint>

#include "ctwin/address.h"

namespace ctwin {

enum class TransportKind : uint8_t { kNone, kPorts, kKeys, kIcmp };

struct Tuple {
  Address src;
  Address dst;
  uint16_t sport = 0;  ///< source port, or GRE source key
  uint16_t dport = 0;  ///< destination port, or GRE destination key
  uint16_t icmp_id = 0;
  uint8_t icmp_type = 0;
  uint8_t icmp_code = 0;
  uint8_t proto = 0;  ///< IPPROTO_*
  bool has_proto = false;
  bool has_ports = false;  ///< sport/dport, or the three ICMP fields, were given
  bool has_zone = false;   ///< `zone` holds for this direction only (CTA_TUPLE_ZONE)
  uint16_t zone = 0;

  friend bool operator==(const Tuple&, const Tuple&) = default;

  uint8_t family() const { return src.is_set() ? src.family : dst.family; }
};

inline bool is_icmp(uint8_t proto) { return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6; }

inline TransportKind transport_kind(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP: return TransportKind::kPorts;
    case IPPROTO_GRE: return TransportKind::kKeys;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6: return TransportKind::kIcmp;
    default: return TransportKind::kNone;
  }
}

}  // namespace ctwin

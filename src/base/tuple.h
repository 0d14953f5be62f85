// Turning a tuple round: what the answers to a flow's packets look like.
#pragma once

#include "ctwin/tuple.h"

namespace ctwin {

/// The type of the answer to an ICMP or ICMPv6 query of `type`; 255 when it has none
/// (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c: the invertible types).
uint8_t icmp_reply_type(uint8_t proto, uint8_t type);

/// Swaps the addresses of `tuple` into `reply`, and its ports: the transport part of a reply.
void invert_addresses(const Tuple& tuple, Tuple& reply);
void invert_ports(const Tuple& tuple, Tuple& reply);

}  // namespace ctwin

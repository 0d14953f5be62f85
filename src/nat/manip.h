// Rewriting headers: the addresses and ports of a packet, and every checksum that covers them.
//
// Checksums are updated from the difference, as RFC 1624 has it, so that one which was wrong stays
// wrong; SCTP's is computed anew. What a capture left out is not rewritten.
#pragma once

#include "conntrack/conn.h"
#include "conntrack/skb.h"
#include "nat/range.h"

namespace ctwin::nat {

/// A packet as it is rewritten: one that came in, or one that an ICMP error quotes.
struct Headers {
  uint8_t* bytes = nullptr;  ///< the IP header
  uint32_t captured = 0;
  uint32_t length = 0;
  uint8_t family = AF_INET;
};

/// The whole of a packet, or what lies in it from `offset` on.
Headers headers_of(const conntrack::Skb& skb, uint32_t offset = 0);

/// Gives one side of the packet what `target` has there (nf_nat_ipv4_manip_pkt,
/// nf_nat_ipv6_manip_pkt); `target.proto` says what to take the transport header for. False: it is
/// too short for that, and the packet is dropped.
bool rewrite(const Headers& headers, const conntrack::TupleKey& target, Manip manip);

/// Computes the checksum of an ICMP or ICMPv6 message anew.
void finish_icmp_checksum(const packet::Packet& packet, uint8_t* data);

}  // namespace ctwin::nat

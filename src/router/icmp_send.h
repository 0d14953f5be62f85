// Packets that the box makes in answer to others: ICMP errors and TCP resets.
//
// They are written into `out` from the IP header on, checksums done; the engine sends them through
// OUTPUT, attached to the entry of the packet that they answer. What the kernel draws at random is
// 0 here: the IP id of errors, and the flow label of IPv6. Of a cause that was not captured whole,
// what there is is quoted.
#pragma once

#include <cstdint>
#include <vector>

#include "conntrack/skb.h"
#include "router/router.h"

namespace ctwin::router {

struct IcmpError {
  uint8_t type = 0;
  uint8_t code = 0;
  uint32_t info = 0;  ///< host order: MTU, pointer or gateway
};

/// icmp_send, icmpv6_send: false when nothing may be sent in answer to `cause` – to an error, to a
/// later fragment, to a broadcast, to a source that is none – or when no route leads back.
bool make_icmp_error(const Router& router, const conntrack::Skb& cause, const IcmpError& error,
                     std::vector<uint8_t>& out);

/// ndisc_send_redirect: tells the sender of `cause` of `next`, a neighbour on its own link, which
/// is the one by which the packet came in. False when the box has no link-local address there, the
/// sender is no neighbour, or `next` is neither the destination nor a router's link-local address.
bool make_redirect_v6(const Router& router, const conntrack::Skb& cause, const Address& next,
                      std::vector<uint8_t>& out);

/// May REJECT answer `cause` with an ICMP error? Only where the transport checksum is right
/// (nf_send_unreach, nf_send_unreach6); a reset looks at that itself.
bool may_be_rejected(const conntrack::Skb& cause);

/// nf_send_reset, nf_send_reset6: the RST that answers a TCP segment; false where none is due.
bool make_tcp_reset(const Router& router, const conntrack::Skb& cause, std::vector<uint8_t>& out);

}  // namespace ctwin::router
